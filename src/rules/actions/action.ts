import type { RuleRequest } from "../conditions/condition.ts";

/** What actions ask of a request. */
export interface ActionRequest extends RuleRequest {
  /** Canonical. */
  readonly path: string;
  readonly listenerPort: number;
}

/** A response of sluice's own that a rule asks for. */
export interface RuleAnswer {
  readonly status: number;
  readonly reason: "redirect" | "fixed_response";
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** An action by which sluice responds by itself. */
export interface Answers {
  readonly kind: "redirect" | "fixed_response";
  /**
   * Gives the response; "loop" if it would lead to the request's own URL, "bad_request" if it needs a host that the
   * request does not name.
   */
  answer(request: ActionRequest): RuleAnswer | "loop" | "bad_request";
}
