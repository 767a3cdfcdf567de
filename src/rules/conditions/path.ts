import type { PathCondition } from "../../config/rule_condition.ts";
import { compilePatterns } from "../wildcard.ts";
import type { ConditionType } from "./condition.ts";

/** `_PATH`: the whole path, by case. */
export const path: ConditionType<PathCondition> = {
  compile({ patterns }) {
    const like = compilePatterns(patterns);
    return (_request, path) => like(path);
  },
  value: (_condition, _request, path) => path,
};
