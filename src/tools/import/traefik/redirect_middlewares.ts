import type { Collector } from "../output/collector.ts";
import type { Action, From } from "../output/imported.ts";
import { allOrigins, textAt, type Value } from "./documents.ts";

/** Reads `redirectScheme`: a redirect for plain requests. */
export function schemeRedirect(value: Value, found: Collector): From<Action> {
  const scheme = textAt(value, "scheme") ?? "https";
  const port = textAt(value, "port");
  const status = textAt(value, "permanent") === "true" ? 301 : 302;
  for (const each of allOrigins(value)) found.needless(each, "it is a rule for its routers");
  const location = `${scheme}://#{host}${port === undefined || port === "443" ? "" : `:${port}`}/#{path}?#{query}`;
  return { value: { kind: "redirect", status, location }, from: value.origin };
}

/** Reads `redirectRegex`; undefined if sluice has no such redirect. */
export function regexRedirect(value: Value, found: Collector): From<Action> | undefined {
  const regex = textAt(value, "regex") ?? "";
  const to = textAt(value, "replacement") ?? "";
  const status = textAt(value, "permanent") === "true" ? 301 : 302;
  // The expression sees the whole URL; only one that keeps the path as it is can be carried over.
  const keepsPath = /^\^https?\??:\/\/[^()]*\/\(\.\*\)\$?$/.test(regex.replace(/\(\?:[^)]*\)\??/g, "")) &&
    /^https?:\/\/[^$]*\/\$\{?1\}?$/.test(to);
  if (keepsPath) {
    const location = to.replace(/\$\{?1\}?$/, "#{path}?#{query}");
    for (const each of allOrigins(value)) found.needless(each, "it is a rule for its routers");
    return { value: { kind: "redirect", status, location }, from: value.origin };
  } else {for (const each of allOrigins(value)) {
      found.lose(each, "a redirect of sluice's has the whole path, not parts of it");
    }}
}
