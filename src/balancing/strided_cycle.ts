/** Strides that are compared. */
const STRIDES_TRIED = 256;

/**
 * A cycle of turns that is too long to be stored. The places of the cycle are divided among the indexes: with weights
 * 5:2:1, index 0 has places 0 to 4, index 1 places 5 and 6, and index 2 place 7. Taking the places in order would bunch
 * each index's turns. So each turn moves on by a stride: with stride 5 the places are 0 5 2 7 4 1 6 3, and the turns
 * 0 1 0 2 0 0 1 0. A stride that has no divisor in common with the length visits each place once in a cycle, so each
 * index has exactly its weight in turns.
 *
 * A stride near the golden section of the length spreads the turns as evenly as any can (the three-distance theorem; V.
 * Sós, 1958). On the way an index may be a few turns ahead of its share or behind it.
 */
export class StridedCycle {
  readonly #length: number;
  readonly #stride: number;
  /** Behind each index's last place. */
  readonly #ends: Int32Array;

  /** @param weights Whole, at least 1 each; their sum is the cycle's length. */
  constructor(weights: readonly number[]) {
    let end = 0;
    this.#ends = Int32Array.from(weights, (weight) => end += weight);
    this.#length = end;
    this.#stride = spreadingStride(end);
  }

  /** The index whose turn it is: O(log n). */
  indexAt(turn: number): number {
    const place = turn * this.#stride % this.#length;
    let low = 0;
    let high = this.#ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (place < this.#ends[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/**
 * Finds the stride, from the golden section on, that spreads best: the least sum of partial quotients of `length /
 * stride` as a continued fraction, which bounds how unevenly the places fall (H. Niederreiter, 1992).
 */
function spreadingStride(length: number): number {
  const golden = Math.round(length * (Math.sqrt(5) - 1) / 2);
  let best = 1;
  let least = Infinity;
  for (let stride = golden; stride < golden + STRIDES_TRIED; stride++) {
    const sum = quotientSum(length, stride);
    if (sum < least) {
      least = sum;
      best = stride;
    }
  }
  return best;
}

/** The sum of the partial quotients of `one / other`; infinite if they have a common divisor. */
function quotientSum(one: number, other: number): number {
  let sum = 0;
  while (other !== 0) {
    sum += Math.floor(one / other);
    [one, other] = [other, one % other];
  }
  return one === 1 ? sum : Infinity;
}
