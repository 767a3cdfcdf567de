import type { HeadLimits } from "../../http1/request_head.ts";

/** What a wire listener allows its clients. Times in ms; 0 allows any. */
export interface ClientLimits {
  /** LISTENER_HEAD_TIMEOUT: from the first byte of a head, or the accept, to its end. */
  readonly headMs: number;
  /** LISTENER_TLS_HANDSHAKE_TIMEOUT: from the accept to the end of the handshake. */
  readonly handshakeMs: number;
  /** LISTENER_IDLE_TIMEOUT: between requests. */
  readonly idleMs: number;
  /** LISTENER_BODY_TIMEOUT: without a byte of a body that is due. */
  readonly bodyMs: number;
  /** LISTENER_WRITE_TIMEOUT: without a byte taken. */
  readonly writeMs: number;
  readonly head: HeadLimits;
  /** LISTENER_MAX_CONNECTIONS, this worker's share; 0 none. */
  readonly connections: number;
  /** LISTENER_MAX_CONNECTIONS_PER_CLIENT; 0 none. */
  readonly perClient: number;
}

/** What a connection is doing: decides which limit holds, and which connections go first when there are too many. */
export type Activity = "fresh" | "head" | "request" | "idle";
