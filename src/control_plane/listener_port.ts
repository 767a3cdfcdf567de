import type { ListenerConfig } from "../config/model.ts";

/** A port could not be had: one line for the user, and exit code 1. */
export class PortTaken extends Error {}

/**
 * Makes sure that the listener's port is free and returns it (LISTENER_PORT=0: a free one). The workers open it with
 * SO_REUSEPORT, which would silently share it with another process; so it is opened once without, and closed again.
 * LISTENER_TAKEOVER=true skips that for a rolling replacement.
 */
export function claimListenerPort({ host, port, takeover }: ListenerConfig): number {
  try {
    const listener = Deno.listen({ hostname: host, port, reusePort: takeover });
    const taken = (listener.addr as Deno.NetAddr).port;
    listener.close();
    return taken;
  } catch (error) {
    throw new PortTaken(`Cannot listen on "${host}:${port}" (LISTENER_HOST, LISTENER_PORT): ${whyNot(error)}`);
  }
}

/** Says in words why an address could not be listened on. */
export function whyNot(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the port is taken";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "ports below 1024 need a privilege that this user does not have";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  return error instanceof Error ? error.message : String(error);
}
