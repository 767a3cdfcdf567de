import type { PathRegexCondition } from "../../config/rule_condition.ts";
import { compileRegex } from "../regex.ts";
import type { ConditionType } from "./condition.ts";

/** `_PATH_REGEX`: unanchored, in linear time. */
export const pathRegex: ConditionType<PathRegexCondition> = {
  compile(condition) {
    const regex = compileRegex(condition.regex);
    return (_request, path) => regex.test(path);
  },
  value: (_condition, _request, path) => path,
};
