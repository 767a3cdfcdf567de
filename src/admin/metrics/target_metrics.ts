import { targetKey } from "../../state/group_snapshot.ts";
import type { TargetStateName } from "../../state/target_state.ts";
import type { SystemView, TargetView } from "../../views/system_view.ts";
import type { TargetTable } from "../../state/target_table.ts";
import { ExchangeReading } from "../exchange_reading.ts";
import { type Labels, LINES_AT_ONCE, MetricFamily, STATUS_CLASSES } from "./metric_family.ts";

const STATES: readonly TargetStateName[] = ["initial", "healthy", "unhealthy", "ejected", "draining"];

/** Targets that are read in one turn of the event loop. */
const TARGETS_AT_ONCE = 20;

/** One target at one moment. */
interface TargetReading {
  readonly labels: Labels;
  readonly view: TargetView;
  readonly counted: ExchangeReading;
}

/** A family that has lines of each target. */
interface TargetFamily {
  readonly type: MetricFamily["type"];
  readonly name: string;
  readonly help: string;
  /** At most so many lines of one target. */
  readonly lines: number;
  readonly add: (family: MetricFamily, reading: TargetReading) => void;
}

/** A family with one number of each target. */
function single(
  type: "gauge" | "counter",
  name: string,
  help: string,
  value: (reading: TargetReading) => number,
): TargetFamily {
  return { type, name, help, lines: 1, add: (family, reading) => family.add(reading.labels, value(reading)) };
}

/** Two histograms each: the bulk of a scrape. */
const FAMILIES: readonly TargetFamily[] = [
  single("gauge", "sluice_target_eligible", "1 while the target may receive requests.", ({ view }) => {
    return isEligible(view) ? 1 : 0;
  }),
  {
    type: "gauge",
    name: "sluice_target_state",
    help: "1 for the state that the target is in, 0 for the others.",
    lines: STATES.length,
    add(family, { labels, view }) {
      for (const state of STATES) family.add({ ...labels, state }, view.state === state ? 1 : 0);
    },
  },
  single("gauge", "sluice_target_weight", "The target's weight.", ({ view }) => view.target.weight),
  single("gauge", "sluice_target_in_flight", "Exchanges that are open with the target now.", ({ counted }) => {
    return counted.inFlight;
  }),
  single("counter", "sluice_target_attempts_total", "Attempts that were handed to the target.", ({ counted }) => {
    return counted.count("attempts");
  }),
  {
    type: "counter",
    name: "sluice_target_responses_total",
    help: "Response headers of the target, by status class.",
    lines: STATUS_CLASSES.length,
    add(family, { labels, counted }) {
      for (const [status_class, name] of STATUS_CLASSES) family.add({ ...labels, status_class }, counted.count(name));
    },
  },
  single("counter", "sluice_target_no_answer_total", "Attempts that ended without response headers.", ({ counted }) => {
    return counted.count("noAnswer");
  }),
  single("counter", "sluice_target_connect_failures_total", "Connections that could not be made.", ({ counted }) => {
    return counted.count("connectFailures");
  }),
  {
    type: "counter",
    name: "sluice_target_connects_total",
    help: "Connections that the wire transport and WebSockets made.",
    lines: 1,
    add(family, { labels, counted }) {
      if (counted.knowsConnections) family.add(labels, counted.count("connects"));
    },
  },
  {
    type: "counter",
    name: "sluice_target_connect_seconds_total",
    help: "How long making those connections took.",
    lines: 1,
    add(family, { labels, counted }) {
      if (counted.knowsConnections) family.add(labels, counted.count("connectSumMicros") / 1e6);
    },
  },
  single(
    "counter",
    "sluice_target_retries_total",
    "Attempts after another attempt of the same request.",
    ({ counted }) => {
      return counted.count("retries");
    },
  ),
  {
    type: "counter",
    name: "sluice_target_broken_exchanges_total",
    help: "Exchanges that were broken off, and by whom.",
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
    ({ counted }) => {
      return counted.count("requestBytes");
    },
  ),
  single("counter", "sluice_target_response_bytes_total", "Bytes of the target's response bodies.", ({ counted }) => {
    return counted.count("responseBytes");
  }),
  single("counter", "sluice_target_ejections_total", "How often live traffic ejected the target.", ({ view }) => {
    return view.ejections;
  }),
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
    help: "From handing a request over until response headers.",
    lines: 20,
    add: (family, { labels, counted }) => family.addLatency(labels, counted.ttfb, counted.count("ttfbSumMicros")),
  },
  {
    type: "histogram",
    name: "sluice_target_exchange_seconds",
    help: "The whole exchange, until its last byte.",
    lines: 20,
    add: (family, { labels, counted }) => family.addLatency(labels, counted.total, counted.count("totalSumMicros")),
  },
];

/**
 * Collects what is known and counted of groups and their targets, a few targets at a time: all targets are read first, then each
 * family is made of what was read. `null` is a turn for others.
 */
export function* targetFamilies(system: SystemView, table: TargetTable): Generator<MetricFamily | null, void, void> {
  yield* groupFamilies(system);
  const readings: TargetReading[] = [];
  const places = ExchangeReading.make(system.groups.reduce((sum, { targets }) => sum + targets.length, 0));
  for (const { group, targets } of system.groups) {
    // A target that drains and came back meanwhile has two slots and one name: the newer one's numbers are shown.
    for (const [target, view] of new Map(targets.map((view) => [targetKey(view.target), view]))) {
      const labels = { target_group: group.name, target };
      readings.push({ labels, view, counted: places[readings.length]!.read(view.target, system, table) });
      if (readings.length % TARGETS_AT_ONCE === 0) yield null;
    }
  }
  for (const { type, name, help, lines, add } of FAMILIES) {
    const atOnce = Math.floor(LINES_AT_ONCE / lines);
    for (let from = 0; from === 0 || from < readings.length; from += atOnce) {
      const part = new MetricFamily(type, name, help);
      for (let i = from; i < readings.length && i < from + atOnce; i++) add(part, readings[i]!);
      yield part;
    }
  }
}

function groupFamilies(system: SystemView): MetricFamily[] {
  const all = new MetricFamily(
    "gauge",
    "sluice_target_group_targets",
    "Targets of a group, those that drain included.",
  );
  const eligible = new MetricFamily(
    "gauge",
    "sluice_target_group_eligible_targets",
    "Targets that may receive requests.",
  );
  for (const { group, targets } of system.groups) {
    all.add({ target_group: group.name }, targets.length);
    eligible.add({ target_group: group.name }, targets.filter(isEligible).length);
  }
  return [all, eligible];
}

/** Whether the state lets a target receive requests; fail open is the data plane's. */
function isEligible({ state }: TargetView): boolean {
  return state === "initial" || state === "healthy";
}
