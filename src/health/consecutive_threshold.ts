/**
 * Turns single results into a state that flips only after enough consecutive results. A result of the other kind resets
 * the count. `observe` returns whether the state flipped (after Pingora's health observer).
 */
export class ConsecutiveThreshold {
  #succeed: number;
  #failure: number;
  #healthy = true;
  #ok = 0;
  #failed = 0;

  constructor(succeedThreshold: number, failureThreshold: number) {
    this.#succeed = succeedThreshold;
    this.#failure = failureThreshold;
  }

  /** Starts true: a target serves until probes say otherwise. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** Successes and failures in a row, one of them 0. */
  get consecutive(): { ok: number; failed: number } {
    return { ok: this.#ok, failed: this.#failed };
  }

  /** The consecutive results against the state, and how many flip it; null if the last result confirmed it. */
  get pending(): { readonly count: number; readonly needed: number } | null {
    const count = this.#healthy ? this.#failed : this.#ok;
    return count === 0 ? null : { count, needed: this.#healthy ? this.#failure : this.#succeed };
  }

  /** Counts a result; returns whether the state flipped. */
  observe(ok: boolean): boolean {
    this.#ok = ok ? this.#ok + 1 : 0;
    this.#failed = ok ? 0 : this.#failed + 1;
    const flips = this.#healthy ? this.#failed >= this.#failure : this.#ok >= this.#succeed;
    if (flips) this.#healthy = !this.#healthy;
    return flips;
  }

  /** Uses other thresholds from the next result on; state and counts stay. */
  configure(succeedThreshold: number, failureThreshold: number): void {
    this.#succeed = succeedThreshold;
    this.#failure = failureThreshold;
  }
}
