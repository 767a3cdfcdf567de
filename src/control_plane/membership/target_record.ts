import type { EjectionConfig, HealthCheckConfig } from "../../config/model.ts";
import { ConsecutiveThreshold } from "../../health/consecutive_threshold.ts";
import {
  eject,
  type EjectionGroup,
  type EjectionRecord,
  NEVER_EJECTED,
  release,
} from "../../health/outlier_ejection.ts";
import { briefProbe, describeProbe, type ProbeResult } from "../../health/probe_result.ts";
import { counted } from "../../logging/counted.ts";
import type { Logger } from "../../logging/log.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import { FLAG } from "../../state/slot_layout.ts";
import { stateOfFlags, type TargetStateName } from "../../state/target_state.ts";
import type { TargetView } from "../../views/system_view.ts";
import type { TargetTable } from "../../state/target_table.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";

/** What a record needs. */
export interface RecordContext {
  readonly group: string;
  readonly table: TargetTable;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Everything the control plane knows of one target; writes its flags into the target table and logs each change of
 * state.
 */
export class TargetRecord {
  /** Replaced when its weight or its entry's host changes; the slot stays. */
  target: TargetSnapshot;
  /** The last generation that named the target, once it has left its group. */
  lastNamedIn = 0;
  /** The target has left its group, and no worker can pick it any more. */
  unnamed = false;
  readonly #context: RecordContext;
  #threshold: ConsecutiveThreshold;
  #checked: boolean;
  #left = false;
  #drained = false;
  #state: TargetStateName;
  #reason: string | null = null;
  #sinceMs: number;
  #unhealthyReason: string | null = null;
  #ejection: EjectionRecord = NEVER_EJECTED;
  #ejectionReason: string | null = null;
  #cancelEjection: CancelTimer = () => {};
  #probed = false;
  #lastProbe: TargetView["lastProbe"] = null;
  #lastFound = "";
  #intervalMs: number;
  #probePath: string;
  readonly #probes = { ok: 0, failed: 0 };

  constructor(target: TargetSnapshot, check: HealthCheckConfig, context: RecordContext) {
    this.target = target;
    this.#context = context;
    this.#threshold = new ConsecutiveThreshold(check.succeedThreshold, check.failureThreshold);
    this.#checked = check.enabled;
    this.#intervalMs = check.intervalMs;
    this.#probePath = check.path;
    this.#state = check.enabled ? "initial" : "healthy";
    this.#sinceMs = context.clock.wallMs();
  }

  get left(): boolean {
    return this.#left;
  }

  get ejected(): boolean {
    return this.#ejection.present !== null;
  }

  /**
   * Applies a probe's result. If the probe began after an ejection and succeeded, the ejection ends. `nextProbeMs`
   * (monotonic) is the time of the next probe.
   */
  observeProbe(result: ProbeResult, startedMs: number, nextProbeMs: number | null): void {
    if (result.kind === "inconclusive") return;
    const { table, clock } = this.#context;
    const ok = result.kind === "success";
    const reason = describeProbe(result);
    this.#lastProbe = { ok, reason, micros: result.micros, atMs: clock.wallMs() };
    if (ok) this.#probes.ok += 1;
    else this.#probes.failed += 1;
    this.#lastFound = briefProbe(result);
    const failedBefore = this.#threshold.healthy ? this.#threshold.consecutive.failed : 0;
    this.#threshold.observe(ok);
    this.#tellOfPending(failedBefore, nextProbeMs);
    // The last probe's reason: a target that responded 503 and now refuses connections is down for another reason than
    // at first.
    if (this.#threshold.healthy) this.#unhealthyReason = null;
    else if (!ok) this.#unhealthyReason = reason;
    if (ok) {
      this.#probed = true;
      table.recordProbe(this.target.slot, result.micros);
      const present = this.#ejection.present;
      if (present !== null && startedMs >= present.sinceMs) {
        this.#release();
        table.endFailures(this.target.slot);
      }
    }
    this.#settle(reason);
  }

  /** Counts a failed connection, and ejects the target if the group's configuration says so. */
  connectionFailed(
    failure: { readonly consecutive: number; readonly error: string },
    config: EjectionConfig,
    group: EjectionGroup,
  ): void {
    this.#tellOfFailure(failure);
    if (this.#state !== "initial" && this.#state !== "healthy") return;
    const { clock } = this.#context;
    const next = eject(this.#ejection, failure.consecutive, { config, group, nowMs: clock.monotonicMs() });
    if (next === null) return;
    this.#ejection = next;
    const { sinceMs, untilMs } = next.present!;
    this.#ejectionReason = `${failure.consecutive} failed connections in a row (${failure.error})`;
    this.#cancelEjection = clock.after(untilMs - sinceMs, () => this.endEjection("ejection ended"));
    this.#settle(`${this.#ejectionReason}, for ${Math.round(untilMs - sinceMs)} ms`);
  }

  /** Lets an ejected target back in. */
  endEjection(why: string): void {
    if (this.#ejection.present === null) return;
    this.#release();
    this.#settle(why);
  }

  /** Drains the target until `enable`, whatever probes say. */
  drain(): void {
    this.#drained = true;
    this.#settle("drained by the operator");
  }

  /** Ends the operator's drain. */
  enable(): void {
    this.#drained = false;
    this.#settle("enabled by the operator");
  }

  /** Notes that the target has left its group. It gets no flag: workers use it until their next snapshot. */
  leave(lastNamedIn: number): void {
    this.#left = true;
    this.lastNamedIn = lastNamedIn;
    this.unnamed = false;
    this.#settle("left the group");
  }

  /** Notes that the target came back before its slot was freed; its health and counters stay valid. */
  rejoin(target: TargetSnapshot, check: HealthCheckConfig): void {
    this.#left = false;
    this.target = target;
    this.unnamed = false;
    this.#takeCheck(check);
    this.#settle("back in the group");
  }

  /** Applies another check configuration. If checks are off, their results no longer count (promise A35). */
  configure(check: HealthCheckConfig): void {
    this.#takeCheck(check);
    this.#settle("health checks were reconfigured");
  }

  #takeCheck(check: HealthCheckConfig): void {
    if (this.#checked && !check.enabled) {
      this.#threshold = new ConsecutiveThreshold(check.succeedThreshold, check.failureThreshold);
      this.#unhealthyReason = null;
      this.#probed = false;
    }
    this.#checked = check.enabled;
    this.#intervalMs = check.intervalMs;
    this.#probePath = check.path;
    this.#threshold.configure(check.succeedThreshold, check.failureThreshold);
  }

  /** Ends its timer. */
  stop(): void {
    this.#cancelEjection();
  }

  /** What operators see of it. `nextProbeMs` is monotonic. */
  view(nextProbeMs: number | null): TargetView {
    const { clock, group } = this.#context;
    const toWall = clock.wallMs() - clock.monotonicMs();
    const present = this.#ejection.present;
    return {
      group,
      target: this.target,
      state: this.#state,
      reason: this.#shownReason(nextProbeMs),
      sinceMs: this.#sinceMs,
      nextProbeMs: nextProbeMs === null || this.#left ? null : toWall + nextProbeMs,
      ejectedUntilMs: present === null ? null : toWall + present.untilMs,
      lastProbe: this.#lastProbe,
      consecutive: this.#threshold.consecutive,
      probes: { ...this.#probes },
      ejections: this.#ejection.total,
    };
  }

  /** A dead target fails every request: the first failure of a run is worth a warning, the others are detail. */
  #tellOfFailure({ consecutive, error }: { readonly consecutive: number; readonly error: string }): void {
    const { log, group } = this.#context;
    const target = hostPort(this.target.address, this.target.port);
    log[consecutive === 1 ? "warn" : "debug"](
      "connection_failed",
      `Could not connect to target ${target} of group ${group}: ${error}`,
      { group, target, consecutive },
    );
  }

  /** Warns before a target goes out, from its first failed probe on. */
  #tellOfPending(failedBefore: number, nextProbeMs: number | null): void {
    const { log, group } = this.#context;
    const target = hostPort(this.target.address, this.target.port);
    const { count } = this.#threshold.pending ?? { count: 0 };
    if (!this.#threshold.healthy) return;
    if (count > 0) {
      const pending = this.#pendingText(nextProbeMs);
      // An operator who never set a path sees this first.
      const asked = count === 1 && this.#lastFound.startsWith("got ")
        ? `; probes request ${this.#probePath} (HEALTH_CHECK_PATH, HEALTH_CHECK_MATCHER)`
        : "";
      log.info("probe_failed", `Target ${target} of group ${group}: ${pending}${asked}`, {
        group,
        target,
        failed: count,
      });
    } else if (failedBefore > 0) {
      const probes = counted(failedBefore, "failed probe");
      log.info("probe_recovered", `Target ${target} of group ${group} stays in: ${this.#lastFound} after ${probes}`, {
        group,
        target,
      });
    }
  }

  /**
   * How the last probes will change the state (`1 of 2 probes failed (got 404), out at 12:00:30 UTC`); null if they
   * won't.
   */
  #pendingText(nextProbeMs: number | null): string | null {
    const pending = this.#checked ? this.#threshold.pending : null;
    if (pending === null) return null;
    const { clock } = this.#context;
    const [became, will] = this.#threshold.healthy ? ["failed", "out"] : ["succeeded", "back"];
    const wait = (pending.needed - pending.count - 1) * this.#intervalMs;
    const atMs = nextProbeMs === null ? null : clock.wallMs() - clock.monotonicMs() + nextProbeMs + wait;
    const at = atMs === null ? "" : `, ${will} at ${new Date(atMs).toISOString().slice(11, 19)} UTC`;
    return `${pending.count} of ${pending.needed} probes ${became} (${this.#lastFound})${at}`;
  }

  /** Why it is in its state, and what is about to change that. */
  #shownReason(nextProbeMs: number | null): string | null {
    if (this.#state === "draining" || this.#state === "ejected") return this.#reason;
    return [this.#reason, this.#pendingText(nextProbeMs)].filter((part) => part !== null).join("; ") || null;
  }

  #release(): void {
    this.#cancelEjection();
    this.#ejection = release(this.#ejection, this.#context.clock.monotonicMs());
    this.#ejectionReason = null;
  }

  /** Writes the flags, and logs a change of state with its cause, `why`. */
  #settle(why: string): void {
    const { table, clock, log, group } = this.#context;
    let flags = 0;
    if (this.#checked && !this.#threshold.healthy) flags |= FLAG.unhealthy;
    if (this.ejected) flags |= FLAG.ejected;
    if (this.#drained) flags |= FLAG.draining;
    table.setFlags(this.target.slot, flags);
    const from = this.#state;
    const to = this.#left ? "draining" : stateOfFlags(flags, this.#probed || !this.#checked);
    this.#reason = this.#reasonOf(to);
    if (from === to) return;
    this.#state = to;
    this.#sinceMs = clock.wallMs();
    const { address, port, host, slot } = this.target;
    const name = hostPort(address, port);
    log[to === "unhealthy" || to === "ejected" ? "warn" : "info"](
      "target_state",
      `Target ${name} of group ${group} is [${to.toUpperCase()}]: ${why}`,
      { group, target: name, host, slot, from, to, reason: why },
    );
  }

  #reasonOf(state: TargetStateName): string | null {
    if (state === "draining") return this.#left ? "left the group" : "drained by the operator";
    if (state === "unhealthy") return this.#unhealthyReason;
    if (state === "ejected") return this.#ejectionReason;
    return null;
  }
}
