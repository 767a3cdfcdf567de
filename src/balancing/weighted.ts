import type { Algorithm, CandidateList } from "./algorithm.ts";
import { smoothSchedule } from "./smooth_schedule.ts";
import { StridedCycle } from "./strided_cycle.ts";
import { wholeWeights } from "./whole_weights.ts";

/** Longest cycle that is stored turn by turn: 32 KB, and a few ms to compute when a target's health changes. */
export const MAX_SCHEDULE = 16_384;

/** The turns of one cycle. */
export interface WeightedCycle {
  /** Turns of each index in a cycle. */
  readonly weights: readonly number[];
  readonly length: number;
  /** The index of each turn; null if the cycle is too long to be stored. */
  readonly schedule: Uint16Array | null;
  /** Computes the index of each turn, if there is no schedule. */
  readonly strided: StridedCycle | null;
}

/**
 * Smooth weighted round robin. Targets take turns in a cycle as long as the sum of their weights. In each cycle a
 * target has exactly as many turns as its weight, and they are spread: weights 5:2:1 give `a b a a c a b a`. On the way
 * no target is a whole turn ahead of its share or behind it (`smooth_schedule.ts`). All threads count turns in shared
 * memory, so the shares are exact with any number of workers. There are no ties.
 *
 * O(1): the cycle is stored when the candidates change. A cycle of more than 16384 turns is computed turn by turn
 * instead (`strided_cycle.ts`): O(log n).
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
  const length = weights.reduce((total, weight) => total + weight, 0);
  return length <= MAX_SCHEDULE
    ? { weights, length, schedule: smoothSchedule(weights), strided: null }
    : { weights, length, schedule: null, strided: new StridedCycle(weights) };
}

/** The index whose turn it is. */
export function indexAtTurn({ schedule, strided }: WeightedCycle, turn: number): number {
  return schedule !== null ? schedule[turn]! : strided!.indexAt(turn);
}
