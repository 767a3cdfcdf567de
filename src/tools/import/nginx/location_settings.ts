import { addTo, type Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";
import { readAccess } from "./access.ts";
import { readLimits } from "./limits.ts";
import { readTimeouts } from "./timeouts.ts";
import { type Blocks, effective, withPlaceholders } from "./values.ts";

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
