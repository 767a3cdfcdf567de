/** How long a slot rests before another may have it: a request may still hold the old snapshot's candidates across attempts. */
export const SLOT_REST_MS = 60_000;

/**
 * Hands out places in the shared memory, lowest first, and takes them back. Pure: whoever releases a slot knows that
 * nothing is in flight there and that every worker has moved past the last snapshot that named it.
 */
export class SlotAllocator {
  readonly #capacity: number;
  readonly #restMs: number;
  /** Slots from here on were never handed out. */
  #fresh = 0;
  /** Released slots, oldest first. */
  readonly #resting: { readonly slot: number; readonly untilMs: number }[] = [];

  constructor(capacity: number, restMs: number = SLOT_REST_MS) {
    this.#capacity = capacity;
    this.#restMs = restMs;
  }

  /** Takes a slot, preferring one that was used before; null where all are taken or resting. */
  take(nowMs: number): number | null {
    const oldest = this.#resting[0];
    if (oldest !== undefined && oldest.untilMs <= nowMs) {
      this.#resting.shift();
      return oldest.slot;
    }
    return this.#fresh < this.#capacity ? this.#fresh++ : null;
  }

  /** Takes the slot that has rested longest, before its time: for numbers that a straggler may falsify and nothing worse. */
  takeEarly(): number | null {
    return this.#resting.shift()?.slot ?? null;
  }

  /** Gives a slot back; it can be taken again after its rest. */
  release(slot: number, nowMs: number): void {
    this.#resting.push({ slot, untilMs: nowMs + this.#restMs });
  }
}
