/** One listener rule: it takes the requests for which all its conditions hold, and does with them what its action says. */
export interface RuleConfig {
  /** The N of `LISTENER_RULE_<N>_*`: what logs, statistics and counters know the rule by. */
  readonly number: number;
  readonly conditions: readonly RuleCondition[];
  readonly action: RuleAction;
}

/** What must hold for a request. */
export type RuleCondition = PathPrefixCondition;

/** `_PATH_PREFIX`: the path begins with these whole segments. */
export interface PathPrefixCondition {
  readonly kind: "path_prefix";
  readonly prefix: string;
}

/** What a rule does with its requests. */
export type RuleAction = ForwardAction;

/** `_TARGET_GROUP`: they go to a target group. */
export interface ForwardAction {
  readonly kind: "forward";
  /** The name of the target group. */
  readonly group: string;
  /** `_PATH_REWRITE`: the prefix to strip; empty strips nothing. */
  readonly pathRewrite: string;
}

/** Gives the prefix that a rule's paths have; "/" if it takes every path. */
export function prefixOf({ conditions }: Pick<RuleConfig, "conditions">): string {
  return conditions.find(({ kind }) => kind === "path_prefix")?.prefix ?? "/";
}

/** Makes a rule that takes the paths under a prefix to a group. */
export function prefixRule(
  number: number,
  { prefix, group, pathRewrite = "" }: {
    readonly prefix: string;
    readonly group: string;
    readonly pathRewrite?: string;
  },
): RuleConfig {
  return {
    number,
    conditions: [{ kind: "path_prefix", prefix }],
    action: { kind: "forward", group, pathRewrite },
  };
}
