import type { RuleAction } from "../../config/rule_action.ts";
import type { Answers } from "./action.ts";
import { fixedResponse } from "./fixed_response.ts";
import { forward, type Forwards } from "./forward.ts";
import { redirect } from "./redirect.ts";

/** Every kind of action. */
const ACTIONS: {
  readonly [K in RuleAction["kind"]]: (action: Extract<RuleAction, { readonly kind: K }>) => Forwards | Answers;
} = {
  forward,
  redirect,
  fixed_response: fixedResponse,
};

/** Compiles an action, once a configuration. */
export function compileAction(action: RuleAction): Forwards | Answers {
  return (ACTIONS[action.kind] as (action: RuleAction) => Forwards | Answers)(action);
}
