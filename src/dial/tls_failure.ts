import { messageOf } from "../logging/message_of.ts";

/** Why a handshake with a target failed. */
export type TlsFailure = "tls_untrusted" | "tls_name" | "tls_expired" | "tls_failed";

/**
 * What the platform (rustls) says of a target's certificate, in the order of asking. Text is all that Deno gives; every
 * phrase here is checked against a real failure by `tests/e2e/together/tls_targets_test.ts`.
 */
export const TLS_PHRASES: readonly (readonly [string, TlsFailure])[] = [
  ["certificate not valid for name", "tls_name"],
  ["invalid peer certificate: certificate expired", "tls_expired"],
  ["invalid peer certificate: certificate not valid yet", "tls_expired"],
  ["invalid peer certificate", "tls_untrusted"],
];

/** Tells what made a handshake fail; null if the error is a connection's rather than TLS's. */
export function tlsFailureOf(error: unknown): TlsFailure | null {
  const text = messageOf(error);
  for (const [phrase, failure] of TLS_PHRASES) if (text.includes(phrase)) return failure;
  return error instanceof Deno.errors.InvalidData || error instanceof Deno.errors.UnexpectedEof ? "tls_failed" : null;
}

/** Tells whether a connection broke because the other side sent a fatal alert of TLS (RFC 8446 section 6.2). */
export function isTlsAlert(error: unknown): boolean {
  return error instanceof Deno.errors.InvalidData && error.message.includes("received fatal alert");
}
