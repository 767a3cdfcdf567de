import type { Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { fittingWhole } from "../output/re2.ts";
import { type CaddyHandler, placeOf } from "./routes.ts";

/** Reads a `rewrite` handler: a new path, or a prefix or suffix that goes. */
export function rewriteSetting(handler: CaddyHandler, settings: Setting[], found: Collector): void {
  const { fields, origin } = handler;
  if (fields.method !== undefined) found.lose(origin, "sluice passes the method on as it came");
  if (fields.uri_substring !== undefined) found.lose(origin, "sluice replaces by regular expressions: _REWRITE_REGEX");
  const value = rewriteOf(fields);
  if (value === undefined) return;
  const from = [placeOf(handler, "uri")];
  const before = settings.find((each) => each.name === "PATH_REWRITE" || each.name === "REWRITE_REGEX");
  if (value === null) found.lose(origin, "sluice can't build this path");
  else if (before === undefined) settings.push({ ...value, from });
  else if (before.name === "PATH_REWRITE" && value.name === "REWRITE_REGEX" && value.value.startsWith("^(.*)$ ")) {
    // A prefix that goes and one that comes are one expression.
    const prefix = before.value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    settings[settings.indexOf(before)] = {
      name: "REWRITE_REGEX",
      value: `^${prefix}${value.value.slice(1)}`,
      from: [...before.from, ...from],
    };
  } else found.lose(origin, "a rule of sluice's has one rewrite");
}

/** The variable for a rewrite; null if sluice can't do it, undefined if there is none. */
function rewriteOf(fields: CaddyHandler["fields"]): { name: string; value: string } | null | undefined {
  const { strip_path_prefix: prefix, strip_path_suffix: suffix, uri, path_regexp: regexps } = fields as {
    strip_path_prefix?: string;
    strip_path_suffix?: string;
    uri?: string;
    path_regexp?: readonly { find?: string; replace?: string }[];
  };
  const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  if (prefix !== undefined) return prefix.includes("{") ? null : { name: "PATH_REWRITE", value: prefix };
  if (suffix !== undefined) return { name: "REWRITE_REGEX", value: `^(.*)${escaped(suffix)}$ $1` };
  if (uri !== undefined) {
    const path = uri.replace(/\?\{(http\.request\.uri\.)?query\}$/, "");
    const match = /^([^{}?]*)(\{(?:http\.request\.(?:orig_)?)?(?:uri\.path|path|uri)\})?$/.exec(path);
    if (match === null || /\s/.test(path)) return null;
    const text = match[1]!.replace(/\$/g, "$$$$");
    return { name: "REWRITE_REGEX", value: match[2] === undefined ? `^.*$ ${text}` : `^(.*)$ ${text}$1` };
  }
  const [only, ...more] = regexps ?? [];
  if (only === undefined) return undefined;
  const { find = "", replace = "" } = only;
  if (more.length > 0 || /\s/.test(find + replace)) return null;
  // An expression with both anchors, or none, replaces what it fits.
  return { name: "REWRITE_REGEX", value: `${find.startsWith("^") ? find : fittingWhole(find)} ${replace}` };
}
