import type { Algorithm, CandidateList } from "./algorithm.ts";
import { smoothSchedule } from "./smooth_schedule.ts";
import { wholeWeights } from "./whole_weights.ts";

/** Longest cycle that is stored turn by turn: 32 KB, and a few ms to compute when a target's health changes. */
export const MAX_SCHEDULE = 16_384;

/** How many strides are compared to find a good one. */
const STRIDES_TRIED = 256;

/** The turns of one cycle. */
export type WeightedCycle =
  & { readonly weights: readonly number[]; readonly length: number }
  & (
    /** Stored turn by turn: the index whose turn it is. */
    | { readonly schedule: Uint16Array }
    /** Too long for that: turn t belongs to the index in whose part of the cycle t * stride (mod length) lies. */
    | { readonly schedule: null; readonly stride: number; readonly ends: Int32Array }
  );

/**
 * Smooth weighted round robin. Weights are brought to whole numbers; over each cycle of their sum each target has
 * exactly its weight in turns, and on the way never a whole turn more or less than its share (`smooth_schedule.ts`), so
 * that nothing bunches. One circle for all threads, in shared memory: exact however many workers there are. No ties.
 *
 * O(1): the cycle is written out when candidates change. A cycle of more than 16384 turns is walked by a stride near
 * the golden ratio instead, and the target looked up in the cumulative weights: O(log n), just as exact over the cycle,
 * and spread as evenly as multiples of the golden ratio are (the three-distance theorem; V. Sos, 1958), though it may
 * be a few turns off on the way.
 */
export const weighted: Algorithm = {
  name: "WEIGHTED",
  aliases: ["WEIGHTED_ROUND_ROBIN"],
  choice: "it is this target's turn, and each target has turns in proportion to its weight",
  requiresWeights: true,
  usesWeights: true,
  prepare: (candidates) => compileCycle(candidates.targets.map(({ weight }) => weight)),
  create({ cursor }) {
    return ({ prepared, turns }) => {
      const cycle = prepared as WeightedCycle;
      return indexAtTurn(cycle, turns.nextTurn(cursor, cycle.length));
    };
  },
  score({ prepared }: CandidateList, index) {
    const { weights, length } = prepared as WeightedCycle;
    return `${weights[index]} of ${length} turns`;
  },
};

/** Compiles weights (above 0, whole or not) into one cycle of turns. */
export function compileCycle(given: readonly number[]): WeightedCycle {
  const weights = wholeWeights(given);
  let length = 0;
  const ends = Int32Array.from(weights, (weight) => length += weight);
  return length <= MAX_SCHEDULE
    ? { weights, length, schedule: smoothSchedule(weights) }
    : { weights, length, schedule: null, stride: spreadingStride(length), ends };
}

/** The index whose turn it is. */
export function indexAtTurn(cycle: WeightedCycle, turn: number): number {
  if (cycle.schedule !== null) return cycle.schedule[turn]!;
  const { stride, length, ends } = cycle;
  const place = turn * stride % length;
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place < ends[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * A stride near the golden section of the length that visits each place once. Of the nearest ones it is the one whose
 * ratio to the length has the least sum of partial quotients: that sum bounds how unevenly its multiples fall (H.
 * Niederreiter).
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

/**
 * The sum of the partial quotients of the continued fraction of `one / other`; infinite if they have a common divisor.
 */
function quotientSum(one: number, other: number): number {
  let sum = 0;
  while (other !== 0) {
    sum += Math.floor(one / other);
    [one, other] = [other, one % other];
  }
  return one === 1 ? sum : Infinity;
}
