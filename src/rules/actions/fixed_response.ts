import type { FixedResponseAction } from "../../config/rule_action.ts";
import type { Answers, RuleAnswer } from "./action.ts";

/** `_FIXED_RESPONSE`: the same response each time. */
export function fixedResponse({ status, contentType, body }: FixedResponseAction): Answers {
  const headers = contentType === null ? [] : [["Content-Type", contentType] as const];
  const answer: RuleAnswer = { status, reason: "fixed_response", headers, body };
  return { kind: "fixed_response", answer: () => answer };
}
