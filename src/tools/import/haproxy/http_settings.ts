import { addTo, type Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { fittingWhole, toRe2 } from "../output/re2.ts";
import type { Case } from "./conditions.ts";
import { withPlaceholders } from "./formats.ts";
import type { Line } from "./sections.ts";

/** Headers that HEADER_CONVENTION_ENABLE adds. */
const CONVENTION = /^(x-forwarded-(for|proto|host|port)|x-real-ip|x-request-id)$/i;
const NEEDLESS = new RegExp(
  String.raw`^(capture|set-log-level|track-sc\d|set-tos|set-mark|set-nice|set-priority-(class|` +
    String.raw`offset)|normalize-uri|strict-mode|disable-l7-retry|do-resolve|cache-use|cache-store|` +
    String.raw`wait-for-handshake|set-src|set-timeout)$`,
);

/** Reads a statement that changes requests. */
export function requestSetting(
  [name = "", header = "", value = ""]: readonly string[],
  cases: readonly Case[],
  { origin }: Line,
  settings: Setting[],
  found: Collector,
): void {
  const always = isAlways(cases);
  if (["set-header", "add-header"].includes(name) && CONVENTION.test(header)) {
    found.set("HEADER_CONVENTION_ENABLE", "true", origin);
  } else if (NEEDLESS.test(name)) found.needless(origin, "no counterpart, and none is needed");
  else if (!always) found.lose(origin, "sluice sets headers and paths for all requests of a rule");
  else if (name === "set-header" && header.toLowerCase() === "host") {
    if (value.includes("%")) found.lose(origin, "_HOST_REWRITE takes a fixed name");
    else addTo(settings, "HOST_REWRITE", value, origin, ",");
  } else if (name === "set-header" || name === "add-header") {
    headerSetting("REQUEST", header, value, origin, settings, found);
  } else if (name === "del-header") addTo(settings, "REQUEST_HEADERS_REMOVE", header, origin, "\n");
  else if (name === "replace-path" || name === "replace-uri" || name === "set-path") {
    const regex = name === "set-path" ? "^/" : toRe2(header);
    const to = (name === "set-path" ? header : value).replace(/\$/g, "$$$$").replace(/\\(\d)/g, "${$1}");
    const known = settings.some((each) => each.name === "REWRITE_REGEX");
    const prefixed = name === "set-path" ? /^([^%]*)%\[path\]$/.exec(header)?.[1] : undefined;
    if (prefixed !== undefined && !known) {
      settings.push({ name: "REWRITE_REGEX", value: `^(.*)$ ${prefixed}$1`, from: [origin] });
    } else if (regex === null || known || /\s|%\[/.test(`${regex}${to}`) || /^https?:/.test(to)) {
      found.lose(origin, "a rule of sluice's has one rewrite, in RE2's syntax, without samples");
    } else settings.push({ name: "REWRITE_REGEX", value: `${fittingWhole(regex)} ${to}`, from: [origin] });
  } else found.lose(origin, "sluice has no counterpart");
}

/** Reads a statement that changes responses. */
export function responseSetting(
  [name = "", header = "", value = ""]: readonly string[],
  cases: readonly Case[],
  { origin }: Line,
  settings: Setting[],
  found: Collector,
): void {
  if (NEEDLESS.test(name)) found.needless(origin, "no counterpart, and none is needed");
  else if (!isAlways(cases)) found.lose(origin, "sluice sets headers for all responses of a rule");
  else if (name === "set-header" || name === "add-header") {
    headerSetting("RESPONSE", header, value, origin, settings, found);
  } else if (name === "del-header") addTo(settings, "RESPONSE_HEADERS_REMOVE", header, origin, "\n");
  else found.lose(origin, "sluice has no counterpart");
}

function headerSetting(
  side: "REQUEST" | "RESPONSE",
  header: string,
  value: string,
  origin: Line["origin"],
  settings: Setting[],
  found: Collector,
): void {
  const text = withPlaceholders(value);
  if (text === null) found.lose(origin, "sluice has no placeholder for a sample in it");
  else addTo(settings, `${side}_HEADERS_SET`, `${header}: ${text}`, origin, "\n");
}

function isAlways(cases: readonly Case[]): boolean {
  return cases.every(({ conditions, except, share }) =>
    except.length === 0 && share === null && conditions.path === undefined && conditions.protocol === undefined &&
    [
      conditions.hosts,
      conditions.methods,
      conditions.headers,
      conditions.cookies,
      conditions.queries,
      conditions.sourceIps,
    ]
      .every((list) => list.length === 0)
  );
}
