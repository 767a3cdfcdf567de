import type { NameView } from "../../views/system_view.ts";
import type { SystemReading } from "../readings/system_reading.ts";
import { type FamilyRow, type MetricFamily, single } from "./metric_family.ts";

/** Metrics of connections to targets, names, the configuration and workers. */
export const SYSTEM_METRICS: readonly FamilyRow<SystemReading>[] = [
  {
    type: "gauge",
    // Over all targets: groups that share an address share connections, and an idle connection may outlive its target.
    name: "sluice_upstream_connections",
    help:
      "Open connections of the wire transport and of WebSockets to targets: with an exchange (active), without (idle).",
    add(family, { connections }) {
      for (const [state, count] of Object.entries(connections ?? {})) family.add({ state }, count);
    },
  },
  ofNames("counter", "sluice_dns_answers_total", "Lookups that succeeded.", ({ answers }) => answers),
  ofNames("counter", "sluice_dns_failures_total", "Lookups that failed.", ({ failures }) => failures),
  ofNames("gauge", "sluice_dns_addresses", "Addresses in the last good answer.", ({ addresses }) => addresses.length),
  ofNames(
    "gauge",
    "sluice_dns_last_answer_timestamp_seconds",
    "Time of the last good answer, in Unix time.",
    ({ lastAnswerMs }) => lastAnswerMs === null ? null : lastAnswerMs / 1000,
  ),
  single(
    "gauge",
    "sluice_config_last_reload_successful",
    "1 if the last reload of the configuration was applied, 0 if it was refused. The start counts as applied.",
    ({ view }) => view.lastReload?.successful === false ? 0 : 1,
  ),
  single(
    "gauge",
    "sluice_config_last_reload_timestamp_seconds",
    "Time of the last reload, applied or refused, or of the start, in Unix time.",
    ({ view }) => (view.lastReload?.atMs ?? view.startedMs) / 1000,
  ),
  single("gauge", "sluice_ready", "1 while /readyz responds with 200.", ({ view }) => view.ready ? 1 : 0),
  single("gauge", "sluice_snapshot_generation", "Number of the newest snapshot.", ({ view }) => view.generation),
  ofWorkers("gauge", "sluice_worker_generation", "Number of the snapshot that a worker uses.", (w) => w.generation),
  ofWorkers("counter", "sluice_worker_restarts_total", "Times that a worker was replaced.", (w) => w.restarts),
  single(
    "counter",
    "sluice_worker_exchanges_total",
    "Workers that were exchanged because of TLS handshakes that did not end.",
    ({ view }) => view.workerExchanges,
  ),
  ofWorkers(
    "gauge",
    "sluice_worker_heartbeat_age_seconds",
    "Time since a worker's event loop last turned.",
    (worker) => worker.heartbeatAgeMs / 1000,
  ),
  {
    type: "counter",
    name: "sluice_listener_ends_total",
    help: "Times that a listener ended by itself, mostly because no file descriptor was left, and was opened again.",
    add(family, { view }) {
      for (const [listener, count] of Object.entries(view.listenerEnds)) family.add({ listener }, count);
    },
  },
];

/** Makes a family that has a number of each host of each group; none where it is null. */
function ofNames(
  type: MetricFamily["type"],
  name: string,
  help: string,
  value: (host: NameView) => number | null,
): FamilyRow<SystemReading> {
  return {
    type,
    name,
    help,
    add(family, { view }) {
      for (const { group, names } of view.groups) {
        for (const host of new Map(names.map((each) => [each.host, each])).values()) {
          const number = value(host);
          if (number !== null) family.add({ target_group: group.name, host: host.host }, number);
        }
      }
    },
  };
}

/** Makes a family that has a number of each worker. */
function ofWorkers(
  type: MetricFamily["type"],
  name: string,
  help: string,
  value: (worker: SystemReading["view"]["workers"][number]) => number,
): FamilyRow<SystemReading> {
  return {
    type,
    name,
    help,
    add(family, { view }) {
      for (const worker of view.workers) family.add({ worker: worker.worker }, value(worker));
    },
  };
}
