import type { HealthCheckConfig, ListenerEngine } from "../config/model.ts";
import type { GroupSnapshot, RuleSnapshot, TargetSnapshot } from "../state/group_snapshot.ts";
import type { TlsView } from "./certificate_view.ts";
import type { TargetStateName } from "../state/target_state.ts";

/** One target as the control plane knows it, for stats, metrics, dashboard and `explain`. */
export interface TargetView {
  readonly group: string;
  readonly target: TargetSnapshot;
  readonly state: TargetStateName;
  /**
   * Why it is in this state (`Target.ResponseCodeMismatch got 503`), and which way its last probes point
   * (`1 of 2 probes failed (got 404), out at 12:00:30 UTC`); null if there is nothing to say.
   */
  readonly reason: string | null;
  /** When it came into this state (wall ms). */
  readonly sinceMs: number;
  /** When it is probed next (wall ms), null without checks. */
  readonly nextProbeMs: number | null;
  /** When an ejection ends (wall ms), null if it is not ejected. */
  readonly ejectedUntilMs: number | null;
  /** The last probe, null before the first. */
  readonly lastProbe:
    | { readonly ok: boolean; readonly reason: string; readonly micros: number; readonly atMs: number }
    | null;
  /** Successes or failures in a row of the probes, as of now. */
  readonly consecutive: { readonly ok: number; readonly failed: number };
  readonly probes: { readonly ok: number; readonly failed: number };
  /** How often live traffic ejected it. */
  readonly ejections: number;
}

/** What DNS said of one host of a group. */
export interface NameView {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly answers: number;
  readonly failures: number;
  /** Why the last lookup failed; null after a good one. */
  readonly lastError: string | null;
  /** When the last good answer came (wall ms), null never. */
  readonly lastAnswerMs: number | null;
}

export interface GroupView {
  readonly group: GroupSnapshot;
  readonly healthCheck: HealthCheckConfig;
  /** Those that drain after they left the group included. */
  readonly targets: readonly TargetView[];
  readonly names: readonly NameView[];
}

/** What a reload of the configuration came to. */
export interface ReloadOutcome {
  readonly atMs: number;
  /** False: the configuration before it stays in use. */
  readonly successful: boolean;
  /** What changed, variable by variable, or what was wrong; the first of them. */
  readonly lines: readonly string[];
}

/** The whole of what the control plane knows, at one moment. */
export interface SystemView {
  readonly version: string;
  readonly instance: string;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly generation: number;
  /** Null before the first reload. */
  readonly lastReload: ReloadOutcome | null;
  readonly listenerUrl: string;
  /** Who speaks HTTP to clients. */
  readonly engine: ListenerEngine;
  /** Null without LISTENER_TLS_PORT. */
  readonly tls: TlsView | null;
  /** How targets are spoken to. */
  readonly upstreamTransport: "fetch" | "wire";
  readonly ready: boolean;
  /**
   * False once a worker hung (its thread may hold its share of the listener until the process ends), and while no
   * worker has been able to accept connections for 30 s.
   */
  readonly live: boolean;
  /** How often a listener ended by itself (no descriptor was left) and was opened again, over all workers. */
  readonly listenerEnds: { readonly listener: number; readonly admin_listener: number };
  readonly workers: readonly WorkerView[];
  /** How many workers were exchanged, because TLS handshakes did not end in their threads. */
  readonly workerExchanges: number;
  readonly rules: readonly RuleSnapshot[];
  readonly groups: readonly GroupView[];
}

/** What operators see of a worker. */
export interface WorkerView {
  readonly worker: number;
  /** Another has taken its place; it finishes the requests that it has. */
  readonly leaving: boolean;
  readonly generation: number;
  readonly restarts: number;
  readonly heartbeatAgeMs: number;
}

/**
 * Whether all connections to a target are known: `fetch` tells nothing of its own, and those of WebSockets alone would
 * look like all.
 */
export function knowsConnections({ upstreamTransport }: SystemView): boolean {
  return upstreamTransport === "wire";
}
