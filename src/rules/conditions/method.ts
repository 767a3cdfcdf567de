import type { MethodCondition } from "../../config/rule_condition.ts";
import type { ConditionType } from "./condition.ts";

/** `_METHOD`: by case, and GET does not imply HEAD. */
export const method: ConditionType<MethodCondition> = {
  compile({ methods }) {
    const set = new Set(methods);
    return (request) => set.has(request.method);
  },
  value: (_condition, request) => request.method,
};
