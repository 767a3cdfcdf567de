import { Registry } from "prom-client";
import { prefixOf } from "../../config/rule.ts";
import { REASON_NAMES, REASONS } from "../../state/reason.ts";
import type { SystemView } from "../../views/system_view.ts";
import type { TargetTable } from "../../state/target_table.ts";
import { streamInTurns, textInTurns } from "../in_turns.ts";
import { MetricFamily, STATUS_CLASSES, writeFamilies } from "./metric_family.ts";
import { processFamilies } from "./process_metrics.ts";
import { targetFamilies } from "./target_metrics.ts";

/** The content type of `/metrics`. */
export const METRICS_CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** Writes every metric in Prometheus' text format. Everything is read here, at scrape time: nothing is counted for it. */
export async function metricsText(view: SystemView, table: TargetTable): Promise<string> {
  return await textInTurns(writeFamilies(allFamilies(view, table)));
}

/**
 * As {@linkcode metricsText}, piece by piece with a turn of the event loop between two. The numbers of one target are of the same
 * moment.
 */
export function metricsStream(view: SystemView, table: TargetTable): ReadableStream<Uint8Array> {
  return streamInTurns(writeFamilies(allFamilies(view, table)));
}

function* allFamilies(view: SystemView, table: TargetTable): Generator<MetricFamily | null, void, void> {
  yield* requestFamilies(view, table);
  yield* targetFamilies(view, table);
  yield* connectionFamilies(view, table);
  yield* dnsFamilies(view);
  yield* configFamilies(view);
  yield* workerFamilies(view);
  yield* processFamilies(view);
}

function requestFamilies(view: SystemView, table: TargetTable): MetricFamily[] {
  const received = new MetricFamily("counter", "sluice_requests_received_total", "Requests that arrived.");
  const finished = new MetricFamily(
    "counter",
    "sluice_requests_total",
    "Finished requests by status class, answers of sluice's own included; those that the client left are among 4xx.",
  );
  const open = new MetricFamily("gauge", "sluice_requests_in_flight", "Requests that are open now.");
  const requestBytes = new MetricFamily("counter", "sluice_request_bytes_total", "Bytes of request bodies.");
  const responseBytes = new MetricFamily("counter", "sluice_response_bytes_total", "Bytes of response bodies.");
  const own = new MetricFamily(
    "counter",
    "sluice_own_answers_total",
    "Requests that got no answer of a target's, by reason.",
  );
  const byRule = new MetricFamily(
    "counter",
    "sluice_rule_requests_total",
    "Finished requests by listener rule and status class.",
  );
  const ended = table.workerCounter("finished");
  const arrived = table.workerCounter("requests");
  received.add({}, arrived);
  open.add({}, Math.max(0, arrived - ended));
  for (const [status_class, name] of STATUS_CLASSES) finished.add({ status_class }, table.workerCounter(name));
  requestBytes.add({}, table.workerCounter("requestBytes"));
  responseBytes.add({}, table.workerCounter("responseBytes"));
  for (const reason of REASON_NAMES) own.add({ reason, status: REASONS[reason].status }, table.reasonCount(reason));
  for (const rule of view.rules) {
    const labels = { rule: rule.number, path_prefix: prefixOf(rule), target_group: rule.action.group };
    for (const [status_class, name] of STATUS_CLASSES) {
      byRule.add({ ...labels, status_class }, table.ruleCounter(rule.slot, name));
    }
  }
  return [received, finished, open, requestBytes, responseBytes, own, byRule];
}

/** Over all targets, since those of several groups at one address share connections, and an idle one may outlive its target. */
function connectionFamilies(view: SystemView, table: TargetTable): MetricFamily[] {
  const open = new MetricFamily(
    "gauge",
    "sluice_upstream_connections",
    "Connections of the wire transport and of WebSockets to targets that are open now: with an exchange (active), and without (idle).",
  );
  if (view.upstreamTransport === "wire") {
    const { active, idle } = table.connections();
    open.add({ state: "active" }, active);
    open.add({ state: "idle" }, idle);
  }
  return [open];
}

/** The start counts as a reload that went well. */
function configFamilies({ lastReload, startedMs }: SystemView): MetricFamily[] {
  const successful = new MetricFamily(
    "gauge",
    "sluice_config_last_reload_successful",
    "1 if the last reload of the configuration was applied, 0 if it was refused.",
  );
  const at = new MetricFamily(
    "gauge",
    "sluice_config_last_reload_timestamp_seconds",
    "When the configuration was last reloaded, refused or not, in Unix time.",
  );
  successful.add({}, lastReload?.successful === false ? 0 : 1);
  at.add({}, (lastReload?.atMs ?? startedMs) / 1000);
  return [successful, at];
}

function dnsFamilies(view: SystemView): MetricFamily[] {
  const answers = new MetricFamily("counter", "sluice_dns_answers_total", "Lookups that brought an answer.");
  const failures = new MetricFamily("counter", "sluice_dns_failures_total", "Lookups that failed.");
  const addresses = new MetricFamily("gauge", "sluice_dns_addresses", "Addresses in the last good answer.");
  const lastAnswer = new MetricFamily(
    "gauge",
    "sluice_dns_last_answer_timestamp_seconds",
    "When the last good answer came, in Unix time.",
  );
  for (const { group, names } of view.groups) {
    for (const name of new Map(names.map((name) => [name.host, name])).values()) {
      const labels = { target_group: group.name, host: name.host };
      answers.add(labels, name.answers);
      failures.add(labels, name.failures);
      addresses.add(labels, name.addresses.length);
      if (name.lastAnswerMs !== null) lastAnswer.add(labels, name.lastAnswerMs / 1000);
    }
  }
  return [answers, failures, addresses, lastAnswer];
}

function workerFamilies(view: SystemView): MetricFamily[] {
  const ready = new MetricFamily("gauge", "sluice_ready", "1 while /readyz says 200.");
  const newest = new MetricFamily("gauge", "sluice_snapshot_generation", "Number of the newest snapshot.");
  const generation = new MetricFamily(
    "gauge",
    "sluice_worker_generation",
    "Number of the snapshot a worker serves by.",
  );
  const restarts = new MetricFamily("counter", "sluice_worker_restarts_total", "How often a worker was replaced.");
  const heartbeat = new MetricFamily(
    "gauge",
    "sluice_worker_heartbeat_age_seconds",
    "How long ago a worker's event loop turned last.",
  );
  const ends = new MetricFamily(
    "counter",
    "sluice_listener_ends_total",
    "How often a listener ended by itself (no descriptor was left) and was opened again.",
  );
  for (const [listener, count] of Object.entries(view.listenerEnds)) ends.add({ listener }, count);
  ready.add({}, view.ready ? 1 : 0);
  newest.add({}, view.generation);
  for (const { worker, ...life } of view.workers) {
    generation.add({ worker }, life.generation);
    restarts.add({ worker }, life.restarts);
    heartbeat.add({ worker }, life.heartbeatAgeMs / 1000);
  }
  return [ready, newest, generation, restarts, heartbeat, ends];
}
