import type { Middleware } from "./chain.ts";
import { ownAnswer } from "./own_answer.ts";

/** Finds the rule whose prefix is the longest that holds the path; 404 where there is none. */
export function matchRule(): Middleware {
  return (next) =>
    function matchRule(passage) {
      const { exchange, compiled } = passage;
      const rule = compiled.rules.match(exchange.path);
      if (rule === null) return ownAnswer(exchange, "no_rule", compiled.snapshot.listener);
      exchange.rule = rule;
      return next(passage);
    };
}
