import { targetKey } from "../../state/group_snapshot.ts";
import type { TargetStateName } from "../../state/target_state.ts";
import type { TargetView } from "../../views/system_view.ts";
import { statusClasses } from "../readings/request_reading.ts";
import type { SystemReading, TargetReading } from "../readings/system_reading.ts";
import { type FamilyRow, type Labels, LINES_AT_ONCE, MetricFamily } from "./metric_family.ts";

/** Targets that get their labels in one turn of the event loop. */
const LABELLED_AT_ONCE = 500;

const STATES: readonly TargetStateName[] = ["initial", "healthy", "unhealthy", "ejected", "draining"];

/** A target with its labels. */
interface LabelledReading extends TargetReading {
  readonly labels: Labels;
}

/** A family that has lines of each target. */
interface TargetFamily extends FamilyRow<LabelledReading> {
  /** Most lines of one target. */
  readonly lines: number;
}

/** Makes a family that has one number of each target. */
function single(
  type: "gauge" | "counter",
  name: string,
  help: string,
  value: (reading: TargetReading) => number,
): TargetFamily {
  return { type, name, help, lines: 1, add: (family, reading) => family.add(reading.labels, value(reading)) };
}

/**
 * Metrics of targets, each with the labels `target_group` and `target`. The two histograms are the bulk of a scrape.
 */
const TARGET_METRICS: readonly TargetFamily[] = [
  single(
    "gauge",
    "sluice_target_eligible",
    "1 while the target may receive requests.",
    ({ view }) => isEligible(view) ? 1 : 0,
  ),
  {
    type: "gauge",
    name: "sluice_target_state",
    help: "1 for the state of the target, 0 for the others.",
    lines: STATES.length,
    add(family, { labels, view }) {
      for (const state of STATES) family.add({ ...labels, state }, view.state === state ? 1 : 0);
    },
  },
  single(
    "gauge",
    "sluice_target_weight",
    "The target's share of its entry's weight.",
    ({ view }) => view.target.weight,
  ),
  single("gauge", "sluice_target_in_flight", "Open exchanges with the target.", ({ counted }) => counted.inFlight),
  single(
    "counter",
    "sluice_target_attempts_total",
    "Attempts at the target.",
    ({ counted }) => counted.count("attempts"),
  ),
  {
    type: "counter",
    name: "sluice_target_responses_total",
    help: "Response headers of the target, by status class.",
    lines: 5,
    add(family, { labels, counted }) {
      family.addClasses(labels, statusClasses((name) => counted.count(name)));
    },
  },
  single(
    "counter",
    "sluice_target_no_answer_total",
    "Attempts without response headers.",
    ({ counted }) => counted.count("noAnswer"),
  ),
  single(
    "counter",
    "sluice_target_connect_failures_total",
    "Connections that failed to open.",
    ({ counted }) => counted.count("connectFailures"),
  ),
  {
    type: "counter",
    name: "sluice_target_connects_total",
    help: "Connections that the wire transport and WebSockets opened.",
    lines: 1,
    add(family, { labels, counted }) {
      if (counted.knowsConnections) family.add(labels, counted.count("connects"));
    },
  },
  {
    type: "counter",
    name: "sluice_target_connect_seconds_total",
    help: "Time that opening those connections took.",
    lines: 1,
    add(family, { labels, counted }) {
      if (counted.knowsConnections) family.add(labels, counted.count("connectSumMicros") / 1e6);
    },
  },
  single(
    "counter",
    "sluice_target_retries_total",
    "Attempts after another attempt of the same request.",
    ({ counted }) => counted.count("retries"),
  ),
  {
    type: "counter",
    name: "sluice_target_broken_exchanges_total",
    help: "Exchanges that were cut after the response headers, and by whom.",
    lines: 2,
    add(family, { labels, counted }) {
      family.add({ ...labels, by: "target" }, counted.count("brokenByTarget"));
      family.add({ ...labels, by: "client" }, counted.count("leftByClient"));
    },
  },
  single(
    "counter",
    "sluice_target_request_bytes_total",
    "Bytes of request bodies sent to the target.",
    ({ counted }) => counted.count("requestBytes"),
  ),
  single(
    "counter",
    "sluice_target_response_bytes_total",
    "Bytes of the target's response bodies.",
    ({ counted }) => counted.count("responseBytes"),
  ),
  single(
    "counter",
    "sluice_target_ejections_total",
    "Times that failed connections of live requests took the target out.",
    ({ view }) => view.ejections,
  ),
  {
    type: "counter",
    name: "sluice_target_probes_total",
    help: "Health probes, by result.",
    lines: 2,
    add(family, { labels, view }) {
      family.add({ ...labels, result: "ok" }, view.probes.ok);
      family.add({ ...labels, result: "failed" }, view.probes.failed);
    },
  },
  {
    type: "histogram",
    name: "sluice_target_ttfb_seconds",
    help: "Time from handing a request to the target until its response headers.",
    lines: 20,
    add: (family, { labels, counted }) => family.addLatency(labels, counted.ttfb, counted.count("ttfbSumMicros")),
  },
  {
    type: "histogram",
    name: "sluice_target_exchange_seconds",
    help: "Time of the whole exchange, until its last byte.",
    lines: 20,
    add: (family, { labels, counted }) => family.addLatency(labels, counted.total, counted.count("totalSumMicros")),
  },
];

/** Makes the families of targets a few lines at a time, so that others may have a turn in between. */
export function* targetFamilies({ groups }: SystemReading): Generator<MetricFamily | null, void, void> {
  const readings: LabelledReading[] = [];
  for (const { view: { group }, targets } of groups) {
    // A target that drains and came back meanwhile has two slots and one name: the newer one's numbers are shown.
    for (const [target, reading] of new Map(targets.map((reading) => [targetKey(reading.view.target), reading]))) {
      readings.push({ ...reading, labels: { target_group: group.name, target } });
      if (readings.length % LABELLED_AT_ONCE === 0) yield null;
    }
  }
  for (const { type, name, help, lines, add } of TARGET_METRICS) {
    const atOnce = Math.floor(LINES_AT_ONCE / lines);
    for (let from = 0; from === 0 || from < readings.length; from += atOnce) {
      const part = new MetricFamily(type, name, help);
      for (const reading of readings.slice(from, from + atOnce)) add(part, reading);
      yield part;
    }
  }
}

/** Metrics of target groups. */
export const GROUP_METRICS: readonly FamilyRow<SystemReading>[] = [
  ofGroups("sluice_target_group_targets", "Targets of a group, draining ones included.", (targets) => targets.length),
  ofGroups(
    "sluice_target_group_eligible_targets",
    "Targets of a group that may receive requests.",
    (targets) => targets.filter(isEligible).length,
  ),
];

function ofGroups(
  name: string,
  help: string,
  value: (targets: readonly TargetView[]) => number,
): FamilyRow<SystemReading> {
  return {
    type: "gauge",
    name,
    help,
    add(family, { groups }) {
      for (const { view } of groups) family.add({ target_group: view.group.name }, value(view.targets));
    },
  };
}

/** Tells whether the state lets a target receive requests; whether a group fails open is the data plane's matter. */
function isEligible({ state }: TargetView): boolean {
  return state === "initial" || state === "healthy";
}
