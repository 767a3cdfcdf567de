import { targetKey } from "../state/group_snapshot.ts";
import { LATENCY_BUCKETS } from "../state/slot_layout.ts";
import { knowsConnections, type SystemView, type TargetStateName, type TargetView } from "../state/target_state.ts";
import type { TargetTable } from "../state/target_table.ts";
import { MetricFamily, STATUS_CLASSES } from "./metric_family.ts";

const STATES: readonly TargetStateName[] = ["initial", "healthy", "unhealthy", "ejected", "draining"];

/** Collects what is known and counted of groups and their targets. Two histograms each: the bulk of a scrape. */
export function targetFamilies(system: SystemView, table: TargetTable): MetricFamily[] {
  const make = (type: MetricFamily["type"], name: string, help: string) => new MetricFamily(type, name, help);
  const f = {
    groupTargets: make("gauge", "sluice_target_group_targets", "Targets of a group, those that drain included."),
    groupEligible: make("gauge", "sluice_target_group_eligible_targets", "Targets that may receive requests."),
    eligible: make("gauge", "sluice_target_eligible", "1 while the target may receive requests."),
    state: make("gauge", "sluice_target_state", "1 for the state that the target is in, 0 for the others."),
    weight: make("gauge", "sluice_target_weight", "The target's weight."),
    inFlight: make("gauge", "sluice_target_in_flight", "Exchanges that are open with the target now."),
    attempts: make("counter", "sluice_target_attempts_total", "Attempts that were handed to the target."),
    responses: make("counter", "sluice_target_responses_total", "Response headers of the target, by status class."),
    noAnswer: make("counter", "sluice_target_no_answer_total", "Attempts that ended without response headers."),
    connect: make("counter", "sluice_target_connect_failures_total", "Connections that could not be made."),
    connects: make(
      "counter",
      "sluice_target_connects_total",
      "Connections that the wire transport and WebSockets made.",
    ),
    connectSeconds: make("counter", "sluice_target_connect_seconds_total", "How long making those connections took."),
    retries: make("counter", "sluice_target_retries_total", "Attempts after another attempt of the same request."),
    broken: make("counter", "sluice_target_broken_exchanges_total", "Exchanges that were broken off, and by whom."),
    requestBytes: make("counter", "sluice_target_request_bytes_total", "Bytes of request bodies sent to the target."),
    responseBytes: make("counter", "sluice_target_response_bytes_total", "Bytes of the target's response bodies."),
    ejections: make("counter", "sluice_target_ejections_total", "How often live traffic ejected the target."),
    probes: make("counter", "sluice_target_probes_total", "Health probes, by result."),
    ttfb: make("histogram", "sluice_target_ttfb_seconds", "From handing a request over until response headers."),
    total: make("histogram", "sluice_target_exchange_seconds", "The whole exchange, until its last byte."),
  };
  for (const { group, targets } of system.groups) {
    const target_group = group.name;
    f.groupTargets.add({ target_group }, targets.length);
    f.groupEligible.add({ target_group }, targets.filter(isEligible).length);
    // A target that drains and came back meanwhile has two slots and one name: the newer one's numbers are shown.
    for (const view of new Map(targets.map((view) => [targetKey(view.target), view])).values()) {
      const { slot, weight } = view.target;
      const labels = { target_group, target: targetKey(view.target) };
      f.eligible.add(labels, isEligible(view) ? 1 : 0);
      for (const state of STATES) f.state.add({ ...labels, state }, view.state === state ? 1 : 0);
      f.weight.add(labels, weight);
      f.inFlight.add(labels, table.inFlight[slot]!);
      f.attempts.add(labels, table.targetCounter(slot, "attempts"));
      for (const [status_class, name] of STATUS_CLASSES) {
        f.responses.add({ ...labels, status_class }, table.targetCounter(slot, name));
      }
      f.noAnswer.add(labels, table.targetCounter(slot, "noAnswer"));
      f.connect.add(labels, table.targetCounter(slot, "connectFailures"));
      if (knowsConnections(system, view.target)) {
        f.connects.add(labels, table.targetCounter(slot, "connects"));
        f.connectSeconds.add(labels, table.targetCounter(slot, "connectSumMicros") / 1e6);
      }
      f.retries.add(labels, table.targetCounter(slot, "retries"));
      f.broken.add({ ...labels, by: "target" }, table.targetCounter(slot, "brokenByTarget"));
      f.broken.add({ ...labels, by: "client" }, table.targetCounter(slot, "leftByClient"));
      f.requestBytes.add(labels, table.targetCounter(slot, "requestBytes"));
      f.responseBytes.add(labels, table.targetCounter(slot, "responseBytes"));
      f.ejections.add(labels, view.ejections);
      f.probes.add({ ...labels, result: "ok" }, view.probes.ok);
      f.probes.add({ ...labels, result: "failed" }, view.probes.failed);
      const ttfb = new Float64Array(LATENCY_BUCKETS);
      table.addHistogram(slot, "ttfb", ttfb);
      f.ttfb.addLatency(labels, ttfb, table.targetCounter(slot, "ttfbSumMicros"));
      const total = new Float64Array(LATENCY_BUCKETS);
      table.addHistogram(slot, "total", total);
      f.total.addLatency(labels, total, table.targetCounter(slot, "totalSumMicros"));
    }
  }
  return Object.values(f);
}

/** Whether the state lets a target receive requests; fail open is the data plane's. */
function isEligible({ state }: TargetView): boolean {
  return state === "initial" || state === "healthy";
}
