import { isOwnShortage } from "../../dial/own_shortage.ts";
import { HandshakeFailed, TooManyStuck } from "../../dial/tls_connection.ts";
import { tlsFailureOf } from "../../dial/tls_failure.ts";
import { Malformed } from "../../http1/malformed.ts";
import { Failure } from "../gateway_error.ts";
import { messageOf } from "../../logging/message_of.ts";

/** Maps what connecting, or its TLS handshake, failed with. Nothing was sent in any case. */
export function connectFailure(error: unknown): Failure {
  const text = describeError(error);
  if (isOwnShortage(text)) return new Failure("overloaded", text);
  if (error instanceof TooManyStuck) return new Failure("tls_failed", text);
  const ofHandshake = error instanceof HandshakeFailed;
  const tls = tlsFailureOf(ofHandshake ? error.cause : error);
  if (tls !== null || ofHandshake) return new Failure(tls ?? "tls_failed", text);
  const refused = error instanceof Deno.errors.ConnectionRefused;
  return new Failure(refused ? "connect_refused" : "connect_failed", text);
}

/** Says an error in words. */
export function describeError(error: unknown): string {
  if (error instanceof Malformed) return `The target ${error.message}`;
  return messageOf(error);
}
