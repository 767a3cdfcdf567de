import type { Collector } from "../output/collector.ts";
import { GroupList } from "../output/group_list.ts";
import type { ImportedTarget, Setting } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";
import { durationText } from "./values.ts";

/** What the place that names an upstream asks of its group. */
export interface GroupWishes {
  readonly scheme: "http" | "https";
  /** Variables that all locations of the group share: PRESERVE_HOST and the like. */
  readonly settings: readonly Setting[];
  /** `proxy_pass`, for an address that is no upstream. */
  readonly from: Directive;
}

/** nginx's upstreams, which become groups when a location names them. */
export class Upstreams {
  readonly #found: Collector;
  readonly #groups: GroupList;
  readonly #byName = new Map<string, Directive>();
  readonly #used = new Set<string>();

  constructor(found: Collector, upstreams: readonly Directive[]) {
    this.#found = found;
    this.#groups = new GroupList(found);
    for (const upstream of upstreams) this.#byName.set(upstream.args[0] ?? "", upstream);
  }

  /** The group for `name`, an upstream or `host:port`; null if it has no target that sluice can use. */
  groupFor(name: string, wishes: GroupWishes): string | null {
    const upstream = this.#byName.get(name);
    const key = JSON.stringify([name, wishes.scheme, wishes.settings.map((each) => [each.name, each.value])]);
    if (upstream === undefined) {
      return this.#groups.nameFor(key, name.replace(/[[\]]/g, ""), (group) => {
        const from = originOf(wishes.from);
        const target = { address: addressOf(name, wishes.scheme), weight: 1, from };
        return { name: group, from: [from], targets: [target], settings: [...wishes.settings] };
      });
    }
    this.#used.add(name);
    return this.#groups.nameFor(key, name, (group) => {
      const { targets, settings } = this.#read(upstream, wishes.scheme);
      if (targets.length === 0) return null;
      return { name: group, from: [originOf(upstream)], targets, settings: [...settings, ...wishes.settings] };
    });
  }

  /** Says which upstreams no location names. */
  reportUnused(): void {
    for (const [name, upstream] of this.#byName) {
      if (this.#used.has(name)) continue;
      for (const each of [upstream, ...upstream.block ?? []]) {
        this.#found.needless(originOf(each), `no location passes requests to ${name}`);
      }
    }
  }

  #read(upstream: Directive, scheme: "http" | "https"): { targets: ImportedTarget[]; settings: Setting[] } {
    const targets: ImportedTarget[] = [];
    const settings: Setting[] = [];
    for (const directive of upstream.block ?? []) {
      if (directive.name === "server") this.#server(directive, scheme, targets, settings);
      else this.#option(directive, settings);
    }
    if (targets.some((each) => each.weight !== 1)) {
      const algorithm = settings.find((each) => each.name === "ALGORITHM");
      const weighted = targets.find((each) => each.weight !== 1)!;
      if (algorithm === undefined) settings.unshift({ name: "ALGORITHM", value: "WEIGHTED", from: [weighted.from] });
      else this.#found.lose(weighted.from, `sluice has no weights with ${algorithm.value}`);
    }
    return { targets, settings };
  }

  #server(directive: Directive, scheme: "http" | "https", targets: ImportedTarget[], settings: Setting[]): void {
    const [address = "", ...options] = directive.args;
    const origin = originOf(directive);
    if (address.startsWith("unix:")) {
      this.#found.lose(origin, "sluice reaches targets by TCP, not by Unix sockets");
      return;
    }
    if (options.includes("down")) {
      this.#found.needless(origin, "it is down, so it is no target");
      return;
    }
    if (options.includes("backup")) {
      addOnce(settings, { name: "BACKUP", value: addressOf(address, scheme), from: [origin] }, ",");
    }
    const target = addressOf(address, scheme);
    if (targets.some((each) => each.address === target)) {
      this.#found.lose(origin, "sluice has a target once in a group; give it a weight");
      return;
    }
    const weight = Number(/^weight=(\d+)$/.exec(options.find((each) => each.startsWith("weight=")) ?? "")?.[1] ?? 1);
    targets.push({ address: target, weight, from: origin, ...options.includes("backup") ? { needs: "BACKUP" } : {} });
    for (const option of options) this.#serverOption(option, directive, settings);
  }

  #serverOption(option: string, directive: Directive, settings: Setting[]): void {
    const origin = originOf(directive);
    const [name, value = ""] = option.split("=");
    if (name === "weight" || name === "backup" || name === "resolve") return;
    if (name === "max_fails" && value === "0") {
      this.#found.needless(origin, "max_fails=0: sluice ejects no target unless EJECTION_ENABLED is set");
    } else if (name === "max_fails") {
      addOnce(settings, { name: "EJECTION_ENABLED", value: "true", from: [origin] });
      addOnce(settings, { name: "EJECTION_FAILURES", value, from: [origin] });
    } else if (name === "fail_timeout") {
      addOnce(settings, { name: "EJECTION_ENABLED", value: "true", from: [origin] });
      addOnce(settings, { name: "EJECTION_TIME", value: durationText(value) ?? value, from: [origin] });
    } else if (name === "max_conns") {
      addOnce(settings, { name: "MAX_IN_FLIGHT", value, from: [origin] });
    } else if (name === "slow_start") {
      addOnce(settings, { name: "SLOW_START", value: durationText(value) ?? value, from: [origin] });
    } else this.#found.lose(origin, `sluice has no counterpart for ${option}`);
  }

  #option(directive: Directive, settings: Setting[]): void {
    const { name, args } = directive;
    const from = [originOf(directive)];
    const key = args[0] ?? "";
    if (name === "least_conn" || (name === "random" && args.includes("least_conn"))) {
      settings.push({ name: "ALGORITHM", value: name === "random" ? "POWER_OF_TWO" : "LEAST_CONNECTIONS", from });
    } else if (name === "random") settings.push({ name: "ALGORITHM", value: "RANDOM", from });
    else if (name === "ip_hash" || name === "hash") {
      const hashKey = name === "ip_hash" ? "client-ip" : hashKeyOf(key);
      if (hashKey === null) {
        this.#found.lose(from[0]!, "sluice hashes the client's address, the path, a header or a cookie");
      } else settings.push({ name: "ALGORITHM", value: "HASH", from }, { name: "HASH_KEY", value: hashKey, from });
    } else if (name === "sticky" && key === "cookie") {
      settings.push({ name: "STICKINESS_ENABLED", value: "true", from });
      settings.push({ name: "STICKY_COOKIE_NAME", value: args[1] ?? "route", from });
      const expires = args.find((each) => each.startsWith("expires="))?.slice(8);
      settings.push({
        name: "STICKINESS_TTL",
        value: expires === undefined ? "0" : durationText(expires) ?? "0",
        from,
      });
    } else if (/^keepalive|^zone$|^resolver/.test(name)) {
      this.#found.needless(from[0]!, "sluice keeps connections to targets open, and resolves names, by itself");
    } else this.#found.lose(from[0]!, "sluice has no counterpart");
  }
}

/** An address as `TARGET_GROUP_<N>_TARGETS` has it. */
function addressOf(address: string, scheme: "http" | "https"): string {
  return scheme === "https" ? `https://${address}` : address;
}

function hashKeyOf(key: string): string | null {
  if (["$request_uri", "$uri"].includes(key)) return "path";
  if (["$remote_addr", "$binary_remote_addr"].includes(key)) return "client-ip";
  const [, kind, name] = /^\$(http|cookie)_(\w+)$/.exec(key) ?? [];
  if (name === undefined) return null;
  return kind === "http" ? `header:${name.replaceAll("_", "-")}` : `cookie:${name}`;
}

function addOnce(settings: Setting[], setting: Setting, separator?: string): void {
  const before = settings.find((each) => each.name === setting.name);
  if (before === undefined) settings.push(setting);
  else {
    before.from.push(...setting.from);
    if (separator !== undefined) before.value += separator + setting.value;
  }
}
