import type { RuleSnapshot } from "../../state/group_snapshot.ts";
import { type Reason, REASON_NAMES } from "../../state/reason.ts";
import type { TargetTable } from "../../state/target_table.ts";
import type { StatusClasses } from "../stats/stats_model.ts";

/** What was counted of requests, over all workers. */
export interface RequestReading {
  /** Requests that arrived. */
  readonly arrived: number;
  /** Requests that ended, however. */
  readonly finished: number;
  /** Requests that are open now. */
  readonly inFlight: number;
  /** Finished requests with a status of 500 or above. */
  readonly errors: number;
  readonly statusClasses: StatusClasses;
  /** Bytes of bodies. */
  readonly requestBytes: number;
  /** Bytes of bodies. */
  readonly responseBytes: number;
  /** Responses by sluice itself. */
  readonly reasons: Readonly<Record<Reason, number>>;
}

/** What was counted of the requests that a rule took. */
export interface RuleReading {
  readonly rule: RuleSnapshot;
  readonly finished: number;
  /** Finished requests with a status of 500 or above. */
  readonly errors: number;
  readonly statusClasses: StatusClasses;
}

/** Sums the counters of all requests over all workers. */
export function readRequests(table: TargetTable): RequestReading {
  // Read before `arrived`, so that a request that ends in between can't make `inFlight` negative.
  const finished = table.workerCounter("finished");
  const arrived = table.workerCounter("requests");
  const classes = statusClasses((name) => table.workerCounter(name));
  return {
    arrived,
    finished,
    inFlight: Math.max(0, arrived - finished),
    errors: classes["5xx"],
    statusClasses: classes,
    requestBytes: table.workerCounter("requestBytes"),
    responseBytes: table.workerCounter("responseBytes"),
    reasons: Object.fromEntries(REASON_NAMES.map((reason) => [reason, table.reasonCount(reason)])) as Record<
      Reason,
      number
    >,
  };
}

/** Sums the counters of a rule's requests over all workers. */
export function readRule(rule: RuleSnapshot, table: TargetTable): RuleReading {
  const classes = statusClasses((name) => table.ruleCounter(rule.slot, name));
  const finished = Object.values(classes).reduce((sum, count) => sum + count, 0);
  return { rule, finished, errors: classes["5xx"], statusClasses: classes };
}

/** Makes counts by status class. */
export function statusClasses(count: (name: `status${keyof StatusClasses}`) => number): StatusClasses {
  return {
    "1xx": count("status1xx"),
    "2xx": count("status2xx"),
    "3xx": count("status3xx"),
    "4xx": count("status4xx"),
    "5xx": count("status5xx"),
  };
}

/** Computes a share, 0 to 1; 0 if `whole` is 0. */
export function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, part / whole);
}
