import type { Clock } from "../../src/time/clock.ts";

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #wallStartMs: number;
  readonly #timers = new Set<{ atMs: number; readonly periodMs: number | null; readonly run: () => void }>();

  constructor(wallStartMs = Date.parse("2026-03-01T12:00:00.000Z")) {
    this.#wallStartMs = wallStartMs;
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size;
  }

  wallMs(): number {
    return this.#wallStartMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#add({ atMs: this.#nowMs + delayMs, periodMs: null, run });
  }

  every(periodMs: number, run: () => void): () => void {
    return this.#add({ atMs: this.#nowMs + periodMs, periodMs, run });
  }

  /** Moves on, running what falls due in its order. */
  advance(ms: number): void {
    const until = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > until) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      if (next.periodMs === null) this.#timers.delete(next);
      else next.atMs = this.#nowMs + next.periodMs;
      next.run();
    }
    this.#nowMs = until;
  }

  /**
   * Lets time pass without running anything, as if the whole process were frozen; what fell due runs with the next
   * `advance`.
   */
  standStill(ms: number): void {
    this.#nowMs += ms;
  }

  #add(timer: { atMs: number; readonly periodMs: number | null; readonly run: () => void }): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
