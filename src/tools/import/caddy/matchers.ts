import { both } from "../output/conditions.ts";
import type { Conditions, From, NamedTest, Origin } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { literal } from "../output/patterns.ts";
import { toPatterns } from "../output/re2.ts";
import type { CaddyMatcher } from "./routes.ts";

/** What a set of matchers asks for. */
export interface Matched {
  readonly conditions: Conditions;
  /** Requests that meet one of these are passed over. */
  readonly except: readonly Conditions[];
}

/** What a set of matchers asks for; null if sluice has no condition for one of them. */
export function matched(set: readonly CaddyMatcher[]): Matched | null {
  let conditions: Conditions = NO_CONDITIONS;
  const except: Conditions[] = [];
  for (const matcher of set) {
    if (matcher.name === "not") {
      const inner = (matcher.value as Record<string, unknown>[]).map((each) =>
        matched(Object.entries(each).map(([name, value]) => ({ name, value, origin: matcher.origin })))
      );
      if (inner.some((each) => each === null || each.except.length > 0)) return null;
      except.push(...inner.map((each) => each!.conditions));
      continue;
    }
    const asked = conditionOf(matcher);
    const together = asked === null ? null : both(conditions, asked);
    if (together === null) return null;
    conditions = together;
  }
  return { conditions, except };
}

function conditionOf({ name, value, origin }: CaddyMatcher): Partial<Conditions> | null {
  const texts = Array.isArray(value) ? value.map(String) : [];
  const listed = (all: readonly string[]): From<string>[] => all.map((each) => ({ value: each, from: origin }));
  switch (name) {
    case "host":
      return texts.some((each) => each.includes("{")) ? null : { hosts: listed(texts.map(wildcards)) };
    case "path":
      return pathCondition(texts, origin);
    case "path_regexp": {
      const regex = String((value as { pattern?: string }).pattern ?? "");
      return /\s/.test(regex) ? null : { path: { value: { kind: "regex", regex }, from: origin } };
    }
    case "method":
      return { methods: listed(texts.map((each) => each.toUpperCase())) };
    case "header":
      return named(value, "headers", origin);
    case "header_regexp":
      return regexHeaders(value, origin);
    case "query":
      return named(value, "queries", origin);
    case "remote_ip":
    case "client_ip":
      return { sourceIps: listed(((value as { ranges?: unknown[] }).ranges ?? []).map(String)) };
    case "protocol":
      return value === "http" || value === "https" ? { protocol: { value, from: origin } } : null;
    default:
      return null;
  }
}

function pathCondition(paths: readonly string[], from: Origin): Partial<Conditions> | null {
  if (paths.some((each) => each.includes("{"))) return null;
  if (paths.some((each) => each === "*" || each === "/*")) return {};
  const [only] = paths;
  if (paths.length === 1 && /^\/[^*?\\]*\/\*$/.test(only!)) {
    return { path: { value: { kind: "prefix", prefix: only!.slice(0, -1) }, from } };
  }
  return { path: { value: { kind: "patterns", patterns: paths.map(wildcards) }, from } };
}

/** `*` is a wildcard in both; all else that is one in sluice is none in Caddy. */
function wildcards(text: string): string {
  return text.split("*").map(literal).join("*");
}

function named(value: unknown, kind: "headers" | "queries", from: Origin): Partial<Conditions> | null {
  const tests: From<NamedTest>[] = [];
  for (const [name, wanted] of Object.entries(value as Record<string, unknown>)) {
    if (!Array.isArray(wanted) || wanted.length === 0 || name.startsWith("!")) return null;
    const patterns = wanted.some((each) => each === "*") ? [] : wanted.map((each) => wildcards(String(each)));
    tests.push({ value: { name, patterns }, from });
  }
  return { [kind]: tests };
}

function regexHeaders(value: unknown, from: Origin): Partial<Conditions> | null {
  const headers: From<NamedTest>[] = [];
  for (const [name, wanted] of Object.entries(value as Record<string, { pattern?: string }>)) {
    const patterns = toPatterns(String(wanted.pattern ?? ""));
    if (patterns === null) return null;
    headers.push({ value: { name, patterns }, from });
  }
  return { headers };
}
