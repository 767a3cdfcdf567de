import { nextTurn } from "../../time/clock.ts";

/**
 * Socket operations that fit into one turn of the event loop. The runtime below Deno (tokio) lets 128 succeed per turn;
 * any further operation waits, as if nothing had come. This is half of that, since the platform has operations of its
 * own.
 */
const FULL = 64;
/**
 * Reset the counter in the next turn only once this many operations were counted: most turns have fewer, and a callback
 * in every turn was visible in the cost of a request.
 */
const RESET_FROM = 32;

/**
 * Counts a thread's socket operations in one turn of its event loop (in several turns, if they have few). A read in a
 * full turn finds nothing even if something has come, so a caller that must know waits for the next turn. Costs a
 * request some additions.
 */
export class TurnBudget {
  #used = 0;
  #resets = false;
  #next: PromiseWithResolvers<void> | null = null;

  /** Counts an operation that succeeded or may succeed. */
  spend(): void {
    if (++this.#used >= RESET_FROM) this.#resetNextTurn();
  }

  /** Takes back an operation that did not succeed: it cost nothing of the turn. */
  restore(): void {
    if (this.#used > 0) this.#used--;
  }

  /** Whether a read in this turn may find nothing although something has come. */
  get isFull(): boolean {
    return this.#used >= FULL;
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    this.#resetNextTurn();
    return (this.#next ??= Promise.withResolvers()).promise;
  }

  #resetNextTurn(): void {
    if (this.#resets) return;
    this.#resets = true;
    nextTurn(this.#reset);
  }

  readonly #reset = (): void => {
    this.#used = 0;
    this.#resets = false;
    const next = this.#next;
    this.#next = null;
    next?.resolve();
  };
}
