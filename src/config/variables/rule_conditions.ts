import { cannotUse, problem } from "../config_error.ts";
import type { ConditionKind, RuleCondition } from "../rule_condition.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { conditionsOf } from "../values/condition_values.ts";
import type { RegexSyntax } from "../values/regex_rewrite.ts";
import { define, type Variable } from "./variable.ts";

/** The conditions of a listener rule. */
export const RULE_CONDITIONS = {
  pathPrefix: define("LISTENER_RULE_<N>_PATH_PREFIX", {
    kind: conditionsOf("path_prefix", "path"),
    meaning: "Paths with this prefix, by whole segments. A rule without a path takes every path.",
    example: "/api",
  }),
  path: define("LISTENER_RULE_<N>_PATH", {
    kind: conditionsOf("path", "patterns"),
    meaning: "Paths that fit a pattern as a whole: `*` is any characters, `?` is one; case counts.",
    example: "/images/*|*.jpg",
    exampleNeeds: { LISTENER_RULE_1_PATH_PREFIX: "" },
  }),
  pathRegex: define("LISTENER_RULE_<N>_PATH_REGEX", {
    kind: conditionsOf("path_regex", "regular expression"),
    meaning: "Paths in which this expression matches, in RE2's syntax; `^` and `$` are the path's start and end.",
    example: "^/v[0-9]+/users",
    exampleNeeds: { LISTENER_RULE_1_PATH_PREFIX: "" },
  }),
  host: define("LISTENER_RULE_<N>_HOST", {
    kind: conditionsOf("host", "patterns"),
    meaning: "Hosts that fit a pattern; sluice ignores case, port and a final dot.",
    example: "shop.example|*.shop.example",
  }),
  method: define("LISTENER_RULE_<N>_METHOD", {
    kind: conditionsOf("method", "methods"),
    meaning: "Methods; case counts. GET does not include HEAD.",
    example: "GET|HEAD",
  }),
  header: define("LISTENER_RULE_<N>_HEADER", {
    kind: conditionsOf("header", "names and patterns"),
    meaning: "Requests with a header whose value fits a pattern; case is ignored. A name alone: the header exists.",
    example: "X-Canary: true|1 && X-Tenant: a*",
  }),
  cookie: define("LISTENER_RULE_<N>_COOKIE", {
    kind: conditionsOf("cookie", "names and patterns"),
    meaning: "Requests with a cookie whose decoded value fits a pattern; case counts. A name alone: the cookie exists.",
    example: "beta=1|yes",
  }),
  query: define("LISTENER_RULE_<N>_QUERY", {
    kind: conditionsOf("query", "names and patterns"),
    meaning: "Requests with a parameter whose decoded value fits a pattern; case is ignored. A name alone: it exists.",
    example: "version=2*",
  }),
  sourceIp: define("LISTENER_RULE_<N>_SOURCE_IP", {
    kind: conditionsOf("source_ip", "addresses and CIDRs"),
    meaning: "Clients in one of these ranges. A peer in `TRUSTED_PROXIES` may name another client.",
    example: "10.0.0.0/8|2001:db8::/32",
  }),
  protocol: define("LISTENER_RULE_<N>_PROTOCOL", {
    kind: conditionsOf("protocol", "`http` or `https`"),
    meaning: "Requests that came by this protocol: the connection's, or `X-Forwarded-Proto` of `TRUSTED_PROXIES`.",
    example: "https",
  }),
};

const OF_PATHS: readonly ConditionKind[] = ["path_prefix", "path", "path_regex"];

/** Parses a rule's conditions. */
export function readConditions(reader: SettingsReader, number: number, regex: RegexSyntax): RuleCondition[] {
  const at = { number };
  const conditions: RuleCondition[] = [];
  const ofPaths: string[] = [];
  for (const variable of Object.values(RULE_CONDITIONS) as Variable<readonly RuleCondition[] | null>[]) {
    for (const condition of reader.readIfSet(variable, at) ?? []) {
      if (condition.kind === "path_regex") {
        reportRegex(reader, variable, { number, regex: condition.regex, syntax: regex });
      }
      if (OF_PATHS.includes(condition.kind) && !ofPaths.includes(reader.shownAs(variable, at))) {
        ofPaths.push(reader.shownAs(variable, at));
      }
      conditions.push(condition);
    }
  }
  if (ofPaths.length > 1) {
    reader.report(problem(ofPaths[0]!, `${ofPaths.join(" and ")}: a rule can have only one of them`));
  }
  return conditions;
}

/**
 * Tells whether a problem about a rule leaves its conditions unknown: one of them is wrong, or an unknown name may be
 * one. Compared with other rules, such a rule would seem to take what it does not.
 * @param unknown Names that are no variables.
 */
export function leavesConditionsOpen(number: number, subject: string, unknown: ReadonlySet<string>): boolean {
  const prefix = `LISTENER_RULE_${number}_`;
  if (!subject.startsWith(prefix)) return false;
  return unknown.has(subject) || CONDITION_ENDS.has(subject.slice(prefix.length));
}

const CONDITION_ENDS = new Set(
  Object.values(RULE_CONDITIONS).map(({ name }) => name.replace("LISTENER_RULE_<N>_", "")),
);

/** Reports an expression that RE2's syntax does not have. */
export function reportRegex<T>(
  reader: SettingsReader,
  variable: Variable<T>,
  { number, regex, syntax }: { readonly number: number; readonly regex: string; readonly syntax: RegexSyntax },
): void {
  const wrong = syntax.problem(regex);
  if (wrong === null) return;
  const { text, label } = reader.find(variable, { number })!;
  reader.report(cannotUse(text, label, `a regular expression in RE2's syntax: ${wrong}`));
}

/** Makes a text that two rules share exactly if they have the same conditions. */
export function conditionsKey(conditions: readonly RuleCondition[]): string {
  const keys = conditions.map((condition): unknown[] => {
    switch (condition.kind) {
      case "path_prefix":
        return [condition.kind, condition.prefix];
      case "path":
      case "host":
        return [condition.kind, sorted(condition.patterns)];
      case "path_regex":
        return [condition.kind, condition.regex];
      case "method":
        return [condition.kind, sorted(condition.methods)];
      case "header":
      case "query":
        return [condition.kind, condition.name.toLowerCase(), sorted(condition.patterns.map(lowerCase))];
      case "cookie":
        return [condition.kind, condition.name, sorted(condition.patterns)];
      case "source_ip":
        return [condition.kind, sorted(condition.ranges)];
      case "protocol":
        return [condition.kind, sorted(condition.protocols)];
    }
  });
  // The prefix "/" holds for every path, as no condition on it does.
  return sorted(keys.map((key) => JSON.stringify(key)).filter((key) => key !== '["path_prefix","/"]')).join("\n");
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}
