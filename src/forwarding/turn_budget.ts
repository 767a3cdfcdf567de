import { nextTurn } from "../time/clock.ts";

/**
 * Socket operations after which a turn is full: the runtime below Deno (tokio) lets 128 succeed in a turn of a thread's event
 * loop and leaves all others waiting, as if nothing were there. Half of that, since the platform has some of its own.
 */
const FULL = 64;

/**
 * Counts a thread's socket operations in one turn of its event loop. A read in a turn that is full finds nothing, whatever there
 * is: who must know waits for the next one. Costs a request three additions, and each turn one call of the platform.
 */
export class TurnBudget {
  #used = 0;
  #next: PromiseWithResolvers<void> | null = null;

  /** An operation succeeded, or may. */
  spend(): void {
    if (this.#used++ === 0) nextTurn(this.#renew);
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
    if (this.#used === 0) this.spend();
    return (this.#next ??= Promise.withResolvers()).promise;
  }

  readonly #renew = (): void => {
    this.#used = 0;
    const next = this.#next;
    this.#next = null;
    next?.resolve();
  };
}
