import { LATENCY_BUCKETS, latencyBucketLimitMicros } from "../../state/slot_layout.ts";

/** A summary of durations, in milliseconds. All but `samples` are null where there is no sample. */
export interface LatencySummary {
  readonly samples: number;
  /** Exact: the sum over the number. */
  readonly averageMs: number | null;
  /** Read from buckets a quarter of a doubling wide, spread evenly within one: wrong by at most 19 % of its value. */
  readonly p50Ms: number | null;
  /** As `p50Ms`. */
  readonly p90Ms: number | null;
  /** As `p50Ms`. */
  readonly p99Ms: number | null;
  /** Exact. */
  readonly maxMs: number | null;
}

/** Sums up a latency histogram of the target table. `maxMicros` caps what interpolation would overshoot. */
export function summarizeLatency(buckets: Float64Array, sumMicros: number, maxMicros: number): LatencySummary {
  const samples = countSamples(buckets);
  if (samples === 0) return { samples: 0, averageMs: null, p50Ms: null, p90Ms: null, p99Ms: null, maxMs: null };
  const at = (share: number) => toMs(Math.min(percentileMicros(buckets, samples, share), maxMicros));
  return {
    samples,
    averageMs: toMs(sumMicros / samples),
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    maxMs: toMs(maxMicros),
  };
}

/** Counts the samples in a histogram. */
export function countSamples(buckets: Float64Array): number {
  let samples = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) samples += buckets[bucket]!;
  return samples;
}

/**
 * Reads a percentile (`share` 0.99 is p99): finds the bucket that holds it and goes into the bucket as far as the rank
 * does. The last bucket has no upper limit, so its lower one is said. `samples` must be the histogram's count, above 0.
 */
export function percentileMicros(buckets: Float64Array, samples: number, share: number): number {
  const rank = share * samples;
  let below = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS - 1; bucket++) {
    const count = buckets[bucket]!;
    if (count > 0 && below + count >= rank) {
      const from = bucket === 0 ? 0 : latencyBucketLimitMicros(bucket - 1);
      return from + (latencyBucketLimitMicros(bucket) - from) * ((rank - below) / count);
    }
    below += count;
  }
  return latencyBucketLimitMicros(LATENCY_BUCKETS - 2);
}

/** Microseconds to milliseconds, to the microsecond. */
export function toMs(micros: number): number {
  return Math.round(micros) / 1000;
}
