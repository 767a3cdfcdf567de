import type { DnsConfig, TargetGroupConfig } from "../../config/model.ts";
import { type ResolveRecord, systemResolve } from "../../discovery/dns.ts";
import { RefreshLoop } from "../../discovery/refresh_loop.ts";
import { type Probe, probeTarget } from "../../health/probe.ts";
import type { Logger } from "../../logging/log.ts";
import type { GroupSnapshot } from "../../state/group_snapshot.ts";
import { SlotAllocator } from "../../state/slot_allocator.ts";
import { MAX_GROUPS, MAX_TARGETS } from "../../state/slot_layout.ts";
import type { GroupView } from "../../views/system_view.ts";
import type { TargetTable } from "../../state/target_table.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";
import { TargetTlsTexts } from "../certificates/target_tls_texts.ts";
import { GroupMembers } from "./group_members.ts";
import { makeSecret } from "./process_secret.ts";

/** Changes of membership that come this close together make one snapshot. */
const COALESCE_MS = 10;
/** How often to check whether targets that left have finished. */
const SWEEP_MS = 1000;

/** What the registry needs. */
export interface RegistryOptions {
  readonly groups: readonly TargetGroupConfig[];
  /** How sluice speaks TLS to `https://` targets; default: with the platform's authorities and the full check. */
  readonly tls?: TargetTlsTexts;
  readonly dns: DnsConfig;
  readonly table: TargetTable;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Membership changed: make a new snapshot of `groups`. */
  readonly onChange: () => void;
  readonly resolve?: ResolveRecord;
  readonly probe?: Probe;
}

/**
 * Connects discovery, health and the target table: which targets each group has, the state of each, and the slot of its
 * numbers.
 */
export class TargetRegistry {
  readonly #options: RegistryOptions;
  readonly #names: RefreshLoop;
  #dns: DnsConfig;
  #tls: TargetTlsTexts;
  #configs: readonly TargetGroupConfig[] = [];
  /** Groups that left the configuration stay until their targets have finished. */
  readonly #groups = new Map<string, GroupMembers>();
  readonly #slots = new SlotAllocator(MAX_TARGETS);
  readonly #cursors = new SlotAllocator(MAX_GROUPS);
  readonly #processSecret = makeSecret();
  readonly #stale = new Set<GroupMembers>();
  #generation = 0;
  #changed = false;
  #cancelFlush: CancelTimer | null = null;
  #cancelSweep: CancelTimer = () => {};
  #stopped = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#dns = options.dns;
    this.#tls = options.tls ?? TargetTlsTexts.NONE;
    this.#names = new RefreshLoop({
      dns: options.dns,
      resolve: options.resolve ?? systemResolve,
      clock: options.clock,
      random: options.random,
      log: options.log,
      onSettled: (host) => this.#onSettled(host),
    });
  }

  /**
   * Starts lookups and probes; resolves after the first round of DNS, even if it failed. `onChange` may be called
   * before: targets with an address need not wait for names.
   */
  async start(): Promise<void> {
    this.#cancelSweep = this.#options.clock.every(SWEEP_MS, () => this.#sweep());
    this.#adopt(this.#options.groups);
    await this.#names.firstRound();
    this.#flush();
  }

  /** The present members, for the snapshot of this generation. Generations only grow. */
  groups(generation: number): GroupSnapshot[] {
    this.#refreshStale();
    this.#changed = false;
    this.#generation = generation;
    return this.#present().map((group) => group.snapshot());
  }

  /**
   * Notes that all workers use this generation or a later one. A slot is reused only after that, and if it has nothing
   * in flight.
   */
  appliedEverywhere(generation: number): void {
    for (const group of this.#groups.values()) group.appliedEverywhere(generation);
    this.#sweep();
  }

  /** Takes a worker's report of a failed connection; `consecutive` counts failures in a row over all workers. */
  reportConnectionFailure(slot: number, consecutive: number, error: string): void {
    for (const group of this.#groups.values()) {
      if (group.connectionFailed(slot, consecutive, error)) return;
    }
  }

  /** What operators see of each group. */
  views(): GroupView[] {
    return this.#present().map((group) => group.view());
  }

  /** Drains the targets at an `address:port` of a group; false if there are none. */
  drain(group: string, addressPort: string): boolean {
    const records = this.#at(group, addressPort);
    records.forEach((record) => record.drain());
    return records.length > 0;
  }

  /** Ends the operator's drain; false if there is no such target. */
  enable(group: string, addressPort: string): boolean {
    const records = this.#at(group, addressPort);
    records.forEach((record) => record.enable());
    return records.length > 0;
  }

  /**
   * Applies another configuration. Targets that stay keep health, latency and counters; targets that leave drain. If a
   * new name must be looked up, no target leaves its group until the lookup has ended. The caller then makes a new
   * snapshot; `onChange` is called when lookups bring more.
   */
  reload(groups: readonly TargetGroupConfig[], dns: DnsConfig, tls = this.#tls): void {
    if (this.#stopped) return;
    this.#tls = tls;
    if (JSON.stringify(dns) !== JSON.stringify(this.#dns)) {
      this.#dns = dns;
      this.#names.configure(dns);
    }
    this.#adopt(groups);
  }

  /** Ends timers, lookups and probes; resolves when none is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelSweep();
    this.#cancelFlush?.();
    await Promise.all([this.#names.stop(), ...this.#groups.values().map((group) => group.stop())]);
  }

  #adopt(configs: readonly TargetGroupConfig[]): void {
    const removed = new Set(this.#groups.keys());
    this.#names.watch(configs.flatMap((config) => config.entries.map((entry) => entry.host)));
    this.#configs = configs;
    for (const config of configs) {
      removed.delete(config.name);
      const known = this.#groups.get(config.name);
      if (known !== undefined) {
        known.configure(config);
        this.#stale.add(known);
        continue;
      }
      const group = this.#create(config);
      if (group === null) continue;
      this.#groups.set(config.name, group);
      this.#stale.add(group);
    }
    for (const name of removed) {
      const group = this.#groups.get(name)!;
      // A lookup that ended just before must not bring its members back.
      this.#stale.delete(group);
      group.dismiss();
    }
    this.#changed = true;
    this.#refreshStale();
    this.#scheduleFlush();
  }

  #create(config: TargetGroupConfig): GroupMembers | null {
    const { table, clock, random, log, probe } = this.#options;
    const cursor = this.#cursors.take(clock.monotonicMs()) ?? this.#cursors.takeEarly();
    if (cursor === null) {
      log.error("group_table_full", `Group ${config.name} is left out: there are ${MAX_GROUPS} groups already`);
      return null;
    }
    if (config.stickiness !== null && config.stickiness.secret === null) {
      log.info(
        "sticky_secret_made",
        `Group ${config.name} has no STICKY_SECRET: sluice made one, so its cookies are valid until sluice stops`,
        { group: config.name },
      );
    }
    return new GroupMembers(config, {
      group: config.name,
      table,
      clock,
      random,
      log,
      cursor,
      probe: probe ?? probeTarget,
      names: this.#names,
      tls: () => this.#tls,
      processSecret: this.#processSecret,
      takeSlot: () => this.#takeSlot(),
      releaseSlot: (slot) => this.#slots.release(slot, clock.monotonicMs()),
      generation: () => this.#generation,
    });
  }

  /**
   * A free slot, zeroed. If thousands of targets were replaced at once, it may be one that has just become free: a late
   * attempt may then be counted for the wrong target, which is better than a group without targets.
   */
  #takeSlot(): number | null {
    const { table, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    for (let tries = this.#slots.resting + 1; tries > 0; tries--) {
      const slot = this.#slots.take(nowMs) ?? this.#slots.takeEarly();
      if (slot === null) return null;
      if (Atomics.load(table.inFlight, slot) === 0) {
        table.resetTarget(slot);
        return slot;
      }
      // A late request used it again, by an old candidate list: it rests once more.
      this.#slots.release(slot, nowMs);
    }
    return null;
  }

  /** The groups of the configuration, in its order. */
  #present(): GroupMembers[] {
    return this.#configs.map(({ name }) => this.#groups.get(name)).filter((group) => group !== undefined);
  }

  #at(group: string, addressPort: string) {
    const present = this.#present().find(({ config }) => config.name === group);
    return present?.at(addressPort) ?? [];
  }

  #onSettled(host: string): void {
    for (const group of this.#present()) {
      if (group.config.entries.some((entry) => entry.host === host)) this.#stale.add(group);
    }
    this.#scheduleFlush();
  }

  #refreshStale(): void {
    for (const group of this.#stale) {
      if (group.refresh()) this.#changed = true;
    }
    this.#stale.clear();
  }

  #scheduleFlush(): void {
    if (this.#cancelFlush !== null || this.#stopped) return;
    this.#cancelFlush = this.#options.clock.after(COALESCE_MS, () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    if (this.#stopped) return;
    this.#refreshStale();
    if (!this.#changed) return;
    this.#changed = false;
    this.#options.onChange();
  }

  #sweep(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const present = new Set(this.#configs.map(({ name }) => name));
    for (const [name, group] of this.#groups) {
      group.sweep();
      if (group.isIncomplete) {
        this.#stale.add(group);
        this.#scheduleFlush();
      }
      if (present.has(name) || !group.isEmpty) continue;
      this.#groups.delete(name);
      this.#cursors.release(group.cursor, nowMs);
      // It has no members and no probes any more.
      void group.stop();
    }
  }
}
