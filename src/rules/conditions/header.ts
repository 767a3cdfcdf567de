import type { NamedCondition } from "../../config/rule_condition.ts";
import { compilePatterns } from "../wildcard.ts";
import type { ConditionType } from "./condition.ts";

/** `_HEADER`: any of the lines of that name, in any case. */
export const header: ConditionType<NamedCondition<"header">> = {
  compile({ name, patterns }) {
    const like = compilePatterns(patterns.map((each) => each.toLowerCase()));
    return (request) => request.headerLines(name).some((value) => like(value.toLowerCase()));
  },
  value(condition, request) {
    const lines = request.headerLines(condition.name);
    return lines.length === 0 ? null : lines.join(", ");
  },
};
