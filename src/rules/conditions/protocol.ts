import type { ProtocolCondition } from "../../config/rule_condition.ts";
import type { ConditionType } from "./condition.ts";

/** `_PROTOCOL`: of the client's connection, or what TRUSTED_PROXIES say of theirs. */
export const protocol: ConditionType<ProtocolCondition> = {
  compile({ protocols }) {
    return (request) => protocols.includes(request.protocol);
  },
  value: (_condition, request) => request.protocol,
};
