import type { Collector } from "../output/collector.ts";
import type { Origin } from "../output/imported.ts";
import type { Segment } from "./caddyfile_text.ts";

/** Operations on headers, as Caddy's JSON has them. */
interface Ops {
  set: Record<string, string[]>;
  add: Record<string, string[]>;
  delete: string[];
  replace: Record<string, unknown>;
}

/** Reads `header` and `request_header`: one operation in the line, or several in a block. */
export function headerOps(
  args: readonly string[],
  { block, origin }: Segment,
  side: "REQUEST" | "RESPONSE",
  found: Collector,
): { ops: Ops; places: Record<string, Origin> } {
  const ops: Ops = { set: {}, add: {}, delete: [], replace: {} };
  const places: Record<string, Origin> = {};
  const lines = [...args.length > 0 ? [{ words: args, origin }] : [], ...block ?? []];
  for (const line of lines) {
    if (line.words[0] === "defer") found.needless(line.origin, "sluice sets headers when the response comes");
    else operation(line.words, side, line.origin, ops, places, found);
  }
  return { ops, places };
}

function operation(
  [field = "", value, replacement]: readonly string[],
  side: "REQUEST" | "RESPONSE",
  origin: Origin,
  ops: Ops,
  places: Record<string, Origin>,
  found: Collector,
): void {
  const name = field.replace(/^[+\-?>]/, "");
  places[`${side} ${name}`] = origin;
  if (field.startsWith("?")) found.lose(origin, "sluice sets a header, whether it is there or not");
  else if (field.startsWith("-")) ops.delete.push(name);
  else if (replacement !== undefined) ops.replace[name] = value;
  else if (field.startsWith("+")) ops.add[name] = [...ops.add[name] ?? [], value ?? ""];
  else ops.set[name] = [value ?? ""];
}

const POLICY_OPTION: Readonly<Record<string, string>> = {
  header: "field",
  cookie: "name",
  query: "key",
  random_choose: "choose",
};

/** Reads `reverse_proxy` as the fields of Caddy's JSON. */
export function proxyFields(
  args: readonly string[],
  segment: Segment,
  found: Collector,
): { fields: Record<string, unknown>; places: Record<string, Origin> } {
  const places: Record<string, Origin> = {};
  const upstreams: string[] = [...args];
  const balancing: Record<string, unknown> = {};
  const active: Record<string, unknown> = {};
  const passive: Record<string, unknown> = {};
  const transport: Record<string, unknown> = {};
  const fields: Record<string, unknown> = {};
  const request: Ops = { set: {}, add: {}, delete: [], replace: {} };
  const response: Ops = { set: {}, add: {}, delete: [], replace: {} };
  for (const line of segment.block ?? []) {
    const [name = "", ...rest] = line.words;
    const [value = "", ...more] = rest;
    const { origin } = line;
    places[name] = origin;
    if (name === "to") {
      upstreams.push(...rest);
      places.upstreams = origin;
    } else if (name === "lb_policy") {
      const option = POLICY_OPTION[value];
      const weights = value === "weighted_round_robin" ? { weights: more.map(Number) } : {};
      balancing.selection_policy = { policy: value, ...option === undefined ? {} : { [option]: more[0] }, ...weights };
      places.load_balancing = origin;
    } else if (name.startsWith("lb_")) balancing[name.slice(3)] = value;
    else if (name.startsWith("health_")) active[healthField(name)] = healthValue(name, value, line, places);
    else if (
      ["fail_duration", "max_fails", "unhealthy_status", "unhealthy_latency", "unhealthy_request_count"].includes(name)
    ) {
      passive[name] = value;
      places[name] = origin;
    } else if (name === "header_up") operation(rest, "REQUEST", origin, request, places, found);
    else if (name === "header_down") operation(rest, "RESPONSE", origin, response, places, found);
    else if (name === "transport") transportFields(line, transport, places);
    else if (name === "rewrite") fields.rewrite = { uri: value };
    else if (name === "trusted_proxies") fields.trusted_proxies = rest.filter((each) => each !== "private_ranges");
    else {
      fields[name] = value;
      for (const each of line.block ?? []) found.lose(each.origin, `part of ${name}`);
    }
  }
  if (upstreams.some((each) => each.startsWith("https://"))) transport.tls ??= {};
  fields.upstreams = upstreams.map((each) => ({ dial: dialOf(each) }));
  if (Object.keys(balancing).length > 0) fields.load_balancing = balancing;
  const checks = {
    ...Object.keys(active).length > 0 ? { active } : {},
    ...Object.keys(passive).length > 0 ? { passive } : {},
  };
  if (Object.keys(checks).length > 0) fields.health_checks = checks;
  if (Object.keys(transport).length > 0) fields.transport = transport;
  const used = (ops: Ops) => Object.values(ops).some((each) => Object.keys(each).length > 0);
  if (used(request) || used(response)) fields.headers = { request, response };
  return { fields, places };
}

function healthField(name: string): string {
  const names: Record<string, string> = { health_status: "expect_status", health_body: "expect_body" };
  return names[name] ?? name.slice("health_".length);
}

function healthValue(name: string, value: string, line: Segment, places: Record<string, Origin>): unknown {
  if (name === "health_status") return value.replace(/xx$/i, "");
  if (name !== "health_headers") return value;
  const [first] = line.block ?? [];
  if (first !== undefined) places.health_headers = first.origin;
  return Object.fromEntries((line.block ?? []).map((each) => [each.words[0], each.words.slice(1)]));
}

function transportFields(line: Segment, transport: Record<string, unknown>, places: Record<string, Origin>): void {
  transport.protocol = line.words[1] ?? "http";
  places.transport = line.origin;
  const tls: Record<string, unknown> = {};
  for (const { words, origin } of line.block ?? []) {
    const [name = "", ...args] = words;
    places[name] = origin;
    if (name === "tls_insecure_skip_verify") tls.insecure_skip_verify = true;
    else if (name === "tls_server_name") tls.server_name = args[0];
    else if (name === "tls_trusted_ca_certs") tls.root_ca_pem_files = args;
    else if (name.startsWith("tls_")) tls[name] = args[0] ?? true;
    else if (name !== "tls") transport[name] = args[0] ?? true;
    if (name.startsWith("tls")) transport.tls = tls;
  }
}

/** `http://app:3000` and `:3000` as addresses; the ports are 80 and 443 if there is none. */
function dialOf(upstream: string): string {
  const [, scheme, rest = ""] = /^(?:(https?|h2c):\/\/)?(.*)$/.exec(upstream)!;
  if (scheme === "h2c") return `h2c://${rest}`;
  if (rest.startsWith(":")) return `localhost${rest}`;
  return /:\d+$/.test(rest) || rest.includes("/") ? rest : `${rest}:${scheme === "https" ? 443 : 80}`;
}
