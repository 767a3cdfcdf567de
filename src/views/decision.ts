import type { Reason } from "../state/reason.ts";

/**
 * What was chosen for one request, and why: each worker keeps its last ones, `/decisions` shows them. Pure data
 * (it is posted between threads); strings of the client's are cut to a sane length before they get here.
 */
export interface Decision {
  /** When the request arrived (wall ms). */
  readonly timeMs: number;
  /** The request's id (`X-Request-Id` where the header convention is on, else made up). */
  readonly id: string;
  readonly worker: number;
  readonly method: string;
  /** Path and query, as matched. */
  readonly path: string;
  /** The client's Host. */
  readonly host: string;
  /** The client's address. */
  readonly client: string;
  /** The rule's N; null if none matched. */
  readonly rule: number | null;
  readonly group: string | null;
  /** Why it was this group of the rule's; null without a group. */
  readonly groupBy: "only" | "pinned" | "turn" | "failover" | null;
  readonly algorithm: string | null;
  /** What HASH chose by, masked if it is a cookie or another secret; null if the algorithm has no use for a key. */
  readonly key: string | null;
  /** The target that the client's cookie named, eligible or not; null if it named none. */
  readonly pinned: string | null;
  /**
   * Those that were eligible, in the group's order; of many the first few, and the one that was chosen.
   */
  readonly candidates: readonly DecisionCandidate[];
  /** How many were eligible. */
  readonly candidateCount: number;
  /** How many the group had, eligible or not. */
  readonly targetCount: number;
  /** The first target that was chosen (`address:port`); null if none was. */
  readonly chosen: string | null;
  readonly attempts: readonly DecisionAttempt[];
  /** What the client got; 499 if it left first. */
  readonly status: number;
  /** Why the answer is sluice's own; null if it is the target's. */
  readonly reason: Reason | null;
  /** Who broke the exchange off after its headers; null if it passed whole. */
  readonly cutBy: string | null;
  /** From arrival to the end of the exchange. */
  readonly totalMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** One target that could have taken the request. */
export interface DecisionCandidate {
  /** `address:port`. */
  readonly target: string;
  /** What the algorithm judged it by, in words; empty if it judges by nothing but turns. */
  readonly score: string;
}

/** One attempt to get an answer from a target. */
export interface DecisionAttempt {
  /** `address:port`. */
  readonly target: string;
  /** The target's status; null if no headers came. */
  readonly status: number | null;
  /** How it failed; null if headers came. */
  readonly outcome: Reason | null;
  /** What exactly failed, in words; null if headers came. */
  readonly detail: string | null;
  /**
   * How long making its connection took, or was tried if it failed; null if a connection was used again, or if
   * `fetch` made it, which does not tell.
   */
  readonly connectMs: number | null;
  /** Handed over until response headers; null if none came. */
  readonly ttfbMs: number | null;
}
