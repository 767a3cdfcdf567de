import { type HeaderEditsConfig, NO_HEADER_EDITS } from "./header_edits.ts";
import type { RuleAction } from "./rule_action.ts";
import type { RuleCondition } from "./rule_condition.ts";

/**
 * One listener rule: it takes the requests for which all its conditions hold, and does with them what its action says.
 */
export interface RuleConfig {
  /** The N of `LISTENER_RULE_<N>_*`: what logs, statistics and counters know the rule by. */
  readonly number: number;
  /** `_PRIORITY`, 1 to 50000, the lower first and before all without; null if unset. */
  readonly priority: number | null;
  /** Empty takes every request. */
  readonly conditions: readonly RuleCondition[];
  readonly action: RuleAction;
  /** Come after the listener's. */
  readonly headers: HeaderEditsConfig;
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
  const rewrite = pathRewrite === "" ? null : { kind: "strip" as const, prefix: pathRewrite };
  return {
    number,
    priority: null,
    conditions: [{ kind: "path_prefix", text: prefix, prefix }],
    action: {
      kind: "forward",
      groups: [{ name: group, weight: 1 }],
      failover: false,
      stickiness: null,
      rewrite,
      hostRewrite: null,
    },
    headers: NO_HEADER_EDITS,
  };
}
