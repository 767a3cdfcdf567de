import type { Clock } from "../../time/clock.ts";

/** Empty messages a second that count as written although nobody says so. */
const PRESUMED_PER_SECOND = 100;

/**
 * Counts the messages that wait in a socket which tells only how many bytes do. Those with bytes, and all before them,
 * are written when no bytes wait. Of empty ones behind them nothing is known: so many a second are presumed to be
 * written. A client that reads gets its heartbeats, and one that does not read gets no memory to speak of.
 */
export class WaitingMessages {
  readonly #clock: Clock;
  #count = 0;
  /** Empty ones behind the last that has bytes. */
  #unproven = 0;
  #sinceMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A message is sent; `bytesBefore` wait by then. */
  add(isEmpty: boolean, bytesBefore: number): void {
    this.#settle(bytesBefore);
    this.#count++;
    if (!isEmpty) this.#unproven = 0;
    else if (this.#unproven++ === 0) this.#sinceMs = this.#clock.monotonicMs();
  }

  /** How many messages wait, where so many bytes do. */
  count(bytes: number): number {
    this.#settle(bytes);
    return this.#count;
  }

  #settle(bytes: number): void {
    if (bytes > 0 || this.#count === 0) return;
    if (this.#unproven > 0) {
      const nowMs = this.#clock.monotonicMs();
      const written = (nowMs - this.#sinceMs) * PRESUMED_PER_SECOND / 1000;
      this.#unproven = Math.max(0, this.#unproven - written);
      this.#sinceMs = nowMs;
    }
    this.#count = this.#unproven;
  }
}
