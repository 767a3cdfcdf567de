import { isOwnShortage } from "../dial/own_shortage.ts";
import type { TlsFailure } from "../dial/tls_failure.ts";
import { KEPT_CHARS, ownText } from "../state/own_text.ts";
import { type Reason, REASON_NAMES, REASONS } from "../state/reason.ts";

/** The reasons that an attempt at a target can end with. */
export type FailureReason = Extract<
  Reason,
  | "connect_refused"
  | "connect_failed"
  | "connect_timeout"
  | TlsFailure
  | "reset_before_headers"
  | "bad_response"
  | "timeout"
  | "client_closed"
  | "bad_request"
  | "body_timeout"
  | "body_too_large"
  | "shutting_down"
  | "overloaded"
  | "all_targets_refused"
>;

/** Why an attempt got no response. A value, not an exception: reason, retry and status derive from it. */
export class Failure {
  readonly reason: FailureReason;
  /** What exactly went wrong, in words: for the logs and the decisions, which keep it. */
  readonly detail: string;
  readonly #sent: boolean;

  /** @param sent The request was sent, although the reason is usually found before. */
  constructor(reason: FailureReason, detail: string, { sent = false }: { readonly sent?: boolean } = {}) {
    this.reason = reason;
    this.#sent = sent;
    // What `fetch` says holds the URL, and a target's status line may be as long as its head.
    this.detail = detail.length <= KEPT_CHARS ? detail : `${ownText(detail)}...`;
  }

  /** Nothing was sent, so any request may move on to another target. */
  get nothingSent(): boolean {
    return !this.#sent && NOTHING_SENT.has(this.reason);
  }
}

/** Reasons that are the client's or sluice's own: no target is blamed for them. A client that left is counted apart. */
export const NOT_OF_THE_TARGET: ReadonlySet<Reason> = new Set(
  REASON_NAMES.filter((reason) => REASONS[reason].fault !== "target" && reason !== "client_closed"),
);

const NOTHING_SENT: ReadonlySet<FailureReason> = new Set<FailureReason>([
  "connect_refused",
  "connect_failed",
  "connect_timeout",
  "tls_untrusted",
  "tls_name",
  "tls_expired",
  "tls_failed",
]);

/**
 * What an attempt ended with, if its exchange was given up: why it was given up. But a deadline that passes while
 * connecting is the connection's failure.
 */
export function failureOf(over: Failure | null, failure: Failure): Failure {
  if (over === null || (over.reason === "timeout" && failure.reason === "connect_timeout")) return failure;
  return over;
}

/**
 * What `fetch` says, in the order of asking. Text is all that Deno gives (`TypeError: fetch failed`, and a cause
 * whose message holds hyper's words, or the system's); every phrase here is checked against a real failure by
 * `tests/e2e/together/gateway_errors_test.ts`. The text holds the URL too: each phrase has a space or a bracket,
 * which a URL that `fetch` has written never has, so no client can put one there.
 */
export const PHRASES: readonly (readonly [string, FailureReason])[] = [
  ["client error (Connect): tcp connect error: Connection refused", "connect_refused"],
  ["client error (Connect)", "connect_failed"],
  [": invalid ", "bad_response"],
  [": message head is too large", "bad_response"],
  ["client error (SendRequest)", "reset_before_headers"],
  ["Connection reset by peer", "reset_before_headers"],
  ["Broken pipe", "reset_before_headers"],
  ["peer closed connection without sending TLS close_notify", "reset_before_headers"],
  ["received corrupt message of type", "bad_response"],
];

/**
 * Maps what `fetch` threw to a failure. What broke a connection in a way that nobody foresaw did not answer: such a
 * failure is `reset_before_headers`, and `unknown` hears its whole text.
 */
export function classifyFetchError(error: unknown, unknown: (text: string) => void = () => {}): Failure {
  const text = errorText(error);
  if (isOwnShortage(text)) return new Failure("overloaded", text);
  for (const [phrase, reason] of PHRASES) if (text.includes(phrase)) return new Failure(reason, text);
  // Without a cause it is no failure of a connection: the request was given up, or never begun.
  if (!(error instanceof Error && error.cause instanceof Error)) return new Failure("bad_response", text);
  unknown(text);
  return new Failure("reset_before_headers", text);
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : `${error.name}: ${error.message}`;
}
