import type { ClientColumn, CloseCause } from "../../state/client_column.ts";
import type { Activity } from "./limits.ts";
import type { ClientEnd } from "./client_socket.ts";

/** Counts what happens on one client's connection, in the worker's column. */
export class ConnectionTally {
  /** Requests that were read. */
  requests = 0;
  readonly #column: ClientColumn;
  /** Why it will be closed, if that is settled before its end. */
  #cause: CloseCause | null = null;
  #idle = false;
  /** Monotonic ms: when the first bytes came of a head that did not come at once; 0 otherwise. */
  #headSinceMs = 0;

  constructor(column: ClientColumn) {
    this.#column = column;
    column.opened();
  }

  /** The first bytes of a head came, and more are needed. */
  headBegan(nowMs: number): void {
    this.#headSinceMs = nowMs;
  }

  /** A head was read whole. The clock is asked only if the head did not come at once. */
  headRead(bytes: number, nowMs: () => number): void {
    this.requests++;
    const sinceMs = this.#headSinceMs;
    this.#headSinceMs = 0;
    this.#column.headRead(bytes, sinceMs === 0 ? 0 : (nowMs() - sinceMs) * 1000);
  }

  /** The connection waits for its next request, or waits no more. */
  idle(is: boolean): void {
    if (is === this.#idle) return;
    this.#idle = is;
    this.#column.idle(is ? 1 : -1);
  }

  /** Settles why the connection will be closed; the first cause holds. */
  settle(cause: CloseCause): void {
    this.#cause ??= cause;
  }

  /** A limit passed, which ends the connection; `waits` tells what it waited for during a request. */
  timedOut(activity: Activity, waits: "body" | "write" | null): void {
    if (activity === "idle") this.settle("idle_timeout");
    else if (activity !== "request") this.settle("head_timeout");
    else if (waits !== null) this.settle(`${waits}_timeout`);
  }

  /**
   * The connection is closed. If no cause is given or was settled before, it is told by how reading ended, and by
   * whether a write has not ended.
   */
  closed(cause: CloseCause | null, ended: ClientEnd | null, writes: boolean): void {
    this.idle(false);
    this.#column.closed(this.requests, this.#cause ?? cause ?? causeOfEnd(ended, writes));
  }
}

function causeOfEnd(ended: ClientEnd | null, writes: boolean): CloseCause {
  // A write that never ended was not taken by the client.
  if (ended === "left" || ended === "closed its side" || writes) return "client";
  return ended === "closed here" ? "cut" : "response";
}
