import { prefixOf } from "../../config/rule.ts";
import { hostPort, type RuleSnapshot, targetKey } from "../../state/group_snapshot.ts";
import { LATENCY_BUCKETS, RULE_COUNTERS } from "../../state/slot_layout.ts";
import type { GroupView, SystemView } from "../../views/system_view.ts";
import type { TargetTable } from "../../state/target_table.ts";
import { countSamples, percentileMicros, toMs } from "../stats/latency_summary.ts";
import type { LiveNumbers, SystemShape, TargetRow, Tick } from "./live_model.ts";

/** Error rates and percentiles look this many ticks back: one tick alone has too few requests to say anything at night. */
const WINDOW_TICKS = 5;

/** Counts at one moment: requests, errors, then the TTFB buckets. */
const REQUESTS = 0;
const ERRORS = 1;
const BUCKETS = 2;
const READING = BUCKETS + LATENCY_BUCKETS;

/** The last few readings of one thing that is counted, oldest first. */
class Window {
  readonly #readings: { readonly atMs: number; readonly counts: Float64Array }[] = [];

  /** Takes a reading and says what it means beside those before. */
  push(counts: Float64Array, atMs: number, inFlight: number): LiveNumbers {
    // Fewer than before: the slot was given to something else, and what was read of the old one means nothing.
    if (counts[REQUESTS]! < (this.#readings.at(-1)?.counts[REQUESTS] ?? 0)) this.#readings.length = 0;
    const previous = this.#readings.at(-1);
    const oldest = this.#readings[0];
    this.#readings.push({ atMs, counts });
    if (this.#readings.length > WINDOW_TICKS) this.#readings.shift();

    const requests = counts[REQUESTS]!;
    const errors = counts[ERRORS]!;
    if (previous === undefined || oldest === undefined) return [inFlight, 0, 0, null, null, null, requests, errors];
    const seconds = (atMs - previous.atMs) / 1000;
    const perSecond = seconds > 0 ? (requests - previous.counts[REQUESTS]!) / seconds : 0;
    const recent = requests - oldest.counts[REQUESTS]!;
    const recentErrors = errors - oldest.counts[ERRORS]!;
    const buckets = counts.slice(BUCKETS);
    for (let i = 0; i < LATENCY_BUCKETS; i++) buckets[i] = Math.max(0, buckets[i]! - oldest.counts[BUCKETS + i]!);
    const samples = countSamples(buckets);
    const percentile = (share: number) => samples === 0 ? null : toMs(percentileMicros(buckets, samples, share));
    return [
      inFlight,
      Math.round(Math.max(0, perSecond) * 10) / 10,
      recent > 0 ? Math.round(Math.min(1, Math.max(0, recentErrors / recent)) * 1e4) / 1e4 : 0,
      percentile(0.5),
      percentile(0.9),
      percentile(0.99),
      requests,
      errors,
    ];
  }
}

/** Turns the ever-growing counters of the target table into what happened lately. Asked only while a dashboard is open. */
export class LiveSampler {
  #windows = new Map<string, Window>();

  /** Reads everything once. `monotonicMs` gives the length of a tick. All targets are in it; the feed leaves out the unchanged. */
  sample(view: SystemView, table: TargetTable, monotonicMs: number): Tick {
    const seen = new Map<string, Window>();
    const take = (key: string, counts: Float64Array, inFlight: number): LiveNumbers => {
      const window = this.#windows.get(key) ?? new Window();
      seen.set(key, window);
      return window.push(counts, monotonicMs, inFlight);
    };

    const finished = table.workerCounter("finished");
    const totalCounts = new Float64Array(READING);
    totalCounts[REQUESTS] = finished;
    totalCounts[ERRORS] = table.workerCounter("status5xx");
    const targets: TargetRow[] = [];
    const groups = view.groups.map((group) => {
      const groupCounts = new Float64Array(READING);
      const inFlight = this.#readTargets(group, table, { groupCounts, targets, take });
      for (let i = BUCKETS; i < READING; i++) totalCounts[i]! += groupCounts[i]!;
      return [group.group.name, take(`group ${group.group.name}`, groupCounts, inFlight)] as const;
    });
    const rules = view.rules.map((rule) => {
      const counts = new Float64Array(READING);
      for (const name of RULE_COUNTERS) counts[REQUESTS]! += table.ruleCounter(rule.slot, name);
      counts[ERRORS] = table.ruleCounter(rule.slot, "status5xx");
      const numbers = take(`rule ${rule.slot} ${rule.number}`, counts, 0);
      return [rule.slot, numbers[1], numbers[6], numbers[7]] as const;
    });
    const open = Math.max(0, table.workerCounter("requests") - finished);
    const total = take("total", totalCounts, open);
    this.#windows = seen;
    return { nowMs: view.nowMs, ready: view.ready, total, workers: view.workers, rules, groups, targets };
  }

  /** Adds a group's targets onto `groupCounts` and their rows onto `targets`; returns how many requests are in flight there. */
  #readTargets(
    group: GroupView,
    table: TargetTable,
    into: {
      readonly groupCounts: Float64Array;
      readonly targets: TargetRow[];
      readonly take: (key: string, counts: Float64Array, inFlight: number) => LiveNumbers;
    },
  ): number {
    let inFlight = 0;
    for (const { target, state, reason, sinceMs, nextProbeMs, ejectedUntilMs } of group.targets) {
      const { slot } = target;
      const counts = new Float64Array(READING);
      table.addHistogram(slot, "ttfb", counts.subarray(BUCKETS));
      counts[REQUESTS] = table.targetCounter(slot, "attempts");
      counts[ERRORS] = table.targetCounter(slot, "status5xx") + table.targetCounter(slot, "noAnswer");
      for (let i = 0; i < READING; i++) into.groupCounts[i]! += counts[i]!;
      const own = table.inFlight[slot]!;
      inFlight += own;
      const numbers = into.take(`target ${group.group.name} ${slot} ${targetKey(target)}`, counts, own);
      into.targets.push([slot, state, reason, sinceMs, nextProbeMs, ejectedUntilMs, numbers]);
    }
    return inFlight;
  }
}

/** Says who is there, without anything that changes from second to second. */
export function systemShape(view: SystemView): SystemShape {
  return {
    version: view.version,
    instance: view.instance,
    listener: view.listenerUrl,
    startedMs: view.startedMs,
    generation: view.generation,
    lastReload: view.lastReload,
    rules: view.rules.map(ruleShape),
    groups: view.groups.map((view) => groupShape(view)),
  };
}

function ruleShape(rule: RuleSnapshot): SystemShape["rules"][number] {
  const { group, pathRewrite } = rule.action;
  const strips = pathRewrite === "" ? "" : `, strips ${pathRewrite}`;
  return { slot: rule.slot, number: rule.number, text: prefixOf(rule) + strips, groups: [group] };
}

function groupShape({ group, healthCheck, names, targets }: GroupView): SystemShape["groups"][number] {
  const members = new Set(group.targets.map(({ slot }) => slot));
  return {
    name: group.name,
    algorithm: group.algorithm,
    failOpen: group.failOpen,
    resolved: group.resolved,
    checked: healthCheck.enabled,
    checks: healthCheck.enabled ? `GET ${healthCheck.path} every ${healthCheck.intervalMs / 1000} s` : "off",
    names: names.map(({ host, lastError }) => ({ host, lastError })),
    targets: targets.map(({ target }) => ({
      slot: target.slot,
      target: targetKey(target),
      address: hostPort(target.address, target.port),
      host: target.host,
      weight: target.weight,
      leaving: !members.has(target.slot),
    })),
  };
}
