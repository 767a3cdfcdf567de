import { STATUS_MATCHER } from "../config/status_matcher.ts";
import { hostPort, type RuleSnapshot, targetKey, type TargetSnapshot } from "../state/group_snapshot.ts";
import { type Reason, REASON_NAMES } from "../state/reason.ts";
import { LATENCY_BUCKETS } from "../state/slot_layout.ts";
import {
  type GroupView,
  knowsConnections,
  type ReloadOutcome,
  type SystemView,
  type TargetStateName,
  type TargetView,
} from "../state/target_state.ts";
import type { TargetTable } from "../state/target_table.ts";
import { type LatencySummary, summarizeLatency, toMs } from "./latency_summary.ts";
import type {
  ConnectSummary,
  ExchangeStats,
  GroupStats,
  RuleStats,
  Stats,
  StatusClasses,
  TargetStats,
  TotalStats,
} from "./stats_model.ts";

/** Makes what `/lb/stats` says out of what is known and the live numbers. `nowMs` is wall time. */
export function statsJson(view: SystemView, table: TargetTable, nowMs: number): Stats {
  const allTargets = view.groups.flatMap((group) => group.targets.map(({ target }) => target));
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
    total: totalStats(view, table, allTargets),
    reasons: Object.fromEntries(
      REASON_NAMES.map((reason) => [reason, table.reasonCount(reason)]),
    ) as Record<Reason, number>,
    rules: view.rules.map((rule) => ruleStats(rule, table)),
    groups: view.groups.map((group) => groupStats(view, group, table)),
    workers: view.workers,
  };
}

function reloadStats({ atMs, successful, lines }: ReloadOutcome): Stats["lastReload"] {
  return { at: iso(atMs), successful, lines };
}

function totalStats(view: SystemView, table: TargetTable, targets: readonly TargetSnapshot[]): TotalStats {
  const slots = targets.map(({ slot }) => slot);
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
    retries: slots.reduce((sum, slot) => sum + table.targetCounter(slot, "retries"), 0),
    connectFailures: slots.reduce((sum, slot) => sum + table.targetCounter(slot, "connectFailures"), 0),
    connect: connectStats(view, table, targets),
    connections: view.upstreamTransport === "wire" ? table.connections() : null,
    ...latencies(table, slots),
  };
}

function ruleStats(rule: RuleSnapshot, table: TargetTable): RuleStats {
  const classes = statusClasses((name) => table.ruleCounter(rule.slot, name));
  const requests = Object.values(classes).reduce((sum, count) => sum + count, 0);
  return {
    number: rule.number,
    pathPrefix: rule.pathPrefix,
    pathRewrite: rule.pathRewrite,
    targetGroup: rule.targetGroup,
    requests,
    errors: classes["5xx"],
    errorRate: rate(classes["5xx"], requests),
    statusClasses: classes,
  };
}

function groupStats(
  view: SystemView,
  { group, healthCheck, targets, names }: GroupView,
  table: TargetTable,
): GroupStats {
  const states: Record<TargetStateName, number> = { initial: 0, healthy: 0, unhealthy: 0, ejected: 0, draining: 0 };
  for (const { state } of targets) states[state] += 1;
  return {
    name: group.name,
    algorithm: group.algorithm,
    failOpen: group.failOpen,
    checked: healthCheck.enabled,
    probe: healthCheck.enabled ? { path: healthCheck.path, matcher: STATUS_MATCHER.format(healthCheck.matcher) } : null,
    resolved: group.resolved,
    states,
    ...exchangeStats(view, table, targets.map(({ target }) => target)),
    names,
    targets: targets.map((target) => targetStats(view, target, table)),
  };
}

function targetStats(system: SystemView, view: TargetView, table: TargetTable): TargetStats {
  const { target, lastProbe } = view;
  return {
    target: targetKey(target),
    address: hostPort(target.address, target.port),
    host: target.host,
    weight: target.weight,
    state: view.state,
    reason: view.reason,
    since: iso(view.sinceMs),
    ...exchangeStats(system, table, [target]),
    nextProbe: isoOrNull(view.nextProbeMs),
    lastProbe: lastProbe &&
      { at: iso(lastProbe.atMs), ok: lastProbe.ok, reason: lastProbe.reason, ms: lastProbe.micros / 1000 },
    probes: view.probes,
    consecutiveProbes: view.consecutive,
    ejectedUntil: isoOrNull(view.ejectedUntilMs),
    ejections: view.ejections,
  };
}

function exchangeStats(view: SystemView, table: TargetTable, targets: readonly TargetSnapshot[]): ExchangeStats {
  const slots = targets.map(({ slot }) => slot);
  const sum = (name: Parameters<TargetTable["targetCounter"]>[1]) =>
    slots.reduce((total, slot) => total + table.targetCounter(slot, name), 0);
  const requests = sum("attempts");
  const noAnswer = sum("noAnswer");
  const classes = statusClasses(sum);
  const errors = classes["5xx"] + noAnswer;
  return {
    requests,
    errors,
    errorRate: rate(errors, requests),
    noAnswer,
    inFlight: slots.reduce((total, slot) => total + table.inFlight[slot]!, 0),
    statusClasses: classes,
    requestBytes: sum("requestBytes"),
    responseBytes: sum("responseBytes"),
    retries: sum("retries"),
    connectFailures: sum("connectFailures"),
    connect: connectStats(view, table, targets),
    brokenByTarget: sum("brokenByTarget"),
    leftByClient: sum("leftByClient"),
    ...latencies(table, slots),
  };
}

/** Sums up the connections to those targets whose connections are known. */
function connectStats(
  view: SystemView,
  table: TargetTable,
  targets: readonly TargetSnapshot[],
): ConnectSummary | null {
  const known = targets.filter((target) => knowsConnections(view, target));
  if (known.length === 0) return null;
  const sum = (name: "connects" | "connectSumMicros") =>
    known.reduce((total, { slot }) => total + table.targetCounter(slot, name), 0);
  const made = sum("connects");
  return { made, averageMs: made === 0 ? null : toMs(sum("connectSumMicros") / made) };
}

function latencies(
  table: TargetTable,
  slots: readonly number[],
): { readonly ttfb: LatencySummary; readonly responseTime: LatencySummary } {
  const summary = (which: "ttfb" | "total", sumField: "ttfbSumMicros" | "totalSumMicros") => {
    const buckets = new Float64Array(LATENCY_BUCKETS);
    let sumMicros = 0;
    let maxMicros = 0;
    for (const slot of slots) {
      table.addHistogram(slot, which, buckets);
      sumMicros += table.targetCounter(slot, sumField);
      maxMicros = Math.max(maxMicros, table.targetCounter(slot, `${which}MaxMicros`));
    }
    return summarizeLatency(buckets, sumMicros, maxMicros);
  };
  return { ttfb: summary("ttfb", "ttfbSumMicros"), responseTime: summary("total", "totalSumMicros") };
}

function statusClasses(count: (name: `status${keyof StatusClasses}`) => number): StatusClasses {
  return {
    "1xx": count("status1xx"),
    "2xx": count("status2xx"),
    "3xx": count("status3xx"),
    "4xx": count("status4xx"),
    "5xx": count("status5xx"),
  };
}

function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, part / whole);
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function isoOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : iso(wallMs);
}
