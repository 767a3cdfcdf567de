/**
 * Every way a probe can fail, as log, stats and dashboard name it. The first three are what an operator meets; the
 * names follow the pattern of AWS's reason codes for target health.
 */
export type ProbeFailure =
  /** No whole response head within the timeout. */
  | "Target.Timeout"
  /** An answer, but its status is not in the matcher; followed by ` got <status>`. */
  | "Target.ResponseCodeMismatch"
  | "Target.ConnectionRefused"
  /** The connection broke before a whole response head. */
  | "Target.ConnectionReset"
  /** The target closed the connection before a whole response head. */
  | "Target.ConnectionClosed"
  /** No connection for another reason (no route, say). */
  | "Target.ConnectionFailed"
  /** The TLS handshake failed: certificate, name, protocol. */
  | "Target.TlsFailed"
  /** What came is not a response head of HTTP/1. */
  | "Target.InvalidResponse";

/** What one probe found. */
export type ProbeResult =
  | { readonly kind: "success"; readonly status: number; readonly micros: number }
  | {
    readonly kind: "failure";
    readonly failure: ProbeFailure;
    readonly status: number | null;
    readonly micros: number;
  }
  /** Nothing was learned about the target: the probe was called off, or this process is out of descriptors or ports. */
  | { readonly kind: "inconclusive"; readonly error: string };

/** As `describeProbe`, where it is clear that a probe failed: `got 503`. */
export function briefProbe(result: ProbeResult): string {
  return result.kind === "failure" && result.status !== null ? `got ${result.status}` : describeProbe(result);
}

/** Says a result in a few words: `got 200`, `Target.Timeout`, `Target.ResponseCodeMismatch got 503`. */
export function describeProbe(result: ProbeResult): string {
  if (result.kind === "success") return `got ${result.status}`;
  if (result.kind === "inconclusive") return `inconclusive: ${result.error}`;
  return result.failure === "Target.ResponseCodeMismatch" ? `${result.failure} got ${result.status}` : result.failure;
}
