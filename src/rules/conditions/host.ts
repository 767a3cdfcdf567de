import type { HostCondition } from "../../config/rule_condition.ts";
import { bareHost } from "../bare_host.ts";
import { compilePatterns } from "../wildcard.ts";
import type { ConditionType } from "./condition.ts";

/** `_HOST`: in any case, without port and final dot. X-Forwarded-Host is never looked at: any client can write it. */
export const host: ConditionType<HostCondition> = {
  compile({ patterns }) {
    const like = compilePatterns(patterns);
    return (request) => like(bareHost(request.host));
  },
  value: (_condition, request) => request.host === "" ? null : bareHost(request.host),
};
