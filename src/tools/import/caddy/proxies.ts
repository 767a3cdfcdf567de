import type { Collector } from "../output/collector.ts";
import { GroupList } from "../output/group_list.ts";
import type { Action, From, ImportedTarget, Setting } from "../output/imported.ts";
import { authorityFile, unverified } from "../output/unverified.ts";
import { operations } from "./headers.ts";
import { durationText } from "./placeholders.ts";
import { rewriteSetting } from "./rewrites.ts";
import { type CaddyHandler, placeOf } from "./routes.ts";

/** The parts of a `reverse_proxy` that are read here, as Caddy's JSON has them. */
interface ProxyFields {
  readonly upstreams?: readonly { readonly dial?: string; readonly max_requests?: number }[];
  readonly load_balancing?: {
    readonly selection_policy?: { readonly policy?: string; readonly [option: string]: unknown };
    readonly [option: string]: unknown;
  };
  readonly health_checks?: { readonly active?: Record<string, unknown>; readonly passive?: Record<string, unknown> };
  readonly transport?: {
    readonly protocol?: string;
    readonly tls?: Record<string, unknown>;
    readonly [option: string]: unknown;
  };
  readonly headers?: { readonly request?: object; readonly response?: object };
  readonly rewrite?: Record<string, unknown>;
  readonly trusted_proxies?: readonly string[];
}

const NEEDLESS = new Set([
  "flush_interval",
  "buffer_requests",
  "buffer_responses",
  "max_buffer_size",
  "request_buffers",
  "response_buffers",
  "stream_timeout",
  "stream_close_delay",
  "verbose_logs",
  "handler",
]);
const READ = new Set([
  "upstreams",
  "load_balancing",
  "health_checks",
  "transport",
  "headers",
  "rewrite",
  "trusted_proxies",
]);

/** Caddy's algorithms without options. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  random: "RANDOM",
  random_choose: "POWER_OF_TWO",
  round_robin: "ROUND_ROBIN",
  weighted_round_robin: "WEIGHTED",
  least_conn: "LEAST_CONNECTIONS",
};
const HASHES: Readonly<Record<string, string>> = {
  ip_hash: "client-ip",
  client_ip_hash: "client-ip",
  uri_hash: "path",
};

/** Makes target groups of `reverse_proxy` handlers. */
export class Proxies {
  readonly #found: Collector;
  readonly #groups: GroupList;

  constructor(found: Collector) {
    this.#found = found;
    this.#groups = new GroupList(found);
  }

  /** The action and the settings of a rule for a handler; null if it has no target that sluice can use. */
  read(handler: CaddyHandler, around: readonly Setting[]): { action: From<Action>; settings: Setting[] } | null {
    const found = this.#found;
    const fields = handler.fields as ProxyFields;
    const settings: Setting[] = [];
    for (const [side, ops] of Object.entries(fields.headers ?? {})) {
      operations(ops, side === "request" ? "REQUEST" : "RESPONSE", handler, settings, found);
    }
    const own = [...around, ...settings].some((each) => each.name === "OWN_HOST");
    const rule = settings.filter((each) => each.name !== "OWN_HOST");
    if (fields.rewrite !== undefined) rewriteSetting({ ...handler, fields: fields.rewrite }, rule, found);
    for (const each of fields.trusted_proxies ?? []) {
      found.add("TRUSTED_PROXIES", each, placeOf(handler, "trusted_proxies"));
    }
    for (const name of Object.keys(fields)) {
      if (NEEDLESS.has(name)) {
        if (name !== "handler") found.needless(placeOf(handler, name), "sluice streams bodies both ways");
      } else if (!READ.has(name)) found.lose(placeOf(handler, name), `sluice has no counterpart for ${name}`);
    }
    const targets = this.#targets(handler, fields);
    if (targets.length === 0) {
      found.lose(handler.origin, "it has no target that sluice can use");
      return null;
    }
    const group = this.#group(handler, fields, targets, own);
    found.set("HEADER_CONVENTION_ENABLE", "true", handler.origin);
    return {
      action: { value: { kind: "forward", groups: [{ name: group, weight: 1 }] }, from: handler.origin },
      settings: rule,
    };
  }

  #targets(handler: CaddyHandler, fields: ProxyFields): ImportedTarget[] {
    const origin = placeOf(handler, "upstreams");
    const tls = fields.transport?.tls !== undefined;
    if (fields.transport?.protocol === "fastcgi") {
      this.#found.lose(
        placeOf(handler, "transport"),
        "sluice speaks HTTP to targets; put an HTTP server in front of the application",
      );
      return [];
    }
    const targets: ImportedTarget[] = [];
    const weights = (fields.load_balancing?.selection_policy?.weights ?? []) as number[];
    (fields.upstreams ?? []).forEach(({ dial = "" }, i) => {
      const bare = dial.replace(/^tcp\//, "");
      if (/^(unix|h2c|srv)|\{|^$/.test(bare)) {
        this.#found.lose(origin, "sluice needs an address or name and a port, for TCP");
      } else {
        const address = tls ? `https://${bare}` : bare;
        if (targets.every((each) => each.address !== address)) {
          targets.push({ address, weight: weights[i] ?? 1, from: origin });
        }
      }
    });
    return targets;
  }

  #group(handler: CaddyHandler, fields: ProxyFields, targets: readonly ImportedTarget[], ownHost: boolean): string {
    const settings: Setting[] = [];
    this.#balancing(handler, fields, targets.length, settings);
    this.#health(handler, fields, settings);
    this.#transport(handler, fields, settings);
    // Caddy gives targets the client's Host, unless it is told otherwise.
    if (!ownHost) settings.push({ name: "PRESERVE_HOST", value: "true", from: [handler.origin] });
    const key = JSON.stringify([
      targets.map((each) => [each.address, each.weight]),
      settings.map((each) => [each.name, each.value]),
    ]);
    const name = targets[0]!.address.replace(/^https?:\/\//, "").replace(/[[\]]/g, "");
    return this.#groups.nameFor(key, name, (group) => ({ name: group, from: [handler.origin], targets, settings }))!;
  }

  #balancing(
    handler: CaddyHandler,
    { load_balancing: wanted = {} }: ProxyFields,
    count: number,
    settings: Setting[],
  ): void {
    const from = [placeOf(handler, "load_balancing")];
    const { selection_policy: policy = {}, ...retries } = wanted;
    for (const name of Object.keys(retries)) {
      this.#found.needless(
        placeOf(handler, `lb_${name}`),
        "sluice tries other targets by itself, within CONNECTION_TIMEOUT",
      );
    }
    const name = policy.policy;
    if (name === undefined) {
      if (count > 1) settings.push({ name: "ALGORITHM", value: "RANDOM", from: [handler.origin] });
    } else if (Object.hasOwn(ALGORITHMS, name)) settings.push({ name: "ALGORITHM", value: ALGORITHMS[name]!, from });
    else if (name === "cookie") {
      settings.push({ name: "STICKINESS_ENABLED", value: "true", from });
      settings.push({ name: "STICKY_COOKIE_NAME", value: String(policy.name || "lb"), from });
      settings.push({ name: "STICKINESS_TTL", value: "0", from });
    } else {
      const key = name === "header" ? `header:${policy.field}` : HASHES[name];
      if (key === undefined) this.#found.lose(from[0]!, `sluice has no algorithm ${name}`);
      else settings.push({ name: "ALGORITHM", value: "HASH", from }, { name: "HASH_KEY", value: key, from });
    }
  }

  #health(handler: CaddyHandler, { health_checks: checks = {} }: ProxyFields, settings: Setting[]): void {
    const { active, passive } = checks;
    const set = (name: string, value: unknown, field: string) => {
      if (value !== undefined && value !== null) {
        settings.push({ name, value: String(value), from: [placeOf(handler, field)] });
      }
    };
    if (active !== undefined) {
      const { uri, path, port, interval, timeout, expect_status, passes, fails, headers, ...others } = active;
      set("HEALTH_CHECK_ENABLED", "true", uri === undefined ? "health_path" : "health_uri");
      set("HEALTH_CHECK_PATH", uri ?? path ?? "/", uri === undefined ? "health_path" : "health_uri");
      set("HEALTH_CHECK_PORT", port, "health_port");
      if (interval !== undefined) set("HEALTH_CHECK_INTERVAL", durationText(interval), "health_interval");
      if (timeout !== undefined) set("HEALTH_CHECK_TIMEOUT", durationText(timeout), "health_timeout");
      const status = Number(expect_status ?? 2);
      set("HEALTH_CHECK_MATCHER", status < 10 ? `${status}00-${status}99` : status, "health_status");
      set("HEALTH_CHECK_SUCCEED_THRESHOLD", passes ?? 1, "health_passes");
      set("HEALTH_CHECK_FAILURE_THRESHOLD", fails ?? 1, "health_fails");
      const host = (headers as Record<string, string[]> | undefined)?.Host?.[0];
      set("HEALTH_CHECK_HOST", host, "health_headers");
      for (const name of Object.keys(others)) {
        this.#found.lose(
          placeOf(handler, name === "expect_body" ? "health_body" : name),
          `sluice's probes have no ${name}`,
        );
      }
    }
    if (passive !== undefined) {
      const { fail_duration, max_fails, ...others } = passive;
      set("EJECTION_ENABLED", "true", "fail_duration");
      set("EJECTION_FAILURES", max_fails ?? 1, "max_fails");
      set("EJECTION_TIME", fail_duration === undefined ? undefined : durationText(fail_duration), "fail_duration");
      for (const name of Object.keys(others)) this.#found.lose(placeOf(handler, name), "EJECTION_ON is not yet there");
    }
  }

  #transport(handler: CaddyHandler, { transport = {} }: ProxyFields, settings: Setting[]): void {
    const { tls = {}, protocol: _, dial_timeout, response_header_timeout, ...others } = transport;
    const place = (field: string) => placeOf(handler, field);
    const times = { CONNECT_TIMEOUT: dial_timeout, CONNECTION_TIMEOUT: response_header_timeout };
    for (const [name, value] of Object.entries(times)) {
      const text = value === undefined ? null : durationText(value);
      if (text !== null) {
        this.#found.setMost(name, text, place(name === "CONNECT_TIMEOUT" ? "dial_timeout" : "response_header_timeout"));
      }
    }
    if (handler.places.transport !== undefined) {
      this.#found.needless(place("transport"), "sluice speaks HTTP to targets");
    }
    const { insecure_skip_verify, server_name, root_ca_pem_files, ...more } = tls;
    if (insecure_skip_verify === true) {
      settings.push(unverified(place("tls_insecure_skip_verify"), this.#found));
    }
    if (server_name !== undefined) {
      settings.push({ name: "TLS_SERVER_NAME", value: String(server_name), from: [place("tls_server_name")] });
    }
    if (Array.isArray(root_ca_pem_files)) {
      settings.push(...authorityFile(root_ca_pem_files, [place("tls_trusted_ca_certs")], this.#found));
    }
    for (const name of [...Object.keys(others), ...Object.keys(more)]) {
      if (/^(keep_alive|compression|versions|read_buffer|write_buffer|max_conns.*)/.test(name)) {
        this.#found.needless(place(name), "sluice keeps connections to targets open by itself");
      } else this.#found.lose(place(name), `sluice has no counterpart for ${name}`);
    }
  }
}
