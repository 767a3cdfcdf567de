import type { Socket } from "node:net";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { Clock } from "../../time/clock.ts";
import { NO_CONNECT } from "../target_request.ts";

/**
 * Times and counts the connection to a target that one WebSocket handshake makes. Each attempt makes a new one; it is
 * never idle, and counts as open until its socket is closed, however the tunnel ends.
 */
export class UpgradeConnection {
  /** How long connecting took, or how long it was tried; whole microseconds, `NO_CONNECT` until then. */
  micros = NO_CONNECT;
  /** The connection was made: the target may have received the handshake. */
  made = false;
  readonly #clock: Clock;
  readonly #column: WorkerColumn;
  readonly #slot: number;
  #sinceMs = 0;

  constructor(parts: { readonly clock: Clock; readonly column: WorkerColumn }, slot: number) {
    this.#clock = parts.clock;
    this.#column = parts.column;
    this.#slot = slot;
  }

  /** Starts the clock. */
  begin(): void {
    this.#sinceMs = this.#clock.monotonicMs();
  }

  /** Counts the connection from when `socket` is connected (with TLS, after the TLS handshake) until it is closed. */
  follow(socket: Socket, secure: boolean): void {
    socket.once(secure ? "secureConnect" : "connect", () => {
      if (this.micros !== NO_CONNECT) return;
      this.made = true;
      this.#column.connected(this.#slot, this.#note());
      this.#column.connectionsOpen(1);
      socket.once("close", () => this.#column.connectionsOpen(-1));
    });
  }

  /** The handshake is over, and so is the wait for a connection that was not made. */
  handshakeOver(): void {
    if (this.micros === NO_CONNECT) this.#note();
  }

  #note(): number {
    return this.micros = Math.round((this.#clock.monotonicMs() - this.#sinceMs) * 1000);
  }
}
