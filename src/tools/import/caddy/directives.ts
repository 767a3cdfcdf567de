import type { Collector } from "../output/collector.ts";
import { headerOps, proxyFields } from "./directive_fields.ts";
import { matcherSets, type NamedMatchers } from "./directive_matchers.ts";
import type { CaddyHandler, CaddyRoute } from "./routes.ts";
import type { Segment } from "./caddyfile_text.ts";

/** The order in which Caddy tries the directives of a site, whatever their order in the file. */
const ORDER = [
  ...["tracing", "map", "vars", "root", "header", "request_body", "redir", "method", "rewrite", "uri", "try_files"],
  ...["basicauth", "basic_auth", "forward_auth", "request_header", "encode", "push", "templates", "handle"],
  ...["route", "abort", "error", "respond", "metrics", "reverse_proxy", "php_fastcgi", "file_server", "acme_server"],
];

/** Directives that say nothing of requests, and why they need nothing. */
const NEEDLESS: Readonly<Record<string, string>> = {
  log: "sluice logs each request; ACCESS_LOG and LOG_LEVEL",
  log_skip: "sluice logs each request; ACCESS_LOG and LOG_LEVEL",
  skip_log: "sluice logs each request; ACCESS_LOG and LOG_LEVEL",
  bind: "LISTENER_HOST holds for all",
};

/** Makes Caddy's routes of the directives of a site or a block; `sorted`: in Caddy's own order. */
export function routesOf(
  segments: readonly Segment[],
  outer: NamedMatchers,
  sorted: boolean,
  found: Collector,
): CaddyRoute[] {
  const matchers: NamedMatchers = new Map(outer);
  for (const segment of segments) {
    const [first = ""] = segment.words;
    if (first.startsWith("@")) matchers.set(first, { segment, used: false });
  }
  const routes = segments.filter(({ words }) => !words[0]!.startsWith("@")).flatMap((segment) => {
    const route = routeOf(segment, matchers, found);
    return route === null ? [] : [{ ...route, name: segment.words[0]!.replace("handle_path", "handle") }];
  });
  if (sorted) routes.sort((one, other) => rank(one.name) - rank(other.name) || specificity(other) - specificity(one));
  for (const [name, { segment, used }] of matchers) {
    if (used || outer.has(name)) continue;
    for (const each of [segment, ...segment.block ?? []]) found.needless(each.origin, `no directive uses ${name}`);
  }
  return routes.map(({ name: _, ...route }) => route);
}

function rank(name: string): number {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

/** Among directives of a name, a longer path comes first, and one without a matcher last. */
function specificity({ sets }: CaddyRoute): number {
  if (sets.length === 0) return -1;
  const path = sets.length === 1 ? sets[0]!.find((each) => each.name === "path") : undefined;
  const [only, ...more] = Array.isArray(path?.value) ? path.value as string[] : [];
  return only === undefined || more.length > 0 ? 0 : only.replace(/\*$/, "").length + (only.endsWith("*") ? 0 : 0.5);
}

function routeOf(segment: Segment, matchers: NamedMatchers, found: Collector): CaddyRoute | null {
  const [name = "", ...rest] = segment.words;
  const { origin } = segment;
  if (Object.hasOwn(NEEDLESS, name)) {
    for (const each of [segment, ...nested(segment.block)]) found.needless(each.origin, NEEDLESS[name]!);
    return null;
  }
  if (name === "tls") return null; // the site reads it
  const { sets, args } = matcherSets(rest, name, origin, matchers);
  const handlers = handlersOf(name, args, segment, matchers, found);
  return handlers === null ? null : { origin, sets, handlers };
}

function handlersOf(
  name: string,
  args: readonly string[],
  segment: Segment,
  matchers: NamedMatchers,
  found: Collector,
): CaddyHandler[] | null {
  const { origin, block } = segment;
  const handler = (kind: string, fields: CaddyHandler["fields"], more: Partial<CaddyHandler> = {}): CaddyHandler => ({
    name: kind,
    fields,
    origin,
    places: {},
    routes: [],
    ...more,
  });
  switch (name) {
    case "handle":
    case "route":
      return [handler("subroute", {}, { routes: routesOf(block ?? [], matchers, name === "handle", found) })];
    case "handle_path": {
      const prefix = (segment.words[1] ?? "").replace(/\/?\*$/, "");
      const strip = handler("rewrite", { strip_path_prefix: prefix });
      return [strip, handler("subroute", {}, { routes: routesOf(block ?? [], matchers, true, found) })];
    }
    case "redir":
      return [handler("static_response", redirect(args))];
    case "respond": {
      const options = Object.fromEntries((block ?? []).map((each) => [each.words[0], each.words[1]]));
      const onlyStatus = args.length === 1 && /^\d{3}$/.test(args[0]!);
      const [body = "", status] = onlyStatus ? ["", args[0]] : args;
      for (const each of block ?? []) {
        if (each.words[0] === "close") found.needless(each.origin, "sluice closes connections by its own rules");
      }
      const fields = { body: options.body ?? body, ...status === undefined ? {} : { status_code: status } };
      return [handler("static_response", fields)];
    }
    case "abort":
      return [handler("static_response", { abort: true })];
    case "rewrite":
      return [handler("rewrite", { uri: args[0] ?? "" })];
    case "uri":
      return [handler("rewrite", uriFields(args))];
    case "method":
      return [handler("rewrite", { method: args[0] ?? "" })];
    case "header":
    case "request_header": {
      const { ops, places } = headerOps(args, segment, name === "header" ? "RESPONSE" : "REQUEST", found);
      return [handler("headers", { [name === "header" ? "response" : "request"]: ops }, { places })];
    }
    case "request_body": {
      const [size] = (block ?? []).filter((each) => each.words[0] === "max_size");
      const fields = size === undefined ? {} : { max_size: bytesOf(size.words[1] ?? "0") };
      return [handler("request_body", fields, { places: size === undefined ? {} : { max_size: size.origin } })];
    }
    case "encode":
      for (const each of nested(block)) found.needless(each.origin, "sluice chooses among encodings by itself");
      return [handler("encode", {})];
    case "reverse_proxy": {
      const { fields, places } = proxyFields(args, segment, found);
      return [handler("reverse_proxy", fields, { places })];
    }
    case "basicauth":
    case "basic_auth":
    case "forward_auth":
      for (const each of nested(block)) found.lose(each.origin, `part of ${name}`);
      return [handler(name === "forward_auth" ? name : "authentication", {})];
    case "root":
      found.lose(origin, "sluice serves no files; keep a file server as a target");
      return null;
    default:
      for (const each of nested(block)) found.lose(each.origin, `part of ${name}`);
      return [handler(name, {})];
  }
}

function nested(block: Segment["block"]): Segment[] {
  return (block ?? []).flatMap((each) => [each, ...nested(each.block)]);
}

function redirect([to = "", code = "302"]: readonly string[]): CaddyHandler["fields"] {
  const names: Record<string, string> = { permanent: "301", temporary: "302" };
  return { status_code: names[code] ?? code, headers: { Location: [to] } };
}

function uriFields([operation, first = "", second = ""]: readonly string[]): CaddyHandler["fields"] {
  switch (operation) {
    case "strip_prefix":
      return { strip_path_prefix: first };
    case "strip_suffix":
      return { strip_path_suffix: first };
    case "path_regexp":
      return { path_regexp: [{ find: first, replace: second }] };
    default:
      return { uri_substring: [{ find: first, replace: second }] };
  }
}

/** `10MB` in bytes: Caddy's units are powers of 1000, and `MiB` of 1024. */
function bytesOf(text: string): number {
  const [, count = "0", unit = "", binary] = /^([\d.]+)\s*([kmgt]?)(i?)b?$/i.exec(text) ?? [];
  const power = ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase());
  return Math.round(Number(count) * (binary === "i" ? 1024 : 1000) ** power);
}
