/** How long a released slot stays unused: a request may still hold the candidates of an old snapshot. */
const SLOT_REST_MS = 60_000;

/** How slots are handed out. */
export interface SlotOrder {
  /** How long a released slot rests. */
  readonly restMs?: number;
  /** Slots that were never used go first: where something may hold on to a slot for longer than its rest. */
  readonly freshFirst?: boolean;
}

/**
 * Hands out places in the shared memory, lowest first, and takes them back. Pure: the caller releases a slot only if
 * nothing is in flight there and every worker has moved past the last snapshot that named it.
 */
export class SlotAllocator {
  readonly #capacity: number;
  readonly #restMs: number;
  readonly #freshFirst: boolean;
  /** Slots from here on were never handed out. */
  #fresh = 0;
  /** Released slots, oldest first. */
  readonly #resting: { readonly slot: number; readonly untilMs: number }[] = [];

  constructor(capacity: number, { restMs = SLOT_REST_MS, freshFirst = false }: SlotOrder = {}) {
    this.#capacity = capacity;
    this.#restMs = restMs;
    this.#freshFirst = freshFirst;
  }

  /** Takes a slot, preferring one that was used before (it costs no more memory); null if all are taken or resting. */
  take(nowMs: number): number | null {
    if (this.#freshFirst && this.#fresh < this.#capacity) return this.#fresh++;
    const oldest = this.#resting[0];
    if (oldest !== undefined && oldest.untilMs <= nowMs) {
      this.#resting.shift();
      return oldest.slot;
    }
    return this.#fresh < this.#capacity ? this.#fresh++ : null;
  }

  /** How many slots were given back and not taken again yet. */
  get resting(): number {
    return this.#resting.length;
  }

  /**
   * Takes the slot that has rested longest, before its time: for numbers that a straggler may falsify and nothing
   * worse.
   */
  takeEarly(): number | null {
    return this.#resting.shift()?.slot ?? null;
  }

  /** Gives a slot back; it can be taken again after its rest. */
  release(slot: number, nowMs: number): void {
    this.#resting.push({ slot, untilMs: nowMs + this.#restMs });
  }
}
