import { parseDuration } from "../../../config/values/duration.ts";
import { addTo, type Collector } from "../output/collector.ts";
import type { Origin, Setting } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";
import { type Blocks, durationText, effective, withPlaceholders } from "./values.ts";

/** Headers that HEADER_CONVENTION_ENABLE adds, with what nginx's configurations put into them. */
const CONVENTION: Readonly<Record<string, RegExp>> = {
  "x-real-ip": /^\$(realip_)?remote_addr$/,
  "x-forwarded-for": /^\$(proxy_add_x_forwarded_for|remote_addr|http_x_forwarded_for)$/,
  "x-forwarded-proto": /^\$(scheme|http_x_forwarded_proto)$/,
  "x-forwarded-host": /^\$(http_)?host$/,
  "x-forwarded-port": /^\$server_port$/,
  "x-request-id": /^\$request_id$/,
};

/** Headers, limits and access of a location, as settings of its rules. `forwards`: it passes requests on. */
export function readRuleSettings(blocks: Blocks, forwards: boolean, found: Collector): Setting[] {
  const settings: Setting[] = [];
  if (forwards) {
    for (const each of effective(blocks, "proxy_set_header")) {
      requestHeader(each, blocks, settings, found);
    }
  }
  for (const each of effective(blocks, "proxy_hide_header")) {
    addTo(settings, "RESPONSE_HEADERS_REMOVE", each.args[0] ?? "", originOf(each), "\n");
  }
  for (const each of effective(blocks, "add_header")) responseHeader(each, blocks, settings, found);
  readAccess(blocks, settings, found);
  readLimits(blocks, settings, found);
  const [gzip] = effective(blocks, "gzip");
  if (gzip?.args[0] === "on" && blocks.at(-1)!.includes(gzip)) found.set("COMPRESSION_ENABLE", "true", originOf(gzip));
  else if (gzip?.args[0] === "on") settings.push({ name: "COMPRESSION_ENABLE", value: "true", from: [originOf(gzip)] });
  else if (gzip !== undefined) found.needless(originOf(gzip), "sluice does not compress unless it is told to");
  if (forwards) readTimeouts(blocks, found);
  for (const each of effective(blocks, "client_max_body_size")) {
    found.setMost("MAX_BODY_BYTES", (each.args[0] ?? "0").toLowerCase(), originOf(each));
  }
  return settings;
}

function requestHeader(directive: Directive, blocks: Blocks, settings: Setting[], found: Collector): void {
  const [name = "", value = ""] = directive.args;
  const origin = originOf(directive);
  const lower = name.toLowerCase();
  if (lower === "host") {
    if (/^\$(http_)?host(:\$server_port)?$|^\$proxy_host$/.test(value)) return;
    const host = withPlaceholders(value, blocks);
    if (host === null || host.includes("#{")) found.lose(origin, "_HOST_REWRITE takes a fixed name");
    else settings.push({ name: "HOST_REWRITE", value: host, from: [origin] });
  } else if (lower === "upgrade" || lower === "connection") {
    found.needless(origin, "sluice passes WebSocket on by itself");
  } else if (Object.hasOwn(CONVENTION, lower) && CONVENTION[lower]!.test(value)) {
    found.set("HEADER_CONVENTION_ENABLE", "true", origin);
  } else if (value === "") addTo(settings, "REQUEST_HEADERS_REMOVE", name, origin, "\n");
  else {
    const text = withPlaceholders(value, blocks);
    if (text === null) found.lose(origin, "sluice has no placeholder for a variable in it");
    else addTo(settings, "REQUEST_HEADERS_SET", `${name}: ${text}`, origin, "\n");
  }
}

function responseHeader(directive: Directive, blocks: Blocks, settings: Setting[], found: Collector): void {
  const [name = "", value = ""] = directive.args;
  if (name.toLowerCase() === "content-type") return; // of a fixed response, which reads it
  const text = withPlaceholders(value, blocks);
  if (text === null) found.lose(originOf(directive), "sluice has no placeholder for a variable in it");
  else if (text === "") found.needless(originOf(directive), "nginx adds no header without a value");
  else addTo(settings, "RESPONSE_HEADERS_SET", `${name}: ${text}`, originOf(directive), "\n");
}

/** Directives that keep clients out, and that sluice has in no form that can be written here. */
const GUARDS = ["auth_request", "auth_jwt", "internal", "limit_except", "secure_link", "ssl_verify_client"];
const MIXED_LISTS = "sluice has one list, of those allowed or of those denied";

/** What keeps clients out of a location and could not be carried over. */
export function lostGuard(blocks: Blocks, found: Collector): Origin | undefined {
  const [guard] = GUARDS.flatMap((name) => effective(blocks, name)).filter((each) => each.args[0] !== "off");
  const lists = found.leftOut.find((each) =>
    each.text === MIXED_LISTS &&
    ["allow", "deny"].some((name) => effective(blocks, name).some((one) => originOf(one).place === each.origin.place))
  );
  return guard === undefined ? lists?.origin : originOf(guard);
}

/** `allow` and `deny`: sluice has a list of those who may, or of those who may not. */
function readAccess(blocks: Blocks, settings: Setting[], found: Collector): void {
  const block = blocks.find((each) => each.some(({ name }) => name === "allow" || name === "deny")) ?? [];
  const lines = block.filter(({ name }) => name === "allow" || name === "deny");
  const last = lines.at(-1);
  if (last === undefined) return;
  const others = lines.slice(0, -1);
  const allowed = last.name === "deny" && last.args[0] === "all" && others.every((each) => each.name === "allow");
  const denied = lines.every((each) => each.name === "deny" || each === last && each.args[0] === "all");
  if (allowed && others.length > 0) others.concat(last).forEach((each) => list("ALLOW", each));
  else if (denied) lines.forEach((each) => each.name === "deny" ? list("DENY", each) : needless(each));
  else lines.forEach((each) => found.lose(originOf(each), MIXED_LISTS));

  function list(name: "ALLOW" | "DENY", each: Directive) {
    const address = each.args[0] ?? "";
    if (address === "all" && name === "ALLOW") settings.find((one) => one.name === name)!.from.push(originOf(each));
    else {for (const cidr of address === "all" ? ["0.0.0.0/0", "::/0"] : [address]) {
        addTo(settings, name, cidr, originOf(each), ",");
      }}
  }
  function needless(each: Directive) {
    found.needless(originOf(each), "all others are allowed");
  }
}

function readLimits(blocks: Blocks, settings: Setting[], found: Collector): void {
  const zones = [...effective(blocks, "limit_req_zone"), ...effective(blocks, "limit_conn_zone")];
  const zone = (name: string) => zones.find((each) => each.args.some((arg) => arg.startsWith(`zone=${name}:`)));
  const [first, ...more] = effective(blocks, "limit_req");
  if (first !== undefined) {
    const limits = zone(/zone=([^\s]+)/.exec(first.args.join(" "))?.[1] ?? "");
    const rate = /rate=(\d+)r\/([sm])/.exec(limits?.args.join(" ") ?? "");
    const burst = /burst=(\d+)/.exec(first.args.join(" "))?.[1];
    if (rate === null || limits === undefined) found.lose(originOf(first), "no limit_req_zone of this name has a rate");
    else {
      const value = `${rate[1]}/${rate[2]}${burst === undefined ? "" : ` burst ${burst}`}`;
      settings.push({ name: "RATE_LIMIT", value, from: [originOf(first), originOf(limits)] });
      const key = limits.args[0] ?? "";
      if (!/remote_addr/.test(key)) found.lose(originOf(limits), `RATE_LIMIT_KEY is the client's address, not ${key}`);
    }
  }
  for (const each of more) found.lose(originOf(each), "a rule of sluice's has one rate");
  for (const each of effective(blocks, "limit_conn")) {
    found.lose(
      originOf(each),
      "sluice limits connections by LISTENER_MAX_CONNECTIONS_PER_CLIENT for all rules together",
    );
  }
  for (const each of effective(blocks, "auth_basic_user_file")) {
    settings.push({ name: "BASIC_AUTH_FILE", value: each.args[0] ?? "", from: [originOf(each)] });
  }
}

/** Longer waits than this need STREAM_IDLE_TIMEOUT too: it is sluice's default for that. */
const DEFAULT_IDLE_MS = 300_000;

function readTimeouts(blocks: Blocks, found: Collector): void {
  for (const each of effective(blocks, "proxy_connect_timeout")) time(each, "CONNECT_TIMEOUT");
  for (const each of effective(blocks, "proxy_read_timeout")) {
    const value = time(each, "CONNECTION_TIMEOUT");
    // nginx waits as long between two pieces of a response.
    if (value !== null && parseDuration(value)! > DEFAULT_IDLE_MS) {
      found.setMost("STREAM_IDLE_TIMEOUT", value, originOf(each));
    }
  }
  for (const each of effective(blocks, "proxy_send_timeout")) {
    found.needless(originOf(each), "STREAM_IDLE_TIMEOUT holds for both directions");
  }

  function time(each: Directive, variable: string): string | null {
    const value = durationText(each.args[0] ?? "");
    if (value === null) found.lose(originOf(each), "this is no time");
    else found.setMost(variable, value, originOf(each));
    return value;
  }
}
