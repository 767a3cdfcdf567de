import { groupsOf } from "../../config/rule_action.ts";
import { STATUS_MATCHER } from "../../config/values/status_matcher.ts";
import { actionText, conditionsText } from "../../views/rule_words.ts";
import { hostPort, targetKey } from "../../state/group_snapshot.ts";
import type { TargetStateName } from "../../state/target_state.ts";
import type { TargetTable } from "../../state/target_table.ts";
import type { ReloadOutcome, SystemView } from "../../views/system_view.ts";
import { type ClientReading, requestsPerConnection } from "../readings/client_reading.ts";
import { rate, type RuleReading } from "../readings/request_reading.ts";
import {
  type GroupReading,
  SystemReader,
  type SystemReading,
  type TargetReading,
  TARGETS_AT_ONCE,
} from "../readings/system_reading.ts";
import type { ClientStats, GroupStats, RuleStats, Stats, TargetStats, TlsStats, TotalStats } from "./stats_model.ts";

/** Makes what `/lb/stats` says in one go. `nowMs` is wall time. */
export function statsJson(view: SystemView, table: TargetTable, nowMs: number): Stats {
  const steps = new SystemReader().read(view, table);
  for (;;) {
    const { value, done } = steps.next();
    if (!done) continue;
    const groups = value.groups.map((group) => ({ ...groupStats(group), targets: group.targets.map(targetStats) }));
    return systemStats(value, nowMs, groups);
  }
}

/** Writes what `/lb/stats` says piece by piece, so that thousands of targets hold up nothing else of the thread. */
export function* statsPieces(view: SystemView, table: TargetTable, nowMs: number): Generator<string, void, void> {
  const steps = new SystemReader().read(view, table);
  let step = steps.next();
  for (; !step.done; step = steps.next()) yield "";
  const reading = step.value;
  // The lists of targets are left empty here, and written a few targets at a time. In a name, quotes would be escaped.
  const place = '"targets": []';
  const whole = systemStats(reading, nowMs, reading.groups.map(groupStats));
  const [head, ...tails] = JSON.stringify(whole, null, 2).split(place);
  yield head!;
  for (const [index, tail] of tails.entries()) {
    const { targets } = reading.groups[index]!;
    for (let from = 0; from < targets.length; from += TARGETS_AT_ONCE) {
      const written = targets.slice(from, from + TARGETS_AT_ONCE).map((target) =>
        `\n${JSON.stringify(targetStats(target), null, 2)}`.replaceAll("\n", "\n        ")
      );
      yield (from === 0 ? '"targets": [' : ",") + written.join(",");
    }
    yield (targets.length === 0 ? place : "\n      ]") + tail;
  }
  yield "\n";
}

function systemStats(reading: SystemReading, nowMs: number, groups: readonly GroupStats[]): Stats {
  const { view } = reading;
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
    total: totalStats(reading),
    clients: reading.clients === null ? null : clientStats(reading.clients),
    tls: tlsStats(reading, nowMs),
    reasons: reading.requests.reasons,
    rules: reading.rules.map(ruleStats),
    groups,
    workers: view.workers,
  };
}

function reloadStats({ atMs, successful, lines }: ReloadOutcome): Stats["lastReload"] {
  return { at: iso(atMs), successful, lines };
}

function totalStats({ requests, targets, connections }: SystemReading): TotalStats {
  const { arrived, finished, errors, inFlight } = requests;
  return {
    requests: arrived,
    finished,
    errors,
    errorRate: rate(errors, finished),
    inFlight,
    statusClasses: requests.statusClasses,
    requestBytes: requests.requestBytes,
    responseBytes: requests.responseBytes,
    retries: targets.count("retries"),
    connectFailures: targets.count("connectFailures"),
    connect: targets.connects(),
    connections,
    ...targets.latencies(),
  };
}

/** Makes what the statistics say of clients' connections. */
export function clientStats(clients: ClientReading): ClientStats {
  const { active, idle, accepted, closed, headBytes, headTime } = clients;
  return {
    connections: { active, idle },
    accepted,
    closed,
    requestsPerConnection: requestsPerConnection(clients),
    heads: { bytes: headBytes, time: headTime },
  };
}

/** Makes what the statistics say of TLS on the listener. */
export function tlsStats({ view, clients }: Pick<SystemReading, "view" | "clients">, nowMs: number): TlsStats | null {
  const { tls } = view;
  if (tls === null) return null;
  return {
    listener: tls.url,
    certificates: tls.certificates.map(({ names, source, issuer, notBeforeMs, notAfterMs, refused }) => ({
      names,
      source,
      issuer,
      notBefore: iso(notBeforeMs),
      notAfter: iso(notAfterMs),
      expiresInSeconds: Math.floor((notAfterMs - nowMs) / 1000),
      refused,
    })),
    orders: tls.orders.map(({ nextTryMs, ...order }) => ({
      ...order,
      nextTryInSeconds: nextTryMs === null ? null : Math.ceil(nextTryMs / 1000),
    })),
    handshakes: clients?.handshakes ?? null,
    workerExchanges: view.workerExchanges,
  };
}

function ruleStats({ rule, finished, errors, statusClasses }: RuleReading): RuleStats {
  return {
    number: rule.number,
    priority: rule.priority,
    conditions: conditionsText(rule),
    action: actionText(rule),
    targetGroups: groupsOf(rule.action),
    requests: finished,
    errors,
    errorRate: rate(errors, finished),
    statusClasses,
  };
}

/** All but its targets. */
function groupStats({ view, counted }: GroupReading): GroupStats {
  const { group, healthCheck, targets, names } = view;
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
    ...counted.stats(),
    names,
    targets: [],
  };
}

function targetStats({ view, counted }: TargetReading): TargetStats {
  const { target, lastProbe } = view;
  return {
    target: targetKey(target),
    address: hostPort(target.address, target.port),
    host: target.host,
    weight: target.weight,
    state: view.state,
    reason: view.reason,
    since: iso(view.sinceMs),
    ...counted.stats(),
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
