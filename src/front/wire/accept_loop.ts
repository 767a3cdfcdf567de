import { isOwnShortage } from "../../dial/own_shortage.ts";
import { type Clock, delay, nextTurn } from "../../time/clock.ts";
import type { Acceptor } from "../acceptor.ts";

/** Pauses between tries to accept while no descriptor is left. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;
/**
 * Connections accepted before the event loop turns: each costs a turn half a millisecond, with its first request and
 * the connection to a target for it. More wait in the system's queue. Without this, five hundred clients that arrived
 * at once were all accepted, then all read from, then all given a target, while others waited for half a second.
 */
const ACCEPTED_AT_ONCE = 8;

/**
 * Whether one more connection can be taken: now; when the event loop has let go of those that were closed for it, which
 * frees their descriptors; or not, so that accepting has to wait.
 */
export type Room = "now" | "next turn" | "none";

/** What an accept loop works with. */
export interface AcceptLoopParts<C extends Deno.Conn> {
  readonly clock: Clock;
  /** Makes room for one more connection. */
  makeRoom(): Room;
  /** Takes a connection. Must not throw. */
  take(conn: C): void;
  /** No descriptor was left for a connection. `first` of a row. */
  ranOut(error: string, first: boolean): void;
  /** A connection could be accepted again. */
  recovered(): void;
}

/**
 * Accepts connections on one port, whatever happens to any of them. The listener can be exchanged without losing one.
 */
export class AcceptLoop<C extends Deno.Conn> {
  readonly #parts: AcceptLoopParts<C>;
  #acceptor: Acceptor<C> | null = null;
  #latest: Promise<void> = Promise.resolve();

  constructor(parts: AcceptLoopParts<C>) {
    this.#parts = parts;
  }

  /**
   * Accepts on a listener from now on; the one before, if there is one, is closed then. Resolves when this one, or the
   * last that took its place, was closed by `stop`; rejects when accepting ended by itself.
   */
  run(acceptor: Acceptor<C>): Promise<void> {
    return this.#latest = this.#accept(acceptor);
  }

  async #accept(acceptor: Acceptor<C>): Promise<void> {
    const before = this.#acceptor;
    this.#acceptor = acceptor;
    before?.close();
    const { clock, makeRoom, take, ranOut, recovered } = this.#parts;
    let pauseMs = 0;
    let accepted = 0;
    while (this.#acceptor === acceptor) {
      if (accepted === ACCEPTED_AT_ONCE) {
        accepted = 0;
        await new Promise<void>(nextTurn);
        continue;
      }
      const room = makeRoom();
      if (room !== "now") {
        if (room === "none") await delay(clock, FIRST_PAUSE_MS);
        else await new Promise<void>(nextTurn);
        continue;
      }
      try {
        take(await acceptor.accept());
        accepted++;
        if (pauseMs > 0) recovered();
        pauseMs = 0;
      } catch (error) {
        if (this.#acceptor !== acceptor) break;
        // Only a listener that is gone ends accepting. Anything else is one connection's matter (a client that was gone
        // before it was accepted: ECONNABORTED, ENOTCONN), or a shortage that passes.
        if (error instanceof Deno.errors.BadResource) throw error;
        const text = error instanceof Error ? error.message : String(error);
        if (isOwnShortage(text)) {
          ranOut(text, pauseMs === 0);
          pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
        }
        await delay(clock, Math.max(1, pauseMs));
      }
    }
    if (this.#acceptor !== null) await this.#latest;
  }

  /** Accepts nothing new any more. */
  stop(): void {
    const acceptor = this.#acceptor;
    this.#acceptor = null;
    acceptor?.close();
  }
}
