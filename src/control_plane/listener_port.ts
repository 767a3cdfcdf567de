import type { ListenerConfig } from "../config/model.ts";

/** A port could not be had: one line for the user, and exit code 1. */
export class PortTaken extends Error {}

/** A port that nobody else can open until it is released. */
export interface PortClaim {
  readonly port: number;
  /** Closes it, so that the workers can open it. */
  release(): void;
}

/**
 * Claims the listener's port (LISTENER_PORT=0: a free one). The workers open it with SO_REUSEPORT, which would silently
 * share it with another process; so it is held without until they are ready to open it: of two that start at once, one
 * finds it taken, but for the instant between release and opening. LISTENER_TAKEOVER=true holds nothing: the port is
 * shared on purpose, and a socket that is opened only to be closed again would reset connections meanwhile.
 */
export function claimListenerPort({ host, port, takeover }: ListenerConfig): PortClaim {
  if (takeover && port !== 0) return { port, release() {} };
  try {
    const listener = Deno.listen({ hostname: host, port });
    let open = true;
    return {
      port: (listener.addr as Deno.NetAddr).port,
      release() {
        if (open) listener.close();
        open = false;
      },
    };
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
