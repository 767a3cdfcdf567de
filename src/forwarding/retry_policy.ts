import { isIdempotent } from "../http1/methods.ts";
import type { Failure } from "./gateway_error.ts";

/**
 * Most targets that are tried for one request, however many refuse: a group that is dead as a whole costs no more than
 * this.
 */
export const MOST_TARGETS = 10;

/** What a request went through so far. */
export interface Tried {
  readonly method: string;
  /** Attempts that were sent and got no response, before the one that failed now. */
  readonly retriesUsed: number;
  /** RETRY_ATTEMPTS. */
  readonly retriesAllowed: number;
  /** Some of the body went to a target and can't be given again. */
  readonly bodySpent: boolean;
}

/** Whether another attempt follows, and why (or why not). */
export interface RetryDecision {
  readonly retry: boolean;
  readonly why: string;
}

/**
 * Decides whether a failed attempt is followed by another. A connection that could not be made sent nothing: any method
 * goes on to other targets, each once, {@linkcode MOST_TARGETS} in all. Once sent, only an idempotent method whose body
 * can be given again, a limited number of times. Never after response headers, nor after the deadline or the client's
 * leaving.
 */
export function decideRetry(failure: Failure, tried: Tried): RetryDecision {
  if (tried.bodySpent) return refuse("its body was partly sent");
  if (failure.nothingSent) return { retry: true, why: "nothing was sent" };
  if (failure.reason !== "reset_before_headers") return refuse("the exchange is over");
  if (!isIdempotent(tried.method)) return refuse("the method is not idempotent");
  if (tried.retriesUsed >= tried.retriesAllowed) return refuse("no retry is left");
  return { retry: true, why: "the method is idempotent" };
}

function refuse(why: string): RetryDecision {
  return { retry: false, why };
}
