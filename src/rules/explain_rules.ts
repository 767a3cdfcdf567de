import type { RuleConfig } from "../config/rule.ts";
import type { RuleCondition } from "../config/rule_condition.ts";
import type { RuleRequest } from "./conditions/condition.ts";
import { compileCondition, valueFor } from "./conditions/registry.ts";
import { orderedAlternatives } from "./rule_order.ts";

/** The result of one condition for one request. */
export interface ConditionVerdict {
  readonly condition: RuleCondition;
  readonly held: boolean;
  /** The value that it compared; null if the request has none. */
  readonly value: string | null;
}

/** The result of one rule for one request. */
export interface RuleVerdict<R extends RuleConfig> {
  readonly rule: R;
  readonly conditions: readonly ConditionVerdict[];
  readonly verdict: "chosen" | "later" | "no match";
  /** In words an operator would say. */
  readonly why: string;
}

/**
 * Says of every rule, in the order in which they are considered, why it was chosen or lost; for `explain`, not for the
 * request path.
 *
 * @param chosen What the index found; null if it found none, or was not asked.
 */
export function explainRules<R extends RuleConfig>(
  rules: readonly R[],
  { path, request, chosen }: { readonly path: string; readonly request: RuleRequest; readonly chosen: R | null },
): RuleVerdict<R>[] {
  const inOrder = [...new Set(orderedAlternatives(rules).map(({ rule }) => rule))];
  return inOrder.map((rule) => {
    const conditions = rule.conditions.map((condition) => ({
      condition,
      held: compileCondition(condition)(request, path),
      value: valueFor(condition, request, path),
    }));
    return { rule, conditions, ...verdictOf(rule, conditions, chosen) };
  });
}

function verdictOf(
  rule: RuleConfig,
  conditions: readonly ConditionVerdict[],
  chosen: RuleConfig | null,
): { readonly verdict: RuleVerdict<RuleConfig>["verdict"]; readonly why: string } {
  if (rule === chosen) {
    const why = conditions.length === 0
      ? "It takes every request"
      : "Its conditions hold, and no rule before it takes the request";
    return { verdict: "chosen", why };
  }
  const failed = conditions.find(({ held }) => !held);
  if (failed === undefined) {
    const first = chosen === null ? "sluice answers before any rule" : `rule ${chosen.number} comes first`;
    return { verdict: "later", why: `Its conditions hold too, but ${first}` };
  }
  return { verdict: "no match", why: whyNot(failed) };
}

function whyNot({ condition, value }: ConditionVerdict): string {
  const shown = value === null ? "none" : `"${value}"`;
  switch (condition.kind) {
    case "path_prefix":
      return value!.startsWith(condition.prefix)
        ? `The path begins with "${condition.prefix}", but not with whole segments of it`
        : `The path is not under "${condition.prefix}"`;
    case "path":
      return `The path is not like ${condition.text}`;
    case "path_regex":
      return `The path does not match ${condition.text}`;
    case "host":
      return `The host ${shown} is not like ${condition.text}`;
    case "method":
      return `The method is not ${condition.text}`;
    case "header":
    case "cookie":
    case "query":
      return value === null
        ? `There is no ${condition.kind} ${condition.name}`
        : `The ${condition.kind} ${condition.name} is ${shown}`;
    case "source_ip":
      return `The client ${value} is not in ${condition.text}`;
    case "protocol":
      return `The protocol is ${value}`;
  }
}
