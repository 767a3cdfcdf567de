import type { Clock } from "../../time/clock.ts";

/** Which side ended a tunnel. */
export type LeftFirst = "client" | "target" | "idle" | "shutdown";

/** How a tunnel ended. */
export interface TunnelOutcome {
  /** Payload bytes of the client's messages. */
  readonly requestBytes: number;
  /** Payload bytes of the target's messages. */
  readonly responseBytes: number;
  /** The close code of the side that left first: 1005 for a close frame without a code, null for no close frame. */
  readonly code: number | null;
  readonly leftFirst: LeftFirst;
}

export interface TunnelOptions {
  /** Ends the tunnel after this long without a message either way and without a ping or pong of the target; 0 never. */
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  /** Called once, when both legs have ended. */
  readonly onClosed: (outcome: TunnelOutcome) => void;
  /** Called with an error in a handler of a socket's event: the tunnel is cut, and the thread goes on. */
  readonly onBroken?: (error: unknown) => void;
  /** Headers of the client's 101. */
  readonly told?: readonly (readonly [string, string])[];
  /** Seconds as in `ClientLeg`. Default 120. */
  readonly clientPingSeconds?: number;
  /** False never pauses a client (as on a platform that can't), for tests. */
  readonly holdReading?: boolean;
  /** Most bytes held for a slow target if its client can't be paused. Default 16 MiB. */
  readonly maxHeldBytes?: number;
}
