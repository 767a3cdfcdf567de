import { nextTurn } from "../../time/clock.ts";

/**
 * Socket operations after which a turn is full: the runtime below Deno (tokio) lets 128 succeed in a turn of a thread's event
 * loop and leaves all others waiting, as if nothing were there. Half of that, since the platform has some of its own.
 */
const FULL = 64;
/** Operations after which it is asked to be told of the next turn: most turns have fewer, and asking in each showed in the cost of a request. */
const MANY = 32;

/**
 * Counts a thread's socket operations in one turn of its event loop, or in several where they are few. A read in a turn that is
 * full finds nothing, whatever there is: who must know waits for the next one. Costs a request some additions.
 */
export class TurnBudget {
  #used = 0;
  #asked = false;
  #next: PromiseWithResolvers<void> | null = null;

  /** An operation succeeded, or may. */
  spend(): void {
    if (++this.#used >= MANY) this.#ask();
  }

  /** An operation that might have succeeded did not: such ones are free. */
  restore(): void {
    if (this.#used > 0) this.#used--;
  }

  /** What is read from now on may find nothing. */
  get isFull(): boolean {
    return this.#used >= FULL;
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    this.#ask();
    return (this.#next ??= Promise.withResolvers()).promise;
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    nextTurn(this.#renew);
  }

  readonly #renew = (): void => {
    this.#used = 0;
    this.#asked = false;
    const next = this.#next;
    this.#next = null;
    next?.resolve();
  };
}
