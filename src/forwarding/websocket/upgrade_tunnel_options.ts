import type { Clock } from "../../time/clock.ts";

/** Who ended a tunnel. */
export type LeftFirst = "client" | "target" | "idle" | "shutdown";

/** How a tunnel ended. */
export interface TunnelOutcome {
  /** Payload bytes of the client's messages. */
  readonly requestBytes: number;
  /** Payload bytes of the target's messages. */
  readonly responseBytes: number;
  /** The close code of whoever left first; 1005 for a close frame without one, null for one who vanished or was cut. */
  readonly code: number | null;
  readonly leftFirst: LeftFirst;
}

export interface TunnelOptions {
  /** No message either way, and no ping or pong of the target, for this long ends the tunnel; 0 never. */
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  /** Called once, when both legs are over. */
  readonly onClosed: (outcome: TunnelOutcome) => void;
  /** Called with what was thrown where an event of a socket was handled: the tunnel is cut, and the thread goes on. */
  readonly onBroken?: (error: unknown) => void;
  /** Headers of the client's 101. */
  readonly told?: readonly (readonly [string, string])[];
  /** Seconds as in `ClientLeg`. Default 120. */
  readonly clientPingSeconds?: number;
  /** False does without making a client wait (as where the platform has no way to), for tests. */
  readonly holdReading?: boolean;
  /** Most bytes held for a slow target where its client can't be made to wait. Default 16 MiB. */
  readonly maxHeldBytes?: number;
}
