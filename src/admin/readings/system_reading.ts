import type { TargetTable } from "../../state/target_table.ts";
import type { GroupView, SystemView, TargetView } from "../../views/system_view.ts";
import { type ClientReading, readClients } from "./client_reading.ts";
import { ExchangeReading } from "./exchange_reading.ts";
import { readRequests, readRule, type RequestReading, type RuleReading } from "./request_reading.ts";

/**
 * What was counted, read from the shared memory and summed over workers once: statistics, metrics and dashboards take
 * every number from here. The numbers of one target are of the same moment, and those of groups and of all targets are
 * their sums.
 */
export interface SystemReading {
  readonly view: SystemView;
  readonly requests: RequestReading;
  /** Null with the engine `serve`, which tells nothing of them. */
  readonly clients: ClientReading | null;
  readonly rules: readonly RuleReading[];
  readonly groups: readonly GroupReading[];
  /** All targets together. */
  readonly targets: ExchangeReading;
  /** Open connections to targets; null if they are not known. */
  readonly connections: { readonly active: number; readonly idle: number } | null;
}

/** A group, with the sums of its targets' counters. */
export interface GroupReading {
  readonly view: GroupView;
  readonly counted: ExchangeReading;
  readonly targets: readonly TargetReading[];
}

/** A target, with its counters. */
export interface TargetReading {
  readonly view: TargetView;
  readonly counted: ExchangeReading;
}

/** Targets that are read in one turn of the event loop: about 1 ms. */
export const TARGETS_AT_ONCE = 20;
const RULES_AT_ONCE = 200;

/** Reads the whole system. Its room serves the next reading too, which ends the one before. */
export class SystemReader {
  #room: ExchangeReading[] = [];

  /** Reads a few targets at a time: at each `yield` this turn's part is done. */
  *read(view: SystemView, table: TargetTable): Generator<null, SystemReading, void> {
    const requests = readRequests(table);
    const clients = view.engine === "wire" ? readClients(table) : null;
    const rules: RuleReading[] = [];
    for (const rule of view.rules) {
      if (rules.length % RULES_AT_ONCE === RULES_AT_ONCE - 1) yield null;
      rules.push(readRule(rule, table));
    }
    const count = view.groups.reduce((sum, { targets }) => sum + targets.length, 0);
    if (this.#room.length < count) this.#room = ExchangeReading.make(count);
    const [all, ...sums] = ExchangeReading.make(1 + view.groups.length) as [ExchangeReading, ...ExchangeReading[]];
    let read = 0;
    const groups: GroupReading[] = [];
    for (const [index, group] of view.groups.entries()) {
      const sum = sums[index]!;
      const targets: TargetReading[] = [];
      for (const target of group.targets) {
        const counted = this.#room[read++]!.read(target.target, view, table);
        sum.add(counted);
        targets.push({ view: target, counted });
        if (read % TARGETS_AT_ONCE === 0) yield null;
      }
      all.add(sum);
      groups.push({ view: group, counted: sum, targets });
    }
    const connections = view.upstreamTransport === "wire" ? table.connections() : null;
    return { view, requests, clients, rules, groups, targets: all, connections };
  }
}
