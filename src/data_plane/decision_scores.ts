import type { CandidateList } from "../balancing/algorithm.ts";

/** Candidates whose numbers are kept with a decision: enough to see why, whatever the group's size. */
export const KEPT_CANDIDATES = 8;

/** Numbers kept of each candidate: in flight, TTFB average, its time, the probes' average. */
export const NUMBERS_EACH = 4;

/** The numbers that a choice was made by: a list that is shared until the candidates change, and a few live numbers. */
export interface CapturedScores {
  readonly candidates: CandidateList;
  /** The name of the algorithm that chose. */
  readonly algorithm: string;
  /** In flight, TTFB average, its time and the probe average of the first candidates, one after another. */
  readonly numbers: readonly number[];
}

/**
 * Takes down what a choice was made by: four reads for each of the first candidates and one small array, no text (that is
 * made when somebody asks).
 */
export function captureScores(candidates: CandidateList, algorithm: string): CapturedScores {
  const { table, slots } = candidates;
  const count = candidates.count < KEPT_CANDIDATES ? candidates.count : KEPT_CANDIDATES;
  // As long as it will be: an array that grows leaves its smaller forms behind.
  const numbers = new Array<number>(count * NUMBERS_EACH);
  for (let i = 0, at = 0; i < count; i++) {
    const slot = slots[i]!;
    numbers[at++] = table.inFlight[slot]!;
    numbers[at++] = table.ttfbMicros[slot]!;
    numbers[at++] = table.ttfbAtMs[slot]!;
    numbers[at++] = table.probeMicros[slot]!;
  }
  return { candidates, algorithm, numbers };
}
