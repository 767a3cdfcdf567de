import { isOwnShortage } from "../../dial/own_shortage.ts";
import { Malformed } from "../../http1/malformed.ts";
import { Failure } from "../gateway_error.ts";

/** Maps what `Deno.connect` says to a failure. Nothing was sent in any case. */
export function connectFailure(error: unknown): Failure {
  const text = describeError(error);
  if (isOwnShortage(text)) return new Failure("overloaded", text);
  const refused = error instanceof Deno.errors.ConnectionRefused;
  return new Failure(refused ? "connect_refused" : "connect_failed", text);
}

/** Says an error in words. */
export function describeError(error: unknown): string {
  if (error instanceof Malformed) return `The target ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
