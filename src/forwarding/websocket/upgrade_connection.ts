import type { Socket } from "node:net";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { Clock } from "../../time/clock.ts";
import { NO_CONNECT } from "../transport.ts";

/**
 * Times and counts the connection that one WebSocket handshake makes to its target. It is a connection of its own, so
 * there is one for each attempt, it is never idle, and it counts as open until its socket is closed, however the tunnel
 * over it ends.
 */
export class UpgradeConnection {
  /** How long making it took, or was tried where it failed; whole microseconds, `NO_CONNECT` until then. */
  micros = NO_CONNECT;
  /** It was made: the target may have heard of the handshake. */
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

  /** Making it begins. */
  begin(): void {
    this.#sinceMs = this.#clock.monotonicMs();
  }

  /** Counts it from when `socket` stands, with TLS from the end of the TLS handshake, until it is closed. */
  follow(socket: Socket, secure: boolean): void {
    socket.once(secure ? "secureConnect" : "connect", () => {
      if (this.micros !== NO_CONNECT) return;
      this.made = true;
      this.#column.connected(this.#slot, this.#note());
      this.#column.connectionsOpen(1);
      socket.once("close", () => this.#column.connectionsOpen(-1));
    });
  }

  /** The handshake is over, and with it the wait for a connection that was not made. */
  handshakeOver(): void {
    if (this.micros === NO_CONNECT) this.#note();
  }

  #note(): number {
    return this.micros = Math.round((this.#clock.monotonicMs() - this.#sinceMs) * 1000);
  }
}
