import type { GroupSnapshot, TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Reason } from "../../state/reason.ts";
import type { TargetStateName } from "../../state/target_state.ts";
import type { NameView, SystemView } from "../../views/system_view.ts";
import type { Decision } from "../../views/decision.ts";

/** What `/events` sends to the dashboard: `system` first and whenever it changed, `tick` each second, `failures` on news. */
export type LiveEvent =
  | { readonly event: "system"; readonly data: SystemShape }
  | { readonly event: "tick"; readonly data: Tick }
  | { readonly event: "failures"; readonly data: readonly Failure[] };

/** What changes seldom: who is there. */
export interface SystemShape {
  readonly version: string;
  readonly instance: string;
  readonly listener: string;
  readonly startedMs: number;
  readonly generation: number;
  readonly lastReload: SystemView["lastReload"];
  readonly rules: readonly {
    readonly slot: number;
    readonly number: number;
    /** What it takes, and what becomes of it, in words. */
    readonly text: string;
    /** The groups that it leads to. */
    readonly groups: readonly string[];
  }[];
  readonly groups: readonly {
    readonly name: string;
    readonly algorithm: string;
    readonly failOpen: boolean;
    readonly resolved: boolean;
    readonly checks: string;
    /** Health checks are on. */
    readonly checked: boolean;
    readonly names: readonly Pick<NameView, "host" | "lastError">[];
    readonly targets: readonly TargetShape[];
  }[];
}

/** A target's name and place; its numbers follow by slot. */
export interface TargetShape {
  readonly slot: number;
  /** `http://10.0.0.1:80/v1`. */
  readonly target: string;
  /** `10.0.0.1:80`: what drain and enable take. */
  readonly address: string;
  readonly host: TargetSnapshot["host"];
  readonly weight: number;
  /** It left the group and only finishes what it has: enable can't bring it back. */
  readonly leaving: boolean;
}

/** The order of the numbers in {@linkcode LiveNumbers}. */
export type LiveNumbers = readonly [
  inFlight: number,
  /** Over the last tick. */
  requestsPerSecond: number,
  /** 0 to 1, over the last few seconds, as the percentiles (ms; null without a sample). */
  errorRate: number,
  p50: number | null,
  p90: number | null,
  p99: number | null,
  /** Since the start. */
  requests: number,
  errors: number,
];

/** One second's news. Targets whose row is as it was are left out. */
export interface Tick {
  readonly nowMs: number;
  readonly ready: boolean;
  readonly total: LiveNumbers;
  readonly workers: SystemView["workers"];
  readonly rules: readonly (readonly [slot: number, requestsPerSecond: number, requests: number, errors: number])[];
  readonly groups: readonly (readonly [name: GroupSnapshot["name"], numbers: LiveNumbers])[];
  readonly targets: readonly TargetRow[];
}

/** What changes of a target. */
export type TargetRow = readonly [
  slot: number,
  state: TargetStateName,
  reason: string | null,
  sinceMs: number,
  nextProbeMs: number | null,
  ejectedUntilMs: number | null,
  numbers: LiveNumbers,
];

/** A request that went wrong. */
export interface Failure extends Pick<Decision, "timeMs" | "id" | "method" | "path" | "status" | "rule" | "group"> {
  readonly reason: Reason | null;
  readonly totalMs: number;
  readonly attempts: Decision["attempts"];
}
