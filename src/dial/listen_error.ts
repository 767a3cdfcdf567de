import { messageOf } from "../logging/message_of.ts";

/** Says in words why listening on an address failed. */
export function whyNotListening(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the port is taken";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "ports below 1024 need a privilege that this user does not have";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  return messageOf(error);
}
