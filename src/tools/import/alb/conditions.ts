import { both } from "../output/conditions.ts";
import type { Conditions, From, Origin } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { toPatterns, toRe2 } from "../output/re2.ts";
import { type Described, type Json, objectOf, part } from "./outputs.ts";

/** Names of the fields of conditions, and where their values stand. */
const CONFIGS: Readonly<Record<string, string>> = {
  "host-header": "HostHeaderConfig",
  "path-pattern": "PathPatternConfig",
  "http-header": "HttpHeaderConfig",
  "http-request-method": "HttpRequestMethodConfig",
  "query-string": "QueryStringConfig",
  "source-ip": "SourceIpConfig",
};

/** The conditions of a rule: one for each alternative. A text says which condition sluice has not. */
export function conditionsOf(
  all: readonly Described[],
): Conditions[] | { readonly lost: Origin; readonly why: string } {
  let alternatives: Conditions[] = [NO_CONDITIONS];
  for (const described of all) {
    const options = optionsOf(described);
    if (typeof options === "string") return { lost: described.origin, why: options };
    const joined = alternatives.flatMap((one) => options.map((other) => both(one, other)));
    if (joined.includes(null)) return { lost: described.origin, why: "a rule of sluice's has one test of this kind" };
    alternatives = joined as Conditions[];
  }
  return alternatives;
}

function optionsOf({ value, origin }: Described): Partial<Conditions>[] | string {
  const field = String(value.Field);
  const name = CONFIGS[field];
  if (name === undefined) return `sluice has no condition ${field}`;
  const config: Json = { Values: value.Values, RegexValues: value.RegexValues, ...objectOf(value[name]) };
  const values = (config.Values ?? []) as unknown[];
  const regexes = ((config.RegexValues ?? []) as unknown[]).map(String);
  const from = part(origin, value[name] === undefined ? ".Values" : `.${name}`, regexes.length > 0 ? regexes : values);
  const patterns = [...values.map((each) => escaped(String(each)))];
  for (const regex of field === "path-pattern" ? [] : regexes) {
    const found = toPatterns(regex);
    if (found === null) return "sluice has regular expressions for paths alone";
    patterns.push(...found);
  }
  const listed = (texts: readonly string[]): From<string>[] => texts.map((text) => ({ value: text, from }));
  switch (field) {
    case "host-header":
      return [{ hosts: listed(patterns) }];
    case "path-pattern":
      return pathOptions(patterns, regexes, from);
    case "http-request-method":
      return [{ methods: listed(values.map(String)) }];
    case "source-ip":
      return [{ sourceIps: listed(values.map(String)) }];
    case "http-header":
      return [{ headers: [{ value: { name: String(config.HttpHeaderName), patterns }, from }] }];
    default:
      return queryOptions(values.map(objectOf), from);
  }
}

function pathOptions(
  patterns: readonly string[],
  regexes: readonly string[],
  from: Origin,
): Partial<Conditions>[] | string {
  const all: Partial<Conditions>[] = patterns.length === 0
    ? []
    : [{ path: { value: { kind: "patterns", patterns }, from } }];
  for (const regex of regexes) {
    const re2 = toRe2(regex);
    if (re2 === null) return "RE2's syntax, which sluice uses, has no such expression";
    all.push({ path: { value: { kind: "regex", regex: re2 }, from } });
  }
  return all;
}

/** Any of the pairs may be there: those with the same name are one condition, others are rules of their own. */
function queryOptions(pairs: readonly Json[], from: Origin): Partial<Conditions>[] | string {
  const byName = new Map<string, string[]>();
  for (const pair of pairs) {
    if (pair.Key === undefined) return "sluice asks for a parameter by its name";
    const name = String(pair.Key);
    byName.set(name, [...byName.get(name) ?? [], escaped(String(pair.Value))]);
  }
  return [...byName].map(([name, patterns]) => ({ queries: [{ value: { name, patterns }, from }] }));
}

/**
 * Both have `*` and `?`; `|` and `&` are plain characters for an ALB, and so is `\` unless it stands before a wildcard.
 */
function escaped(pattern: string): string {
  return pattern.replace(/\\(?![*?])|[|&]/g, "\\$&");
}
