import type { Clock } from "../../time/clock.ts";

/** Empty messages per second that are presumed to be written. */
const PRESUMED_PER_SECOND = 100;

/**
 * Counts the messages that wait in a socket, which itself reports only the number of waiting bytes. If no bytes wait,
 * all messages with bytes and all before them are written. Nothing is known of the empty messages after them: so many
 * per second are presumed to be written. So a client that reads gets its heartbeats, and one that does not read takes
 * hardly any memory.
 */
export class WaitingMessages {
  readonly #clock: Clock;
  #count = 0;
  /** Empty messages after the last one that has bytes. */
  #unproven = 0;
  #sinceMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a message that is being sent; `bytesBefore` wait before it. */
  add(isEmpty: boolean, bytesBefore: number): void {
    this.#settle(bytesBefore);
    this.#count++;
    if (!isEmpty) this.#unproven = 0;
    else if (this.#unproven++ === 0) this.#sinceMs = this.#clock.monotonicMs();
  }

  /** How many messages wait, if so many bytes do. */
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
