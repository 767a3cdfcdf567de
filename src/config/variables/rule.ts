import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { RuleConfig } from "../rule.ts";
import type { RuleCondition } from "../rule_condition.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { integer } from "../values/value_kind.ts";
import { parseHeaderEdits, RULE_HEADERS } from "./headers.ts";
import { type ActionContext, readAction, RULE_ACTION } from "./rule_action.ts";
import { conditionsKey, readConditions, RULE_CONDITIONS } from "./rule_conditions.ts";
import type { Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** Most combinations of a host and a path in one rule: the rule counts as one rule for each. */
const MOST_COMBINATIONS = 1000;

/** One listener rule. */
const RULE = {
  ...RULE_CONDITIONS,
  priority: define("LISTENER_RULE_<N>_PRIORITY", {
    kind: integer(1, 50_000, "1 to 50000"),
    meaning: "Rules with a priority come before all others, the lowest first; without, the longest path comes first.",
    example: "10",
  }),
  ...RULE_ACTION,
};

/** Parses one rule; null if it has no action, which is then reported. */
export function parseRule(reader: SettingsReader, number: number, context: ActionContext): RuleConfig | null {
  const conditions = readConditions(reader, number, context.regex);
  const priority = reader.readIfSet(RULE.priority, { number });
  const combinations = countOf("host", conditions) * countOf("path", conditions);
  if (combinations > MOST_COMBINATIONS) {
    const text = `There can be at most ${MOST_COMBINATIONS} combinations of a host and a path, not ${combinations}`;
    reader.report(problemOf(`LISTENER_RULE_${number}_HOST and LISTENER_RULE_${number}_PATH`, text));
  }
  const action = readAction(reader, number, context);
  const headers = parseHeaderEdits(reader, RULE_HEADERS, { number });
  return action === null ? null : { number, priority, conditions, action, headers };
}

function countOf(kind: "host" | "path", conditions: readonly RuleCondition[]): number {
  const condition = conditions.find((each) => each.kind === kind);
  return condition !== undefined && "patterns" in condition ? condition.patterns.length : 1;
}

/** Finds rules that have the same conditions, or the same priority. */
export function findEqualRules(rules: readonly RuleConfig[]): Problem[] {
  const problems: Problem[] = [];
  const ruleOf = new Map<string, number>();
  const ofPriority = new Map<number, number>();
  for (const { number, priority, conditions } of rules) {
    const key = conditionsKey(conditions);
    const before = ruleOf.get(key);
    if (before !== undefined) {
      const [only] = conditions;
      problems.push(
        conditions.length === 1 && only!.kind === "path_prefix"
          ? problemOf(
            `LISTENER_RULE_${number}_PATH_PREFIX`,
            `${quote(only.prefix)} is the prefix of rule ${before} too`,
          )
          : problemOf(`LISTENER_RULE_${number}_*`, `Rule ${number} has the same conditions as rule ${before}`),
      );
    }
    ruleOf.set(key, before ?? number);
    if (priority === null) continue;
    const other = ofPriority.get(priority);
    if (other !== undefined) {
      problems.push(problemOf(`LISTENER_RULE_${number}_PRIORITY`, `${priority} is the priority of rule ${other} too`));
    }
    ofPriority.set(priority, other ?? number);
  }
  return problems;
}

export const RULE_TOPIC: Topic = { name: "rules", variables: RULE };
