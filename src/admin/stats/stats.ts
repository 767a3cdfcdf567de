import { prefixOf } from "../../config/rule.ts";
import { STATUS_MATCHER } from "../../config/values/status_matcher.ts";
import { hostPort, type RuleSnapshot, targetKey } from "../../state/group_snapshot.ts";
import { type Reason, REASON_NAMES } from "../../state/reason.ts";
import type { TargetStateName } from "../../state/target_state.ts";
import type { GroupView, ReloadOutcome, SystemView, TargetView } from "../../views/system_view.ts";
import type { TargetTable } from "../../state/target_table.ts";
import { ExchangeReading, rate, statusClasses } from "../exchange_reading.ts";
import type { GroupStats, RuleStats, Stats, TargetStats, TotalStats } from "./stats_model.ts";

/** Targets that are read, or written down, in one turn of the event loop: about 1 ms. */
const TARGETS_AT_ONCE = 20;

/** Makes what `/lb/stats` says out of what is known and the live numbers, in one go. `nowMs` is wall time. */
export function statsJson(view: SystemView, table: TargetTable, nowMs: number): Stats {
  const reading = readStats(view, table, nowMs);
  for (;;) {
    const { value, done } = reading.next();
    if (done) return value;
  }
}

/**
 * Writes what `/lb/stats` says, piece by piece. The numbers of one target are of the same moment, and those of groups and of all
 * targets are their sums.
 */
export function* statsPieces(view: SystemView, table: TargetTable, nowMs: number): Generator<string, void, void> {
  const stats = yield* readStats(view, table, nowMs);
  const groups = stats.groups.map((group) => ({ ...group, targets: [] }));
  // Within a string the quotes of a name would be escaped: only an empty list is written so.
  const place = '"targets": []';
  const [head, ...tails] = JSON.stringify({ ...stats, groups }, null, 2).split(place);
  yield head!;
  for (const [index, tail] of tails.entries()) {
    const { targets } = stats.groups[index]!;
    for (let from = 0; from < targets.length; from += TARGETS_AT_ONCE) {
      const written = targets.slice(from, from + TARGETS_AT_ONCE).map((target) =>
        `\n${JSON.stringify(target, null, 2)}`.replaceAll("\n", "\n        ")
      );
      yield (from === 0 ? '"targets": [' : ",") + written.join(",");
    }
    yield (targets.length === 0 ? place : "\n      ]") + tail;
  }
  yield "\n";
}

/** Reads everything; a target's part of the turn is over at each `yield`. */
function* readStats(view: SystemView, table: TargetTable, nowMs: number): Generator<string, Stats, void> {
  const [all, reading] = ExchangeReading.make(2) as [ExchangeReading, ExchangeReading];
  const groups: GroupStats[] = [];
  let read = 0;
  for (const group of view.groups) {
    const [sum] = ExchangeReading.make(1) as [ExchangeReading];
    const targets: TargetStats[] = [];
    for (const target of group.targets) {
      if (read++ % TARGETS_AT_ONCE === TARGETS_AT_ONCE - 1) yield "";
      reading.read(target.target, view, table);
      sum.add(reading);
      all.add(reading);
      targets.push(targetStats(target, reading));
    }
    groups.push(groupStats(group, sum, targets));
  }
  return {
    version: view.version,
    instance: view.instance,
    now: iso(nowMs),
    startedAt: iso(view.startedMs),
    uptimeSeconds: Math.round((nowMs - view.startedMs) / 1000),
    ready: view.ready,
    generation: view.generation,
    lastReload: view.lastReload === null ? null : reloadStats(view.lastReload),
    listener: view.listenerUrl,
    total: totalStats(view, table, all),
    reasons: Object.fromEntries(
      REASON_NAMES.map((reason) => [reason, table.reasonCount(reason)]),
    ) as Record<Reason, number>,
    rules: view.rules.map((rule) => ruleStats(rule, table)),
    groups,
    workers: view.workers,
  };
}

function reloadStats({ atMs, successful, lines }: ReloadOutcome): Stats["lastReload"] {
  return { at: iso(atMs), successful, lines };
}

function totalStats(view: SystemView, table: TargetTable, targets: ExchangeReading): TotalStats {
  // Read before `requests`, so that a request that ends in between can't make "in flight" negative.
  const finished = table.workerCounter("finished");
  const requests = table.workerCounter("requests");
  const errors = table.workerCounter("status5xx");
  return {
    requests,
    finished,
    errors,
    errorRate: rate(errors, finished),
    inFlight: Math.max(0, requests - finished),
    statusClasses: statusClasses((name) => table.workerCounter(name)),
    requestBytes: table.workerCounter("requestBytes"),
    responseBytes: table.workerCounter("responseBytes"),
    retries: targets.count("retries"),
    connectFailures: targets.count("connectFailures"),
    connect: targets.connects(),
    connections: view.upstreamTransport === "wire" ? table.connections() : null,
    ...targets.latencies(),
  };
}

function ruleStats(rule: RuleSnapshot, table: TargetTable): RuleStats {
  const classes = statusClasses((name) => table.ruleCounter(rule.slot, name));
  const requests = Object.values(classes).reduce((sum, count) => sum + count, 0);
  return {
    number: rule.number,
    pathPrefix: prefixOf(rule),
    pathRewrite: rule.action.pathRewrite,
    targetGroup: rule.action.group,
    requests,
    errors: classes["5xx"],
    errorRate: rate(classes["5xx"], requests),
    statusClasses: classes,
  };
}

function groupStats(
  { group, healthCheck, targets: views, names }: GroupView,
  sum: ExchangeReading,
  targets: readonly TargetStats[],
): GroupStats {
  const states: Record<TargetStateName, number> = { initial: 0, healthy: 0, unhealthy: 0, ejected: 0, draining: 0 };
  for (const { state } of views) states[state] += 1;
  return {
    name: group.name,
    algorithm: group.algorithm,
    failOpen: group.failOpen,
    checked: healthCheck.enabled,
    probe: healthCheck.enabled ? { path: healthCheck.path, matcher: STATUS_MATCHER.format(healthCheck.matcher) } : null,
    resolved: group.resolved,
    states,
    ...sum.stats(),
    names,
    targets,
  };
}

function targetStats(view: TargetView, reading: ExchangeReading): TargetStats {
  const { target, lastProbe } = view;
  return {
    target: targetKey(target),
    address: hostPort(target.address, target.port),
    host: target.host,
    weight: target.weight,
    state: view.state,
    reason: view.reason,
    since: iso(view.sinceMs),
    ...reading.stats(),
    nextProbe: isoOrNull(view.nextProbeMs),
    lastProbe: lastProbe &&
      { at: iso(lastProbe.atMs), ok: lastProbe.ok, reason: lastProbe.reason, ms: lastProbe.micros / 1000 },
    probes: view.probes,
    consecutiveProbes: view.consecutive,
    ejectedUntil: isoOrNull(view.ejectedUntilMs),
    ejections: view.ejections,
  };
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function isoOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : iso(wallMs);
}
