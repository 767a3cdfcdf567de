import { type Clock, nextTurn } from "../../time/clock.ts";
import type { AcceptedConn, Acceptor } from "../acceptor.ts";

/**
 * Connections accepted before the event loop turns: each costs a turn half a millisecond, with its first request and
 * the connection to a target for it. More wait in the system's queue. Without this, five hundred clients that arrived
 * at once were all accepted, then all read from, then all given a target, while others waited for half a second.
 */
export const ACCEPTED_AT_ONCE = 8;
/**
 * A listener that leaves is closed when no connection has come for so long: shorter if sluice stops, which waits for
 * it. A listener that another replaces has time. On a busy machine some ms pass between the last look at its queue and
 * its close, and at ten connections a second it would too often be closed without one that came before.
 */
export const STOPPED_MS = 100;
export const REPLACED_MS = 1_000;
/** After so many times of that it is closed, even if connections still wait. */
const MOST_WAITS = 10;
/** An `accept` that finds a connection at once resolves within so many steps of promises: the platform needs four. */
const STEPS = 10;

/**
 * A listener, and the connections that wait in its queue until they are accepted. The system resets those that wait
 * when the listener closes. So the queue must be empty then, and as little time as possible may pass after the look.
 *
 * An `accept` after one that succeeded asks the system at once, without waiting for an event: if it finds nothing, the
 * queue is empty at that moment. So a listener that leaves waits for one more connection, takes those that wait behind
 * it, and closes in the same turn of the event loop. Connections of 3 to 7 us were lost so (measured), of 0.4 ms and
 * more when it closed at any moment. If no connection comes for a while, there is hardly one to lose.
 */
export class AcceptQueue<C extends AcceptedConn> {
  readonly acceptor: Acceptor<C>;
  readonly #clock: Clock;
  #waitMs = Infinity;
  #closed = false;
  #cancel = () => {};
  #came = false;

  constructor(acceptor: Acceptor<C>, clock: Clock) {
    this.acceptor = acceptor;
    this.#clock = clock;
  }

  get leaving(): boolean {
    return this.#waitMs < Infinity;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Begins to leave; its owner goes on accepting until it is closed. @param waitMs For a connection to come. */
  leave(waitMs: number): void {
    if (this.#closed || waitMs >= this.#waitMs) return;
    this.#waitMs = waitMs;
    this.#cancel();
    this.#wait(1);
  }

  #wait(times: number): void {
    this.#came = false;
    const end = () => this.#came && times < MOST_WAITS ? this.#wait(times + 1) : nextTurn(() => this.#close());
    this.#cancel = this.#clock.after(this.#waitMs, end, true);
  }

  /** Takes the connections that wait, as long as there is room, and closes the listener if none waits any more. */
  async takeWaiting(hasRoom: () => boolean, take: (conn: C) => void): Promise<void> {
    this.#came = true;
    // In a part of the turn in which nothing else runs, so that the close is carried out right away.
    await new Promise<void>(nextTurn);
    for (let taken = 0; taken < ACCEPTED_AT_ONCE && !this.#closed && hasRoom(); taken++) {
      const next = this.acceptor.accept();
      if (await isThere(next)) {
        take(await next);
      } else {
        this.#close();
        // A connection that came in between is ours.
        await next.then(take, () => {});
      }
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel();
    this.acceptor.close();
  }
}

/** Tells whether a promise settles without waiting for an event. */
async function isThere(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let step = 0; step < STEPS && !settled; step++) await null;
  return settled;
}
