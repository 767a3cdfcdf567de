/** Deviations that are tried in order, in eighths of a turn: the smallest that has a schedule gives the smoothest. */
const DEVIATIONS_IN_EIGHTHS = [4, 5, 6, 7];

/**
 * Makes one cycle in which index `i` has exactly `weights[i]` turns, spread so that at every moment each index has had
 * its share to within less than one turn. Weights 5:2:1 give 0 1 0 0 2 0 1 0. Weights are whole, at least 1 each; their
 * sum is the cycle's length.
 *
 * Each turn of each index may come only in a window of places, in which the index stays within the deviation. With
 * weights 5:2:1 and a deviation of half a turn, index 1 may have its first turn at place 1 or 2 and its second at place
 * 5 or 6. At each place, of the turns whose window is open the one whose window closes first is served: that finds a
 * schedule if there is one, and with a deviation below 1 there always is one.
 *
 * O(sum log n) for each deviation tried. Sources: G. Steiner, S. Yeomans, Level Schedules for Mixed-Model, Just-in-Time
 * Processes (1993); S. Baruah et al., Proportionate Progress (1996); R. Tijdeman, The Chairman Assignment Problem
 * (1980).
 */
export function smoothSchedule(weights: readonly number[]): Uint16Array {
  const cycle = weights.reduce((total, weight) => total + weight, 0);
  if (cycle === weights.length) return Uint16Array.from(weights.keys());
  for (const eighths of DEVIATIONS_IN_EIGHTHS) {
    const schedule = earliestDeadlineFirst(weights, cycle, { numerator: eighths, denominator: 8 });
    if (schedule !== null) return schedule;
  }
  return earliestDeadlineFirst(weights, cycle, { numerator: cycle - 1, denominator: cycle })!;
}

/** The most turns by which an index may be ahead of its share or behind it: a fraction, to compare whole numbers. */
interface Deviation {
  readonly numerator: number;
  readonly denominator: number;
}

/** Null if no schedule keeps the deviation. */
function earliestDeadlineFirst(weights: readonly number[], cycle: number, deviation: Deviation): Uint16Array | null {
  const { numerator, denominator } = deviation;
  const schedule = new Uint16Array(cycle);
  const given = new Int32Array(weights.length);
  const ready = new ReadyQueue(weights.length);
  // Indexes by the place at which their next turn may come at the earliest: a linked list for each place.
  const firstAt = new Int32Array(cycle).fill(-1);
  const nextOf = new Int32Array(weights.length).fill(-1);

  const release = (index: number, notBefore: number) => {
    // Turn k (from 1) at place p (from 0) is not too early where k - (p + 1) * weight / cycle <= deviation.
    const turn = given[index]! + 1;
    const earliest = Math.ceil((turn * denominator - numerator) * cycle / (denominator * weights[index]!)) - 1;
    const place = Math.max(earliest, notBefore);
    if (place >= cycle) return;
    nextOf[index] = firstAt[place]!;
    firstAt[place] = index;
  };
  for (let index = weights.length - 1; index >= 0; index--) release(index, 0);

  for (let place = 0; place < cycle; place++) {
    for (let index = firstAt[place]!; index !== -1; index = nextOf[index]!) {
      // ... and not too late where p * weight / cycle - (k - 1) <= deviation.
      const turn = given[index]! + 1;
      const latest = Math.floor(((turn - 1) * denominator + numerator) * cycle / (denominator * weights[index]!));
      ready.add(latest, index);
    }
    if (ready.size === 0 || ready.deadline < place) return null;
    const index = ready.take();
    schedule[place] = index;
    if (++given[index]! < weights[index]!) release(index, place + 1);
  }
  return schedule;
}

/** A binary heap of indexes by deadline; equal deadlines in order of index. */
class ReadyQueue {
  /** `deadline * width + index`: one number to compare. */
  readonly #heap: Float64Array;
  readonly #width: number;
  size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#heap = new Float64Array(width);
  }

  get deadline(): number {
    return Math.floor(this.#heap[0]! / this.#width);
  }

  add(deadline: number, index: number): void {
    const heap = this.#heap;
    const entry = deadline * this.#width + index;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= entry) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  take(): number {
    const heap = this.#heap;
    const top = heap[0]!;
    const entry = heap[--this.size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= entry) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
    return top % this.#width;
  }
}
