import type { TlsFailure } from "../dial/tls_failure.ts";

/**
 * The reasons for a failed probe, as log, stats and dashboard name them. The first three are the most frequent; the
 * names follow AWS's reason codes for target health.
 */
export type ProbeFailure =
  /** No complete response head within the timeout. */
  | "Target.Timeout"
  /** A response whose status the matcher does not accept; followed by ` got <status>`. */
  | "Target.ResponseCodeMismatch"
  | "Target.ConnectionRefused"
  /** The connection was reset before a complete response head. */
  | "Target.ConnectionReset"
  /** The target closed the connection before a complete response head. */
  | "Target.ConnectionClosed"
  /** The connection failed for another reason (such as no route). */
  | "Target.ConnectionFailed"
  /** The TLS handshake failed; followed by ` tls_name` and the like if the certificate was wrong. */
  | "Target.TlsFailed"
  /** The response is not valid HTTP/1. */
  | "Target.InvalidResponse";

/** The result of one probe. */
export type ProbeResult =
  | { readonly kind: "success"; readonly status: number; readonly micros: number }
  | {
    readonly kind: "failure";
    readonly failure: ProbeFailure;
    readonly status: number | null;
    readonly micros: number;
    /** With `Target.TlsFailed`: what was wrong, in the words of a request's reason. */
    readonly tls?: TlsFailure;
  }
  /** Says nothing about the target: the probe was cancelled, or this process has no descriptors or ports left. */
  | { readonly kind: "inconclusive"; readonly error: string };

/** Like `describeProbe`, if it is clear that a probe failed: `got 503`. */
export function briefProbe(result: ProbeResult): string {
  return result.kind === "failure" && result.status !== null ? `got ${result.status}` : describeProbe(result);
}

/** Describes a result in a few words: `got 200`, `Target.Timeout`, `Target.ResponseCodeMismatch got 503`. */
export function describeProbe(result: ProbeResult): string {
  if (result.kind === "success") return `got ${result.status}`;
  if (result.kind === "inconclusive") return `inconclusive: ${result.error}`;
  const { failure, status, tls = "tls_failed" } = result;
  if (failure === "Target.ResponseCodeMismatch") return `${failure} got ${status}`;
  return tls === "tls_failed" ? failure : `${failure} ${tls}`;
}
