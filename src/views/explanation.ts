import type { ListenerEngine } from "../config/model.ts";
import type { ConditionKind } from "../config/rule_condition.ts";
import type { Snapshot } from "../state/group_snapshot.ts";
import type { Reason } from "../state/reason.ts";
import type { TargetStateName } from "../state/target_state.ts";
import type { GroupView } from "./system_view.ts";
import type { TargetTable } from "../state/target_table.ts";

/** A request that is not sent. */
export interface ExplainRequest {
  readonly method: string;
  /** Absolute, or a path. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whose connection it is; 127.0.0.1 if absent. */
  readonly clientIp?: string;
}

/** The host and port that an absolute URL names, raw; null for a path. */
export function authorityOf(url: string): string | null {
  if (url.startsWith("/")) return null;
  return url.slice(url.indexOf("//") + 2).split(/[/?#]/, 1)[0]!;
}

/** What an explanation stands on: what requests are served by at this moment, and what is known of the targets. */
export interface ExplainBasis {
  readonly snapshot: Snapshot;
  readonly table: TargetTable;
  readonly groups: readonly GroupView[];
}

/** What would be done with a request, and why. */
export interface Explanation {
  /** LISTENER_ENGINE, which receives it. */
  readonly engine: ListenerEngine;
  /** In words: what this engine does with it, and the other would not. */
  readonly engineNotes: readonly string[];
  readonly method: string;
  /** Path and query that are matched, dot segments resolved; null if the request is refused before. */
  readonly path: string | null;
  /** Who the client is taken for, after TRUSTED_PROXIES; null if it was not determined. */
  readonly client: string | null;
  /** Every rule in the order in which they are considered. */
  readonly rules: readonly ExplainedRule[];
  /** How the path changes from what the client sent to what the target gets, step by step. */
  readonly rewrite: readonly { readonly step: string; readonly path: string }[];
  readonly group: string | null;
  /** The rule's groups, if it has several; empty otherwise. */
  readonly groups: readonly ExplainedGroup[];
  readonly algorithm: string | null;
  /** How the group's algorithm chooses, in words. */
  readonly choice: string | null;
  /** The HASH key of this request; null if the algorithm has no use for one. */
  readonly key: string | null;
  /** The target that the client's cookie names, eligible or not; null if it names none. */
  readonly pinned: string | null;
  /** Every target of the group. */
  readonly candidates: readonly ExplainedCandidate[];
  /** The target that would get it now; null if none would. */
  readonly chosen: string | null;
  /** In words: why this one, or why none. */
  readonly why: string;
  /** How long connecting to it and its response headers may take; connecting alone has no limit with `fetch` (null). */
  readonly limits: { readonly connectMs: number | null; readonly headersMs: number } | null;
  /** The headers that would be sent to it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How the headers of its response would be changed; null if they would not. */
  readonly responseHeaders: {
    readonly set: readonly (readonly [name: string, value: string])[];
    /** Names in lower case. */
    readonly removed: readonly string[];
  } | null;
  /** What LOCATION_REWRITE would make of the target's own address in a redirect; null if it is off. */
  readonly locations: { readonly from: string; readonly to: string } | null;
  /** The answer, if it would be sluice's own; its reason is null for the statistics (STATS_PATH). */
  readonly answer: { readonly status: number; readonly reason: Reason | null; readonly text: string } | null;
}

/** One rule's part in an explanation. */
export interface ExplainedRule {
  readonly number: number;
  /** Which requests it takes: `api.example.com /v1`. */
  readonly takes: string;
  /** What it does with them: `api 90 %, canary 10 %`. */
  readonly action: string;
  /** Each of its conditions, held or not. */
  readonly conditions: readonly ExplainedCondition[];
  readonly matched: boolean;
  /** In words: why it was taken, or why it lost. */
  readonly why: string;
}

/** One condition's part in an explanation. */
export interface ExplainedCondition {
  readonly kind: ConditionKind;
  /** As it is configured. */
  readonly text: string;
  readonly held: boolean;
  /** The value that it compared; null if the request has none. */
  readonly value: string | null;
}

/** One of a rule's target groups in an explanation. */
export interface ExplainedGroup {
  readonly name: string;
  readonly weight: number;
  /** How many of its targets may receive requests. */
  readonly eligible: number;
  readonly chosen: boolean;
  /** In words: why it was taken; empty if it was not. */
  readonly why: string;
}

/** One target's part in an explanation. */
export interface ExplainedCandidate {
  /** `address:port`. */
  readonly target: string;
  readonly eligible: boolean;
  /** `unknown` if it was never probed, `unchecked` if it counts as healthy because checks are off. */
  readonly state: TargetStateName | "unknown" | "unchecked";
  /** Why it is in this state, and which way its last probes point; null if there is nothing to say. */
  readonly reason: string | null;
  /** Since when (ISO 8601); null if it was never probed. */
  readonly since: string | null;
  /** What the algorithm judges it by; empty if it is not eligible. */
  readonly score: string;
  /** In words: why it was taken, or why not. */
  readonly why: string;
}
