/**
 * Where each number stands in the one `SharedArrayBuffer`, and who may write it. Every field is a typed array of its
 * own over the buffer, indexed by slot, so that reading one number of all candidates walks compact memory.
 *
 * The buffer is made once, at its full size: pages that nothing wrote stay untouched and cost no resident memory.
 *
 * | field | writer |
 * |---|---|
 * | `epoch`, `flags`, `probeMicros`, a worker's term | control plane |
 * | `cursors`, `inFlight`, `consecutiveFailures` | any worker, atomically |
 * | `ttfbMicros`, `ttfbAtMs` | any worker, plainly: two samples at the same instant may leave one, never a broken
 * number |
 * | `inFlightOwn`, `counters`, `ruleCounters`, `workerCounters`, histograms, `heartbeat`, `generation` | the worker of
 * the column |
 * | what `client_column.ts` lays out | the worker of the column |
 */

/** Most targets at once, those that drain included. */
export const MAX_TARGETS = 4096;
/** Most rules at once. */
export const MAX_RULES = 4096;
/** Most target groups at once, those that drain or rest included: four times what a configuration may have. */
export const MAX_GROUPS = 4096;

/** Circles of turns: each target group has one, and each rule. */
export const CURSORS: number = MAX_GROUPS + MAX_RULES;

/** The circle of a rule, by the rule's slot. */
export function ruleCursor(slot: number): number {
  return MAX_GROUPS + slot;
}

/** Counters of one target in one worker's column. Whole numbers up to 2^53 in a Float64. */
export const TARGET_COUNTERS = [
  /** Attempts handed to the target. */
  "attempts",
  /** Attempts that ended without response headers. */
  "noAnswer",
  "status1xx",
  "status2xx",
  "status3xx",
  "status4xx",
  "status5xx",
  /** Attempts whose connection could not be made. */
  "connectFailures",
  /** Attempts that came after another attempt of the same request. */
  "retries",
  "requestBytes",
  "responseBytes",
  "ttfbSumMicros",
  "totalSumMicros",
  "totalMaxMicros",
  "ttfbMaxMicros",
  /** Exchanges that broke after the response headers, by the target. */
  "brokenByTarget",
  /** Exchanges that broke before their end, by the client. */
  "leftByClient",
  /** Connections that were made for attempts here, WebSockets' among them; those that `fetch` makes are not known. */
  "connects",
  "connectSumMicros",
] as const;
export type TargetCounter = typeof TARGET_COUNTERS[number];

/** Counters of one rule in one worker's column: answers by status class; 499 is among `status4xx`. */
export const RULE_COUNTERS = ["status1xx", "status2xx", "status3xx", "status4xx", "status5xx"] as const;
export type RuleCounter = typeof RULE_COUNTERS[number];

/** Counters of one worker, before the reasons; the last two are no counters but what is there now. */
export const WORKER_COUNTERS = [
  /** Requests that arrived. */
  "requests",
  /** Requests that came to their end, however. */
  "finished",
  "status1xx",
  "status2xx",
  "status3xx",
  "status4xx",
  "status5xx",
  "requestBytes",
  "responseBytes",
  /** Connections to targets that are open, WebSockets' among them; those of `fetch` are not known. */
  "openConnections",
  /** Those of them that no exchange has. */
  "idleConnections",
] as const;
export type WorkerCounter = typeof WORKER_COUNTERS[number];

/**
 * Latency buckets: four to each doubling, from 64 us up to 2^26 us (67 s); the first holds all below, the last all
 * above. A percentile read from them is right to within 19 % of its value.
 */
export const LATENCY_BUCKETS = 82;

/** The bucket of a duration in microseconds. */
export function latencyBucket(micros: number): number {
  if (micros < 64) return 0;
  if (micros >= HIGHEST_MICROS) return LATENCY_BUCKETS - 1;
  // Without Math.log2, which is a call out of V8's code: the doubling by the highest bit, the quarter by comparing.
  const doubling = 31 - Math.clz32(micros);
  const part = micros / (1 << doubling);
  const quarter = part < HALFWAY ? (part < FIRST_QUARTER ? 0 : 1) : part < LAST_QUARTER ? 2 : 3;
  return 1 + (doubling - 6) * 4 + quarter;
}

const FIRST_QUARTER = 2 ** 0.25;
const HALFWAY = 2 ** 0.5;
const LAST_QUARTER = 2 ** 0.75;
const HIGHEST_MICROS = 2 ** 26;

/** The upper bound of a bucket in microseconds; infinite for the last. */
export function latencyBucketLimitMicros(bucket: number): number {
  return bucket === LATENCY_BUCKETS - 1 ? Infinity : 2 ** (6 + bucket / 4);
}

/** Bits of a target's `flags`; 0 is eligible. */
export const FLAG = {
  /** Enough consecutive probes failed. */
  unhealthy: 1,
  /** Outlier ejection: live connections failed. */
  ejected: 2,
  /** Left the group, or drained by the operator. */
  draining: 4,
} as const;
