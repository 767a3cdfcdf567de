import type { RuleConfig } from "../config/rule.ts";
import type { HostCondition, RuleCondition } from "../config/rule_condition.ts";
import { parsePattern } from "../config/values/pattern.ts";
import { canonicalPath } from "./canonical_path.ts";

/**
 * How an alternative asks for its path, in the order in which they are considered if their literal parts are equally
 * long.
 */
export const PATH_KIND = {
  /** A pattern without wildcards. */
  exact: 0,
  /** Whole segments; also what takes every path, or says nothing of its beginning. */
  prefix: 1,
  pattern: 2,
} as const;

/** How an alternative asks for its host, in the order in which they are considered. */
export const HOST_KIND = { exact: 0, pattern: 1, none: 2 } as const;

/** A rule with one of its hosts and one of its paths: a rule with several values counts as several rules. */
export interface Alternative<R extends RuleConfig = RuleConfig> {
  readonly rule: R;
  /** The pattern, in lower case; null takes every host. */
  readonly host: string | null;
  readonly hostKind: number;
  /** Every path that it takes begins with this: a prefix, a pattern up to its first wildcard, "/". */
  readonly literal: string;
  readonly pathKind: number;
  /** What must hold beside host and literal. */
  readonly others: readonly RuleCondition[];
}

/**
 * Gives every alternative in the order in which rules are considered: by priority before all without; then the longest
 * literal path; then exact pattern, prefix, pattern; then exact host, host pattern, none; then more conditions; then
 * the lower number.
 */
export function orderedAlternatives<R extends RuleConfig>(rules: readonly R[]): Alternative<R>[] {
  return rules.flatMap(alternativesOf).sort(compare);
}

function compare(one: Alternative, other: Alternative): number {
  return (one.rule.priority ?? Infinity) - (other.rule.priority ?? Infinity) ||
    other.literal.length - one.literal.length ||
    one.pathKind - other.pathKind ||
    one.hostKind - other.hostKind ||
    other.rule.conditions.length - one.rule.conditions.length ||
    one.rule.number - other.rule.number;
}

type Path = Pick<Alternative, "literal" | "pathKind"> & { readonly condition: RuleCondition | null };
type Host = Pick<Alternative, "host" | "hostKind">;

function alternativesOf<R extends RuleConfig>(rule: R): Alternative<R>[] {
  // If a kind has several parts, the first is the one that the order goes by.
  const path = rule.conditions.find(isPath);
  const host = rule.conditions.find(isHost);
  const others = rule.conditions.filter((each) => each !== path && each !== host);
  return pathsOf(path).flatMap(({ condition, ...way }) =>
    hostsOf(host).map((name): Alternative<R> => ({
      rule,
      ...name,
      ...way,
      others: condition === null ? others : [condition, ...others],
    }))
  );
}

function isPath(condition: RuleCondition): boolean {
  return condition.kind === "path_prefix" || condition.kind === "path" || condition.kind === "path_regex";
}

function isHost(condition: RuleCondition): condition is HostCondition {
  return condition.kind === "host";
}

function hostsOf(condition: HostCondition | undefined): Host[] {
  if (condition === undefined) return [{ host: null, hostKind: HOST_KIND.none }];
  return condition.patterns.map((host) => ({
    host,
    hostKind: parsePattern(host).exact ? HOST_KIND.exact : HOST_KIND.pattern,
  }));
}

function pathsOf(condition: RuleCondition | undefined): Path[] {
  switch (condition?.kind) {
    case "path_prefix": {
      const literal = canonicalPath(condition.prefix) ?? condition.prefix;
      return [{ literal, pathKind: PATH_KIND.prefix, condition: null }];
    }
    case "path":
      return condition.patterns.map((pattern) => {
        const { literal, exact } = parsePattern(pattern);
        const own = { ...condition, patterns: [pattern] };
        if (exact) return { literal: canonicalPath(literal) ?? literal, pathKind: PATH_KIND.exact, condition: null };
        if (literal === "") return { literal: "/", pathKind: PATH_KIND.prefix, condition: own };
        return { literal, pathKind: PATH_KIND.pattern, condition: own };
      });
    case "path_regex":
      return [{ literal: "/", pathKind: PATH_KIND.prefix, condition }];
    default:
      return [{ literal: "/", pathKind: PATH_KIND.prefix, condition: null }];
  }
}
