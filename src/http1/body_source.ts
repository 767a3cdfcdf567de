import type { Bytes } from "./bytes.ts";

/** Who waits for the next piece of a body. */
export interface BodyWaiter {
  /** It came, or the body ended or broke: `readNow` gives it, or null at the end, or throws. */
  came(): void;
}

/** A message's body, read piece by piece by one reader. */
export interface BodySource {
  /**
   * Reads the next piece, never an empty one; null at the end. It is lent: valid until the next call. Rejects if it
   * breaks off.
   */
  read(): Promise<Bytes | null>;
  /** Gives the next piece, as `read` does, if it is here already, else null. Absent if the source can't tell. */
  readNow?(): Bytes | null;
  /**
   * Tells `waiter` once when `readNow` has the next piece, the end or a failure to give; perhaps before it returns.
   * Waiting like this takes no memory, a promise would: clients that send slowly make thousands wait. Absent if the
   * source can't tell.
   */
  wait?(waiter: BodyWaiter): void;
  /** The last piece was given: the next read would be null. */
  readonly done: boolean;
  /** Trailer lines as they came, each with its line end; null if there are none, or before the end. */
  readonly trailers: Bytes | null;
}

/**
 * A body's length if neither Content-Length nor Transfer-Encoding came. In HTTP/1.1 there is no body then; HTTP/2 needs
 * neither, and only reading tells whether there is a body.
 */
export const UNANNOUNCED = -2;

/** Why a client's body can't be read to its end. */
export class BodyBroken extends Error {
  constructor(
    /**
     * `left`: the client's connection is gone; `malformed`: it breaks a rule; `timeout`: nothing came for
     * LISTENER_BODY_TIMEOUT.
     */
    readonly how: "left" | "malformed" | "timeout",
    message: string,
  ) {
    super(message);
  }
}

/** Another attempt has taken the body over: this one gets no more of it. */
export class Superseded extends Error {}
