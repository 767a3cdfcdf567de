import { build, type Histogram } from "hdr-histogram-js";

/** Latencies of one level, in milliseconds. All 0 if nothing was recorded. */
export interface LatencySummary {
  readonly avg: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** An hour: no request of a load test is waited for longer. */
const HIGHEST_MICROS = 3_600_000_000;

/**
 * Counts latencies in an HDR histogram: microseconds, three significant digits, so that a percentile is within 0.1 %.
 */
export class LatencyHistogram {
  // The WebAssembly form is not faster here and would have to be loaded first.
  readonly #counts: Histogram = build({
    useWebAssembly: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_MICROS,
    numberOfSignificantValueDigits: 3,
  });
  #sumMs = 0;
  #maxMs = 0;

  get count(): number {
    return this.#counts.totalCount;
  }

  /** Called for each answer; must not allocate. */
  record(latencyMs: number): void {
    this.#sumMs += latencyMs;
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs;
    const micros = Math.round(latencyMs * 1000);
    this.#counts.recordValue(micros < 1 ? 1 : micros > HIGHEST_MICROS ? HIGHEST_MICROS : micros);
  }

  /** Adds what another one counted. */
  add(other: LatencyHistogram): void {
    this.#counts.add(other.#counts);
    this.#sumMs += other.#sumMs;
    if (other.#maxMs > this.#maxMs) this.#maxMs = other.#maxMs;
  }

  /**
   * Average and maximum are exact to the microsecond; a percentile is the least recorded value that at least so many
   * per cent don't exceed.
   */
  summary(): LatencySummary {
    if (this.count === 0) return { avg: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 };
    // The histogram answers with the top of a bucket, which may lie a little above the largest value of all.
    const at = (percentile: number) =>
      Math.min(this.#counts.getValueAtPercentile(percentile) / 1000, toMicros(this.#maxMs));
    return {
      avg: toMicros(this.#sumMs / this.count),
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      max: toMicros(this.#maxMs),
    };
  }
}

function toMicros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
