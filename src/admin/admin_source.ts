import type { Decision } from "../state/decision.ts";
import type { Reason } from "../state/reason.ts";
import type { SystemView } from "../state/target_state.ts";
import type { TargetTable } from "../state/target_table.ts";

/** What the admin listener shows and may change; the control plane is one, tests make their own. */
export interface AdminSource {
  /** Everything known at this moment. Called on each request and, while a dashboard is open, each second: must not wait. */
  view(): SystemView;
  /** The live numbers, by slot. */
  readonly table: TargetTable;
  /** The effective configuration, value by value, with where each came from. */
  settings(): readonly Setting[];
  /**
   * Drains the group's targets at `addressPort` (`10.0.0.1:80`, `[::1]:80`): they finish what they have and get nothing new,
   * until {@linkcode AdminSource.enable}. Returns whether there is such a target.
   */
  drain(group: string, addressPort: string): boolean;
  /** Takes back a drain. Returns whether there is such a target. */
  enable(group: string, addressPort: string): boolean;
  /** The last requests' choices over all workers, newest first. */
  decisions(): Promise<readonly Decision[]>;
  /** Says what would be done with a request, by the code that serves; sends nothing. */
  explain(request: ExplainRequest): Explanation | Promise<Explanation>;
}

/** One value of the effective configuration. */
export interface Setting {
  /** The variable's name (`TARGET_GROUP_1_NAME`). */
  readonly name: string;
  /** As the variable would say it; the true one, also where `secret`: masking is the reader's business. */
  readonly value: string;
  /** Where it came from, in words (`default`, `environment`, `.env line 3`, `--port`). */
  readonly origin: string;
  /** Never shown. */
  readonly secret: boolean;
}

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
