import type { GroupSnapshot, TargetSnapshot } from "../state/group_snapshot.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { Turns } from "./turns.ts";

/** The numbers of targets that algorithms choose by, by slot. */
export type LiveNumbers = Pick<
  TargetTable,
  "inFlight" | "ttfbMicros" | "ttfbAtMs" | "probeMicros" | "consecutiveFailures" | "flags"
>;

/**
 * The targets that may receive a request, in the group's order. Rebuilt only when membership or health changed, never
 * per request; only live numbers are read through `table`, by slot.
 */
export interface CandidateList {
  readonly count: number;
  readonly targets: readonly TargetSnapshot[];
  /** `slots[i]` is `targets[i].slot`: one compact array for the algorithms that look at every candidate. */
  readonly slots: Int32Array;
  readonly table: LiveNumbers;
  /** Whose turn it is, at the group's `cursor`. */
  readonly turns: Turns;
  /** What the algorithm's `prepare` made of this list. */
  readonly prepared: unknown;
  /** The targets of the request's earlier attempts; null for the first. */
  readonly tried: readonly TargetSnapshot[] | null;
}

/**
 * Tells whether an earlier attempt of the request went to this candidate. An algorithm that always finds the same best
 * one must skip these; one that draws at random need not, since it is asked again.
 */
export function wasTried({ tried, slots }: CandidateList, index: number): boolean {
  if (tried === null) return false;
  const slot = slots[index]!;
  // By slot: the same target may come as another object after a snapshot was swapped under a running request.
  for (const each of tried) if (each.slot === slot) return true;
  return false;
}

/**
 * Picks one of the candidates by index. Called only with at least one candidate; must not allocate, wait, or ask about
 * health. `key` is the request's hash key if the algorithm asks for one (`usesKey`), else empty.
 */
export type Select = (candidates: CandidateList, key: string) => number;

/** What `create` may use beside its group. */
export interface SelectContext {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Milliseconds, monotonic, comparable over threads. */
  readonly nowMs: () => number;
}

/** What a score depends on beside the candidates: the request's key and the time. */
export interface ScoreQuestion {
  /** `hashText` of the key; 0 if the algorithm has no use for one. */
  readonly keyHash: number;
  readonly nowMs: number;
}

/** A way to choose among eligible targets. One file each, and one line in `registry.ts`. */
export interface Algorithm {
  /** Upper case, as in configuration. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** How it chooses, as the end of a sentence: `explain` says it of the choice. */
  readonly choice: string;
  /** True if the choice depends on HASH_KEY. */
  readonly usesKey?: boolean;
  /** True if its groups have stickiness: a cookie pins a client to its target before `select` is called. */
  readonly sticky?: boolean;
  /** True if every target's weight must be given. */
  readonly requiresWeights?: boolean;
  /** Whether the choice depends on weights. */
  readonly usesWeights?: boolean;
  /** Builds, when candidates changed, what `select` reads as `candidates.prepared`. */
  readonly prepare?: (candidates: CandidateList, group: GroupSnapshot) => unknown;
  readonly create: (group: GroupSnapshot, context: SelectContext) => Select;
  /**
   * What `explain` and the decisions show for candidate `index`: what the choice is made by, in words
   * (`in flight 3 x 1200 us`).
   */
  readonly score: (candidates: CandidateList, index: number, question: ScoreQuestion) => string;
}
