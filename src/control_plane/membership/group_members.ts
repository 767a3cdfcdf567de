import type { TargetGroupConfig } from "../../config/model.ts";
import { type DiscoveredTarget, expandEntries } from "../../discovery/expand_entries.ts";
import { reconcile } from "../../discovery/reconcile.ts";
import type { NameState } from "../../discovery/refresh_loop.ts";
import { HealthChecker } from "../../health/health_checker.ts";
import { mostEjected } from "../../health/outlier_ejection.ts";
import type { Probe } from "../../health/probe.ts";
import type { ProbeResult } from "../../health/probe_result.ts";
import { type GroupSnapshot, hostPort, targetKey, type TargetSnapshot } from "../../state/group_snapshot.ts";
import type { GroupView, NameView } from "../../views/system_view.ts";
import type { TargetTls } from "../../certificates/target_tls.ts";
import type { TargetTlsTexts } from "../certificates/target_tls_texts.ts";
import { type RecordContext, TargetRecord } from "./target_record.ts";

/** The addresses of names, as discovery found them (`RefreshLoop` in the program). */
export interface Names {
  addresses(host: string): readonly string[] | null;
  isSettled(host: string): boolean;
  state(host: string): NameState | null;
}

/** What a group needs. */
export interface MembersContext extends RecordContext {
  readonly cursor: number;
  readonly random: () => number;
  readonly probe: Probe;
  readonly names: Names;
  /** Used if STICKY_SECRET is unset. */
  readonly processSecret: string;
  /** A slot for another target; null if all are in use. */
  readonly takeSlot: () => number | null;
  readonly releaseSlot: (slot: number) => void;
  /** How sluice speaks TLS to `https://` targets. */
  readonly tls: () => TargetTlsTexts;
  /** The generation of the last snapshot of this group. */
  readonly generation: () => number;
}

/** The members of one target group: those that serve, in order, and those that left and still drain. */
export class GroupMembers {
  config: TargetGroupConfig;
  readonly cursor: number;
  readonly #context: MembersContext;
  readonly #checker: HealthChecker;
  #members = new Map<string, TargetRecord>();
  readonly #leaving = new Map<string, TargetRecord>();
  readonly #bySlot = new Map<number, TargetRecord>();
  #resolved = false;
  /** Targets for which there was no slot. */
  #leftOut: readonly string[] = [];
  #warnedInconclusive = false;

  constructor(config: TargetGroupConfig, context: MembersContext) {
    this.config = config;
    this.cursor = context.cursor;
    this.#context = context;
    this.#checker = new HealthChecker({
      config: config.healthCheck,
      clock: context.clock,
      random: context.random,
      probe: context.probe,
      onResult: (slot, result, startedMs) => this.#onProbe(slot, result, startedMs),
    });
  }

  /** True if the group has no members, and none that still drain. */
  get isEmpty(): boolean {
    return this.#members.size === 0 && this.#leaving.size === 0;
  }

  /** True if there was no slot for a target: `refresh` may find one later. */
  get isIncomplete(): boolean {
    return this.#leftOut.length > 0;
  }

  /** Updates the members to what names resolve to; returns whether the group's snapshot changed. */
  refresh(): boolean {
    const { names } = this.#context;
    const { entries } = this.config;
    const before = this.#targets();
    const discovered = expandEntries(entries, (host) => names.addresses(host));
    const { added, kept, removed } = reconcile(this.#members, discovered);
    for (const [record, found] of kept) {
      const { slot, host, weight, tls } = record.target;
      const wanted = this.#tlsOf(found);
      if (host !== found.host || weight !== found.weight || tls?.id !== wanted?.id) {
        record.target = { slot, ...found, tls: wanted };
      }
    }
    this.#sayLeftOut(added.filter((found) => !this.#join(found)).map(targetKey));
    // No target leaves while a name of the group is looked up for the first time: the group would be empty until then.
    if (entries.every(({ host }) => names.isSettled(host))) {
      removed.forEach((record) => this.#leave(record));
    }
    this.#releaseExcess();
    this.#members = inOrder(this.#members, discovered.keys());
    for (const { target } of this.#members.values()) this.#checker.watch(target);

    const resolved = this.#members.size > 0 || entries.some(({ host }) => names.addresses(host) !== null);
    const after = this.#targets();
    const changed = resolved !== this.#resolved || after.length !== before.length ||
      after.some((target, i) => target !== before[i]);
    this.#resolved = resolved;
    return changed;
  }

  #tlsOf({ scheme, host }: DiscoveredTarget): TargetTls | null {
    return scheme === "http" ? null : this.#context.tls().of(this.config.name, host);
  }

  /** Takes another configuration; follow it with `refresh`. */
  configure(config: TargetGroupConfig): void {
    const before = this.config;
    this.config = config;
    if (JSON.stringify(before.healthCheck) === JSON.stringify(config.healthCheck)) return;
    for (const record of this.#members.values()) record.configure(config.healthCheck);
    this.#checker.configure(config.healthCheck);
  }

  /** Removes every member, because the group is no longer configured. */
  dismiss(): void {
    this.#leftOut = [];
    for (const record of [...this.#members.values()]) this.#leave(record);
  }

  /** What the data plane knows of the group. */
  snapshot(): GroupSnapshot {
    const { name, algorithm, algorithmOptions, stickiness, preserveHost, locationRewrite, failOpen } = this.config;
    return {
      name,
      algorithm,
      algorithmOptions,
      stickiness: stickiness === null
        ? null
        : { ...stickiness, secret: stickiness.secret ?? this.#context.processSecret },
      preserveHost,
      locationRewrite,
      failOpen,
      resolved: this.#resolved,
      cursor: this.cursor,
      targets: this.#targets(),
    };
  }

  /** What operators see of the group. */
  view(): GroupView {
    const records = [...this.#members.values(), ...this.#leaving.values()];
    const names: NameView[] = [];
    for (const host of new Set(this.config.entries.map((entry) => entry.host))) {
      const state = this.#context.names.state(host);
      if (state === null) continue;
      const { answers, failures, lastError, lastAnswerMs } = state;
      names.push({ host, addresses: state.addresses ?? [], answers, failures, lastError, lastAnswerMs });
    }
    return {
      group: this.snapshot(),
      healthCheck: this.config.healthCheck,
      targets: records.map((record) => record.view(this.#checker.nextProbeMs(record.target.slot))),
      names,
    };
  }

  /** Counts a failed connection; ignored if the slot belongs to no member. */
  connectionFailed(slot: number, consecutive: number, error: string): boolean {
    const record = this.#bySlot.get(slot);
    if (record === undefined) return false;
    if (record.left) return true;
    let ejected = 0;
    for (const member of this.#members.values()) if (member.ejected) ejected += 1;
    record.connectionFailed({ consecutive, error }, this.config.ejection, { targets: this.#members.size, ejected });
    return true;
  }

  /** The members at an `address:port`: several if schemes or bases differ. */
  at(addressPort: string): TargetRecord[] {
    return [...this.#members.values()].filter(({ target }) => hostPort(target.address, target.port) === addressPort);
  }

  /** Notes that all workers use this generation: a target that left before it can't be picked any more. */
  appliedEverywhere(generation: number): void {
    for (const record of this.#leaving.values()) {
      if (generation > record.lastNamedIn) record.unnamed = true;
    }
  }

  /** Frees the slots of targets that left, can't be picked any more, and have nothing in flight. */
  sweep(): void {
    const { table, log, group, releaseSlot } = this.#context;
    for (const [key, record] of this.#leaving) {
      const { slot } = record.target;
      if (!record.unnamed || Atomics.load(table.inFlight, slot) !== 0) continue;
      this.#leaving.delete(key);
      this.#bySlot.delete(slot);
      record.stop();
      releaseSlot(slot);
      log.debug("target_gone", `Target ${key} of group ${group} has finished and is gone`, { group, slot });
    }
  }

  /** Ends timers and probes. */
  async stop(): Promise<void> {
    for (const record of this.#bySlot.values()) record.stop();
    await this.#checker.stop();
  }

  #targets(): TargetSnapshot[] {
    return [...this.#members.values()].map((record) => record.target);
  }

  #join(found: DiscoveredTarget): boolean {
    const key = targetKey(found);
    const returning = this.#leaving.get(key);
    if (returning !== undefined) {
      this.#leaving.delete(key);
      returning.rejoin({ slot: returning.target.slot, ...found, tls: this.#tlsOf(found) }, this.config.healthCheck);
      this.#members.set(key, returning);
      return true;
    }
    const slot = this.#context.takeSlot();
    if (slot === null) return false;
    const target = { slot, ...found, tls: this.#tlsOf(found) };
    const record = new TargetRecord(target, this.config.healthCheck, this.#context);
    this.#members.set(key, record);
    this.#bySlot.set(slot, record);
    return true;
  }

  #sayLeftOut(keys: readonly string[]): void {
    const before = this.#leftOut;
    this.#leftOut = keys;
    if (keys.length <= before.length) return;
    const { log, group } = this.#context;
    log.error(
      "target_table_full",
      `${keys.length} targets of group ${group} wait for a place in the target table: ${
        keys.slice(0, 3).join(", ")
      } ...`,
      { group, targets: keys.length },
    );
  }

  /**
   * If members left, or came back ejected, more than half of the group may be out: then some return before their time,
   * and all of them if no member is ejected any more.
   */
  #releaseExcess(): void {
    const ejected = [...this.#members.values()].filter((record) => record.ejected);
    if (!this.config.ejection.enabled) {
      return ejected.forEach((record) => record.endEjection("ejection was switched off"));
    }
    const excess = ejected.length - mostEjected(this.#members.size);
    for (const record of ejected.slice(0, Math.max(0, excess))) record.endEjection("too few others are left");
  }

  #leave(record: TargetRecord): void {
    const key = targetKey(record.target);
    this.#members.delete(key);
    this.#leaving.set(key, record);
    this.#checker.unwatch(record.target.slot);
    record.leave(this.#context.generation());
  }

  #onProbe(slot: number, result: ProbeResult, startedMs: number): void {
    const { log, group } = this.#context;
    if (result.kind !== "inconclusive") {
      this.#warnedInconclusive = false;
      this.#bySlot.get(slot)?.observeProbe(result, startedMs, this.#checker.nextProbeMs(slot));
    } else if (!this.#warnedInconclusive) {
      this.#warnedInconclusive = true;
      log.warn("probe_inconclusive", `Probes of group ${group} can't be made here: ${result.error}`, { group });
    }
  }
}

/** The members in discovery's order, then those that discovery no longer knows. */
function inOrder(members: ReadonlyMap<string, TargetRecord>, keys: Iterable<string>): Map<string, TargetRecord> {
  const ordered = new Map<string, TargetRecord>();
  for (const key of keys) {
    const record = members.get(key);
    if (record !== undefined) ordered.set(key, record);
  }
  for (const [key, record] of members) ordered.set(key, record);
  return ordered;
}
