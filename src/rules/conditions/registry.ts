import type { ConditionKind, RuleCondition } from "../../config/rule_condition.ts";
import type { ConditionType, RuleRequest, Test } from "./condition.ts";
import { cookie } from "./cookie.ts";
import { header } from "./header.ts";
import { host } from "./host.ts";
import { method } from "./method.ts";
import { path } from "./path.ts";
import { pathPrefix } from "./path_prefix.ts";
import { pathRegex } from "./path_regex.ts";
import { protocol } from "./protocol.ts";
import { query } from "./query.ts";
import { sourceIp } from "./source_ip.ts";

/** Every kind of condition. */
const CONDITIONS: {
  readonly [K in ConditionKind]: ConditionType<Extract<RuleCondition, { readonly kind: K }>>;
} = {
  path_prefix: pathPrefix,
  path,
  path_regex: pathRegex,
  host,
  method,
  header,
  cookie,
  query,
  source_ip: sourceIp,
  protocol,
};

/** Makes a condition's test. */
export function compileCondition(condition: RuleCondition): Test {
  return typeOf(condition).compile(condition);
}

/** Gives what a condition looks at; null if the request has nothing of it. */
export function valueFor(condition: RuleCondition, request: RuleRequest, path: string): string | null {
  return typeOf(condition).value(condition, request, path);
}

function typeOf(condition: RuleCondition): ConditionType<RuleCondition> {
  return CONDITIONS[condition.kind] as ConditionType<RuleCondition>;
}
