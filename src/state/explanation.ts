import type { Reason } from "./reason.ts";

/** A request that is not sent. */
export interface ExplainRequest {
  readonly method: string;
  /** Absolute, or a path. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What would be done with a request, and why. */
export interface Explanation {
  readonly method: string;
  /** The path that is matched, dot segments resolved; null where the request is refused before. */
  readonly path: string | null;
  /** Every rule in the order in which they are considered. */
  readonly rules: readonly {
    readonly number: number;
    readonly pathPrefix: string;
    readonly targetGroup: string;
    readonly matched: boolean;
    /** In words: why it was taken, or why it lost. */
    readonly why: string;
  }[];
  /** The path's way from what came to what is sent, step by step. */
  readonly rewrite: readonly { readonly step: string; readonly path: string }[];
  readonly group: string | null;
  readonly algorithm: string | null;
  /** Every target of the group. */
  readonly candidates: readonly {
    /** `address:port`. */
    readonly target: string;
    readonly eligible: boolean;
    /** State and reason, in words. */
    readonly state: string;
    /** What the algorithm judges it by; empty where it is not eligible. */
    readonly score: string;
  }[];
  /** The target that would get it now; null where none would. */
  readonly chosen: string | null;
  /** In words: why this one. */
  readonly why: string;
  /** The headers that would be sent to it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The answer, where it would be sluice's own. */
  readonly answer: { readonly status: number; readonly reason: Reason; readonly text: string } | null;
}
