import { isOwnShortage } from "../../dial/own_shortage.ts";
import { type Clock, delay, nextTurn } from "../../time/clock.ts";
import type { AcceptedConn, Acceptor } from "../acceptor.ts";
import { ACCEPTED_AT_ONCE, AcceptQueue, REPLACED_MS, STOPPED_MS } from "./accept_queue.ts";
import { messageOf } from "../../logging/message_of.ts";

/** Pauses between tries to accept while no descriptor is left. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;

/**
 * Whether one more connection can be taken: now; when the event loop has let go of those that were closed for it, which
 * frees their descriptors; or not, so that accepting has to wait.
 */
export type Room = "now" | "next turn" | "none";

/** What an accept loop works with. */
export interface AcceptLoopParts<C extends AcceptedConn> {
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
 * Accepts connections on one port, whatever happens to any of them. Another listener can take the place of the one
 * before, which takes what waits in its queue and is closed then.
 */
export class AcceptLoop<C extends AcceptedConn> {
  readonly #parts: AcceptLoopParts<C>;
  /** Each with its end; all but the last leave. */
  readonly #queues = new Map<AcceptQueue<C>, Promise<void>>();
  #latest: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: AcceptLoopParts<C>) {
    this.#parts = parts;
  }

  /**
   * Accepts on a listener from now on; the one before, if there is one, leaves. Resolves when this one, or the last
   * that took its place, was closed by `stop`; rejects when accepting ended by itself.
   */
  run(acceptor: Acceptor<C>): Promise<void> {
    for (const before of this.#queues.keys()) before.leave(REPLACED_MS);
    const queue = new AcceptQueue(acceptor, this.#parts.clock);
    const accepting = this.#accept(queue).finally(() => this.#queues.delete(queue));
    this.#queues.set(queue, accepting);
    return this.#latest = accepting.then(() => this.#stopped ? undefined : this.#latest);
  }

  async #accept(queue: AcceptQueue<C>): Promise<void> {
    const { clock, makeRoom, take, ranOut, recovered } = this.#parts;
    let pauseMs = 0;
    let accepted = 0;
    while (!queue.closed) {
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
        take(await queue.acceptor.accept());
        accepted++;
        if (pauseMs > 0) recovered();
        pauseMs = 0;
        if (queue.leaving) await queue.takeWaiting(() => makeRoom() === "now", take);
      } catch (error) {
        if (queue.closed) break;
        // Only a listener that is gone ends accepting. Anything else is one connection's matter (a client that was gone
        // before it was accepted: ECONNABORTED, ENOTCONN), or a shortage that passes.
        if (error instanceof Deno.errors.BadResource) throw error;
        const text = messageOf(error);
        if (isOwnShortage(text)) {
          ranOut(text, pauseMs === 0);
          pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
        }
        await delay(clock, Math.max(1, pauseMs));
      }
    }
  }

  /** Takes the connections that wait, and accepts nothing new after them. Resolves when no listener is open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const queue of this.#queues.keys()) queue.leave(STOPPED_MS);
    await Promise.allSettled(this.#queues.values());
  }
}
