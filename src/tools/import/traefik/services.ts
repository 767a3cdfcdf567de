import type { Collector } from "../output/collector.ts";
import { GroupList } from "../output/group_list.ts";
import type { ImportedTarget, Origin, Setting } from "../output/imported.ts";
import { authorityFile, unverified } from "../output/unverified.ts";
import { allOrigins, at, textAt, type Value } from "./documents.ts";

/** A service: groups with their shares, and what the rules that go there need. */
export interface Service {
  readonly groups: readonly { readonly name: string; readonly weight: number }[];
  readonly settings: readonly Setting[];
}

/** Traefik's services, which become groups when a router names them. */
export class Services {
  readonly #found: Collector;
  readonly #groups: GroupList;
  readonly #all: ReadonlyMap<string, Value>;
  readonly #transports: ReadonlyMap<string, Value>;
  readonly #used = new Set<string>();

  constructor(found: Collector, services: Value | undefined, transports: Value | undefined) {
    this.#found = found;
    this.#groups = new GroupList(found);
    this.#all = services?.fields ?? new Map();
    this.#transports = transports?.fields ?? new Map();
  }

  /** The service of a name; null if it has no target that sluice can use. */
  read(name: string, from: Origin): Service | null {
    const bare = name.replace(/@.*$/, "");
    const service = this.#all.get(bare);
    if (service === undefined) {
      this.#found.lose(from, `there is no service ${name} in these files`);
      return null;
    }
    this.#used.add(bare);
    const weighted = at(service, "weighted");
    if (weighted !== undefined) return this.#weighted(weighted);
    const balancer = at(service, "loadBalancer");
    if (balancer === undefined) {
      for (const origin of allOrigins(service)) {
        this.#found.lose(origin, "sluice has no such service; look for _MIRROR and _BACKUP");
      }
      return null;
    }
    const group = this.#group(bare, balancer, service);
    return group === null ? null : { groups: [{ name: group, weight: 1 }], settings: [] };
  }

  /** Says which services no router names. */
  reportUnused(): void {
    for (const [name, service] of this.#all) {
      if (this.#used.has(name)) continue;
      for (const origin of allOrigins(service)) this.#found.needless(origin, "no router names this service");
    }
  }

  #weighted(weighted: Value): Service | null {
    const groups = (at(weighted, "services")?.items ?? []).flatMap((each) => {
      const inner = this.read(textAt(each, "name") ?? "", each.origin);
      const weight = Number(textAt(each, "weight") ?? 1);
      for (const origin of allOrigins(each)) {
        this.#found.needless(origin, "it is a share of the rules that name this service");
      }
      return inner === null || inner.groups.length !== 1 ? [] : [{ name: inner.groups[0]!.name, weight }];
    });
    const sticky = at(weighted, "sticky", "cookie");
    const settings: Setting[] = sticky === undefined
      ? []
      : [{ name: "STICKINESS_ENABLED", value: "true", from: [sticky.origin] }];
    if (textAt(sticky, "name") !== undefined) {
      this.#found.needless(at(sticky, "name")!.origin, "the cookie is sluice-rule-<N>");
    }
    return groups.length === 0 ? null : { groups, settings };
  }

  #group(name: string, balancer: Value, service: Value): string | null {
    return this.#groups.nameFor(name, name, (group) => {
      const targets: ImportedTarget[] = [];
      for (const server of at(balancer, "servers")?.items ?? []) this.#target(server, targets);
      if (targets.length === 0) {
        this.#found.lose(service.origin, "it has no target that sluice can use");
        return null;
      }
      const settings: Setting[] = [];
      if (targets.some((each) => each.weight !== 1)) {
        settings.push({ name: "ALGORITHM", value: "WEIGHTED", from: targets.map((each) => each.from) });
      }
      this.#options(balancer, settings, service.origin);
      return { name: group, from: [service.origin], targets, settings };
    });
  }

  #target(server: Value, targets: ImportedTarget[]): void {
    const url = textAt(server, "url") ?? textAt(server, "address") ?? "";
    const origin = at(server, "url")?.origin ?? server.origin;
    const [, scheme, authority] = /^(https?|h2c):\/\/([^/]+)\/?$/.exec(url) ?? [];
    if (authority === undefined || scheme === "h2c") {
      this.#found.lose(origin, "sluice needs a URL with http or https, without a path");
    } else {
      const weight = Number(textAt(server, "weight") ?? 1);
      const port = /:\d+$/.test(authority) ? "" : scheme === "https" ? ":443" : ":80";
      targets.push({ address: `${scheme === "https" ? "https://" : ""}${authority}${port}`, weight, from: origin });
      if (at(server, "weight") !== undefined) {
        this.#found.needless(at(server, "weight")!.origin, "it stands in WEIGHTS");
      }
    }
  }

  #options(balancer: Value, settings: Setting[], origin: Origin): void {
    // Traefik gives targets the client's Host, unless it is told otherwise.
    const pass = at(balancer, "passHostHeader");
    if (pass?.scalar === false) this.#found.needless(pass.origin, "PRESERVE_HOST=false is the default");
    else settings.push({ name: "PRESERVE_HOST", value: "true", from: [pass?.origin ?? origin] });
    for (const [name, value] of balancer.fields) {
      const key = name.toLowerCase();
      if (["servers", "passhostheader"].includes(key)) continue;
      if (key === "healthcheck") this.#health(value, settings);
      else if (key === "sticky") this.#sticky(value, settings);
      else if (key === "serverstransport") this.#transport(value, settings);
      else if (key === "responseforwarding") {
        for (const each of allOrigins(value)) this.#found.needless(each, "sluice streams bodies both ways");
      } else if (key === "strategy") {
        const algorithm =
          { wrr: "ROUND_ROBIN", p2c: "POWER_OF_TWO", hrw: "HASH", leasttime: "LRT" }[String(value.scalar)];
        if (algorithm === undefined) this.#found.lose(value.origin, "sluice has no such algorithm");
        else settings.push({ name: "ALGORITHM", value: algorithm, from: [value.origin] });
      } else for (const each of allOrigins(value)) this.#found.lose(each, "sluice has no counterpart");
    }
  }

  #health(check: Value, settings: Setting[]): void {
    const names: Record<string, string> = {
      path: "HEALTH_CHECK_PATH",
      interval: "HEALTH_CHECK_INTERVAL",
      timeout: "HEALTH_CHECK_TIMEOUT",
      port: "HEALTH_CHECK_PORT",
      hostname: "HEALTH_CHECK_HOST",
      status: "HEALTH_CHECK_MATCHER",
    };
    settings.push({ name: "HEALTH_CHECK_ENABLED", value: "true", from: [check.origin] });
    for (const [name, value] of check.fields) {
      const variable = names[name.toLowerCase()];
      if (variable !== undefined) settings.push({ name: variable, value: String(value.scalar), from: [value.origin] });
      else for (const origin of allOrigins(value)) this.#found.lose(origin, `sluice's probes have no ${name}`);
    }
    if (at(check, "status") === undefined) {
      settings.push({ name: "HEALTH_CHECK_MATCHER", value: "200-399", from: [check.origin] });
    }
    for (const name of ["HEALTH_CHECK_SUCCEED_THRESHOLD", "HEALTH_CHECK_FAILURE_THRESHOLD"]) {
      settings.push({ name, value: "1", from: [check.origin] });
    }
  }

  #sticky(sticky: Value, settings: Setting[]): void {
    const cookie = at(sticky, "cookie");
    settings.push({
      name: "STICKINESS_ENABLED",
      value: "true",
      from: [sticky.origin, ...cookie === undefined ? [] : [cookie.origin]],
    });
    for (const [name, value] of cookie?.fields ?? []) {
      if (name === "name") {
        settings.push({ name: "STICKY_COOKIE_NAME", value: String(value.scalar), from: [value.origin] });
      } else if (name.toLowerCase() === "maxage") {
        settings.push({ name: "STICKINESS_TTL", value: `${value.scalar}s`, from: [value.origin] });
      } else this.#found.needless(value.origin, "sluice's cookies are HttpOnly and SameSite=Lax, and Secure over TLS");
    }
    if (at(cookie, "maxAge") === undefined) {
      settings.push({ name: "STICKINESS_TTL", value: "0", from: [sticky.origin] });
    }
  }

  #transport(name: Value, settings: Setting[]): void {
    const transport = this.#transports.get(String(name.scalar).replace(/@.*$/, ""));
    if (transport === undefined) {
      this.#found.lose(name.origin, "there is no such transport in these files");
      return;
    }
    this.#found.needless(name.origin, "it is read with the group");
    this.#found.needless(transport.origin, "it is read with the groups that name it");
    for (const [key, value] of transport.fields) {
      const { origin } = value;
      if (key === "insecureSkipVerify") {
        if (value.scalar === true) settings.push(unverified(origin, this.#found));
        else this.#found.needless(origin, "sluice checks the certificates of targets by itself");
      } else if (key === "serverName") {
        settings.push({ name: "TLS_SERVER_NAME", value: String(value.scalar), from: [origin] });
      } else if (key === "rootCAs") {
        settings.push(...authorityFile(value.items.map((each) => String(each.scalar)), allOrigins(value), this.#found));
      } else if (key === "forwardingTimeouts") {
        this.#found.needless(origin, "its times stand for all groups");
        for (const [time, each] of value.fields) {
          if (time === "dialTimeout") this.#found.setMost("CONNECT_TIMEOUT", String(each.scalar), each.origin);
          else if (time === "responseHeaderTimeout") {
            this.#found.setMost("CONNECTION_TIMEOUT", String(each.scalar), each.origin);
          } else this.#found.needless(each.origin, "sluice keeps connections to targets open by itself");
        }
      } else for (const each of allOrigins(value)) this.#found.lose(each, "sluice has no counterpart");
    }
  }
}
