import type { Collector } from "../output/collector.ts";
import type { Conditions } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";
import { ifConditions } from "./if_conditions.ts";
import { returnAction } from "./return_action.ts";
import { type OwnAnswer, rewriteAnswer } from "./rewrite_answer.ts";
import type { Blocks } from "./values.ts";

/** The `if`, `rewrite` and `return` of the innermost block that respond by themselves, in their order. */
export function readOwnAnswers(blocks: Blocks, where: "server" | "location", found: Collector): OwnAnswer[] {
  return blocks[0]!.flatMap((directive) => {
    if (directive.name === "return") return answer(directive, NO_CONDITIONS, blocks, found);
    if (directive.name === "rewrite") return rewriteAnswer(directive, where, blocks, found);
    return directive.name === "if" ? ifAnswers(directive, blocks, found) : [];
  });
}

function answer(directive: Directive, conditions: Conditions, blocks: Blocks, found: Collector): OwnAnswer[] {
  const action = returnAction(directive, blocks, found);
  return action === null ? [] : [{ from: [originOf(directive)], conditions, action }];
}

function ifAnswers(directive: Directive, blocks: Blocks, found: Collector): OwnAnswer[] {
  const from = originOf(directive);
  const inner = directive.block ?? [];
  const conditions = ifConditions(directive);
  const returns = inner.filter(({ name }) => name === "return" || name === "rewrite");
  for (const each of inner) {
    if (conditions === null || !returns.includes(each)) found.lose(originOf(each), "part of an if");
  }
  if (conditions === null) {
    found.lose(from, "sluice has no condition for it");
    return [];
  }
  return returns.flatMap((each) => {
    const answers = each.name === "return"
      ? answer(each, conditions, [inner, ...blocks], found)
      : rewriteAnswer(each, "location", [inner, ...blocks], found).map((one) => ({
        ...one,
        conditions: { ...conditions, ...one.conditions.path ? { path: one.conditions.path } : {} },
      }));
    return answers.map((one) => ({ ...one, from: [from, ...one.from] }));
  });
}
