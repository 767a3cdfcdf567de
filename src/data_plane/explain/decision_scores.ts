import type { CandidateList } from "../../balancing/algorithm.ts";
import { findAlgorithm } from "../../balancing/registry.ts";
import { hashText } from "../../balancing/text_hash.ts";
import type { DecisionCandidate } from "../../views/decision.ts";
import { type GroupSnapshot, hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";

/** Candidates whose numbers are kept with a decision: enough to see why, whatever the group's size. */
export const KEPT_CANDIDATES = 8;

/** Numbers kept of each candidate: in flight, TTFB average, its time, the probes' average, failures in a row. */
export const NUMBERS_EACH = 5;

/**
 * The numbers that a choice was made by: a list that is shared until the candidates change, and a few live numbers.
 * Exchanges borrow one each, for it is the largest thing that a request would leave to the garbage collector.
 */
export class CapturedScores {
  candidates: CandidateList | null = null;
  group: GroupSnapshot | null = null;
  /** The HASH key; empty where the algorithm has no use for one. */
  key = "";
  keyHash = 0;
  /** Where the client's cookie pointed. */
  pinned: TargetSnapshot | null = null;
  /** What was chosen, where it is not among the first candidates: then its numbers stand in the last place. */
  behind: TargetSnapshot | null = null;
  /** In flight, TTFB average, its time, probe average and failures of some candidates, one after another. */
  readonly numbers = new Float64Array(KEPT_CANDIDATES * NUMBERS_EACH);
  /** How many numbers there are. */
  count = 0;
}

/** Most of them that wait to be borrowed; beyond that they are let go. */
const MOST_FREE = 256;
const free: CapturedScores[] = [];

/** Takes back an object that is no longer read. While it waits, it holds no key and no snapshot. */
export function giveBackScores(scores: CapturedScores): void {
  scores.key = "";
  scores.candidates =
    scores.group =
    scores.pinned =
    scores.behind =
      null;
  if (free.length < MOST_FREE) free.push(scores);
}

/** What was chosen, and what for. */
export interface CapturedChoice {
  readonly group: GroupSnapshot;
  readonly target: TargetSnapshot | null;
  readonly key: string;
  readonly pinned: TargetSnapshot | null;
}

/**
 * Takes down what a choice was made by: five reads for each of the first candidates and for the chosen one, and no text
 * (that is made on request).
 */
export function captureScores(
  candidates: CandidateList,
  { group, target, key, pinned }: CapturedChoice,
): CapturedScores {
  const { table, slots } = candidates;
  const count = candidates.count < KEPT_CANDIDATES ? candidates.count : KEPT_CANDIDATES;
  const captured = free.pop() ?? new CapturedScores();
  const { numbers } = captured;
  let behind = candidates.count > KEPT_CANDIDATES ? target : null;
  for (let i = 0, at = 0; i < count; i++) {
    let slot = slots[i]!;
    if (behind !== null) {
      if (slot === behind.slot) behind = null;
      else if (i === KEPT_CANDIDATES - 1) slot = behind.slot;
    }
    numbers[at++] = table.inFlight[slot]!;
    numbers[at++] = table.ttfbMicros[slot]!;
    numbers[at++] = table.ttfbAtMs[slot]!;
    numbers[at++] = table.probeMicros[slot]!;
    numbers[at++] = table.consecutiveFailures[slot]!;
  }
  captured.candidates = candidates;
  captured.group = group;
  captured.key = key;
  captured.keyHash = key === "" ? 0 : hashText(key);
  captured.pinned = pinned;
  captured.behind = behind;
  captured.count = count * NUMBERS_EACH;
  return captured;
}

/** What scores are put into words from. */
export interface KeptScores {
  readonly algorithm: string;
  readonly keyHash: number;
  /** When the request arrived (monotonic ms). */
  readonly startedMs: number;
  readonly behind: TargetSnapshot | null;
  readonly numbers: ArrayLike<number>;
}

/** Lets the algorithm put its scores into words, over the numbers as they were. */
export function describeCandidates(candidates: CandidateList, kept: KeptScores): DecisionCandidate[] {
  const algorithm = findAlgorithm(kept.algorithm);
  const count = Math.min(candidates.count, KEPT_CANDIDATES);
  const column = (field: number) => Array.from({ length: count }, (_, i) => kept.numbers[i * NUMBERS_EACH + field]!);
  // What `prepare` made goes by the place among all candidates; the numbers stand one after another.
  const places = Array.from({ length: count }, (_, i) => i);
  if (kept.behind !== null) places[count - 1] = candidates.targets.indexOf(kept.behind);
  const slots = new Int32Array(Math.max(0, ...places) + 1);
  places.forEach((place, i) => slots[i] = slots[place] = i);
  const then = {
    ...candidates,
    count,
    slots,
    table: {
      inFlight: Int32Array.from(column(0)),
      ttfbMicros: Float64Array.from(column(1)),
      ttfbAtMs: Float64Array.from(column(2)),
      probeMicros: Float64Array.from(column(3)),
      consecutiveFailures: Int32Array.from(column(4)),
      flags: new Int32Array(count),
    },
  };
  const question = { keyHash: kept.keyHash, nowMs: kept.startedMs };
  return places.map((place) => {
    const { address, port } = candidates.targets[place]!;
    return { target: hostPort(address, port), score: algorithm?.score(then, place, question) ?? "" };
  });
}
