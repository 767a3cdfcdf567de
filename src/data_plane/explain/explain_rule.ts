import type { Exchange, GroupBy } from "../chain/exchange.ts";
import type { RuleAnswer } from "../../rules/actions/action.ts";
import { explainRules } from "../../rules/explain_rules.ts";
import { actionText, conditionsText } from "../../views/rule_words.ts";
import type { ExplainedGroup, ExplainedRule } from "../../views/explanation.ts";
import { rulePath } from "../chain/plan.ts";
import { RuleQuestion } from "../chain/rule_question.ts";
import { type CompiledSnapshot, headersFor } from "../compiled_snapshot.ts";

const WHY: Readonly<Record<GroupBy, string>> = {
  only: "It is the rule's only group",
  pinned: "The client's cookie pins it to this group",
  turn: "It has this turn of the cycle",
  failover: "The group whose turn it is has no eligible target",
};

/** Returns the result of every rule for a planned request, in the order in which sluice considers rules. */
export function rulesOf({ received, routed }: Exchange, compiled: CompiledSnapshot): ExplainedRule[] {
  const { snapshot } = compiled;
  const chosen = snapshot.rules.find(({ number }) => number === routed.rule?.number) ?? null;
  const question = {
    path: rulePath(received),
    request: new RuleQuestion(received, headersFor(received, compiled)),
    chosen,
  };
  return explainRules(snapshot.rules, question).map(({ rule, conditions, verdict, why }) => ({
    number: rule.number,
    takes: conditionsText(rule),
    action: actionText(rule),
    conditions: conditions.map(({ condition: { kind, text }, held, value }) => ({ kind, text, held, value })),
    matched: verdict === "chosen",
    why,
  }));
}

/** Says of each group of the request's rule whether it was chosen; none if the rule has only one. */
export function groupsOf(
  { routed: { rule, group, groupBy } }: Exchange,
  { groups }: CompiledSnapshot,
): ExplainedGroup[] {
  if (rule === null || rule.action.kind !== "forward" || rule.action.groups.length === 1) return [];
  return rule.action.groups.map(({ name, weight }) => {
    const chosen = group?.name === name;
    const eligible = groups.get(name)!.balancer.candidates().count;
    return { name, weight, eligible, chosen, why: chosen ? WHY[groupBy] : "" };
  });
}

/** Says what a rule answers. */
export function textOf({ headers, body }: RuleAnswer): string {
  const location = headers.find(([name]) => name === "Location");
  if (location !== undefined) return `Location: ${location[1]}`;
  return body === "" ? "an empty body" : body;
}
