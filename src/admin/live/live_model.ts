import type { Reason } from "../../state/reason.ts";
import type { GroupSnapshot, TargetSnapshot } from "../../state/group_snapshot.ts";
import type { TargetStateName } from "../../state/target_state.ts";
import type { Decision } from "../../views/decision.ts";
import type { NameView, SystemView } from "../../views/system_view.ts";
import type { EncodedNumbers } from "./live_numbers.ts";

/**
 * What `/events` sends to the page: `system` first and at each change, `tick` each second, `failures` if there are new
 * ones.
 */
export interface LiveEvents {
  readonly system: SystemShape;
  readonly tick: Tick;
  readonly failures: readonly Failure[];
}

/** What changes seldom: who is there. */
export interface SystemShape {
  readonly version: string;
  readonly instance: string;
  readonly listener: string;
  readonly startedMs: number;
  readonly generation: number;
  readonly lastReload: SystemView["lastReload"];
  /** What the numbers are called, in the order in which they are sent. */
  readonly numberNames: readonly string[];
  readonly rules: readonly RuleShape[];
  readonly groups: readonly GroupShape[];
}

/** A rule; its numbers follow by slot. */
export interface RuleShape {
  readonly slot: number;
  readonly number: number;
  /** Which requests it takes, in words. */
  readonly conditions: string;
  /** What it does with them, in words. */
  readonly action: string;
  /** The groups that it leads to. */
  readonly groups: readonly string[];
}

/** A group and who is in it. */
export interface GroupShape {
  readonly name: string;
  readonly algorithm: string;
  readonly failOpen: boolean;
  readonly resolved: boolean;
  /** What probes do, in words. */
  readonly checks: string;
  /** Health checks are on. */
  readonly checked: boolean;
  readonly names: readonly Pick<NameView, "host" | "lastError">[];
  readonly targets: readonly TargetShape[];
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

/** One second's news. Targets whose row is as it was are left out. */
export interface Tick {
  readonly nowMs: number;
  readonly ready: boolean;
  readonly workers: SystemView["workers"];
  readonly total: EncodedNumbers;
  /** How clients' connections are, in words; null with the engine `serve`. */
  readonly clients: string | null;
  /** How TLS on the listener is, in lines; null without LISTENER_TLS_PORT. */
  readonly tls: string | null;
  readonly rules: readonly (readonly [slot: number, numbers: EncodedNumbers])[];
  readonly groups: readonly (readonly [name: GroupSnapshot["name"], numbers: EncodedNumbers])[];
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
  numbers: EncodedNumbers,
];

/** A request that went wrong. */
export interface Failure extends Pick<Decision, "timeMs" | "id" | "method" | "path" | "status" | "rule" | "group"> {
  readonly reason: Reason | null;
  readonly totalMs: number;
  readonly attempts: Decision["attempts"];
}
