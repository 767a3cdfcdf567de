import type { TargetSnapshot } from "../state/group_snapshot.ts";
import { LATENCY_BUCKETS, TARGET_COUNTERS, type TargetCounter } from "../state/slot_layout.ts";
import { knowsConnections, type SystemView } from "../views/system_view.ts";
import type { TargetTable } from "../state/target_table.ts";
import { type LatencySummary, summarizeLatency, toMs } from "./stats/latency_summary.ts";
import type { ConnectSummary, ExchangeStats, StatusClasses } from "./stats/stats_model.ts";

const COUNTERS = TARGET_COUNTERS.length;
const TTFB = COUNTERS;
const TOTAL = TTFB + LATENCY_BUCKETS;
const NUMBERS = TOTAL + LATENCY_BUCKETS;

const PLACE = new Map(TARGET_COUNTERS.map((name, index) => [name, index]));
/** Of these the highest counts, not the sum. */
const MAXIMA = new Set([PLACE.get("ttfbMaxMicros")!, PLACE.get("totalMaxMicros")!]);
/** These are counted of targets whose connections are known. */
const OF_CONNECTIONS = new Set([PLACE.get("connects")!, PLACE.get("connectSumMicros")!]);

/** What has been counted of a target at one moment, or of several targets together. */
export class ExchangeReading {
  inFlight = 0;
  /** Connections to it are known; of several: to one of them. */
  knowsConnections = false;
  /** Counters, then the two histograms: one piece, since the garbage collector looks after each by itself. */
  readonly #numbers: Float64Array;

  private constructor(numbers: Float64Array) {
    this.#numbers = numbers;
  }

  /** Makes so many readings, all of nothing. They share one piece of memory. */
  static make(count: number): ExchangeReading[] {
    const all = new Float64Array(count * NUMBERS);
    return Array.from(
      { length: count },
      (_, index) => new ExchangeReading(all.subarray(index * NUMBERS, (index + 1) * NUMBERS)),
    );
  }

  /** Reads a target, in place of what stood here. */
  read(target: TargetSnapshot, view: SystemView, table: TargetTable): this {
    const { slot } = target;
    const numbers = this.#numbers.fill(0, TTFB);
    this.inFlight = table.inFlight[slot]!;
    this.knowsConnections = knowsConnections(view, target);
    for (let place = 0; place < COUNTERS; place++) {
      numbers[place] = table.targetCounter(slot, TARGET_COUNTERS[place]!);
    }
    table.addHistogram(slot, "ttfb", numbers, TTFB);
    table.addHistogram(slot, "total", numbers, TOTAL);
    return this;
  }

  /** Adds a target's numbers to these. */
  add(other: ExchangeReading): void {
    const [numbers, others] = [this.#numbers, other.#numbers];
    this.inFlight += other.inFlight;
    this.knowsConnections ||= other.knowsConnections;
    for (let place = 0; place < NUMBERS; place++) {
      if (MAXIMA.has(place)) numbers[place] = Math.max(numbers[place]!, others[place]!);
      else if (other.knowsConnections || !OF_CONNECTIONS.has(place)) numbers[place]! += others[place]!;
    }
  }

  /** The histogram of times until the headers. */
  get ttfb(): Float64Array {
    return this.#numbers.subarray(TTFB, TOTAL);
  }

  /** The histogram of whole exchanges. */
  get total(): Float64Array {
    return this.#numbers.subarray(TOTAL, NUMBERS);
  }

  count(name: TargetCounter): number {
    return this.#numbers[PLACE.get(name)!]!;
  }

  /** As the statistics say it. */
  stats(): ExchangeStats {
    const requests = this.count("attempts");
    const noAnswer = this.count("noAnswer");
    const classes = statusClasses((name) => this.count(name));
    const errors = classes["5xx"] + noAnswer;
    return {
      requests,
      errors,
      errorRate: rate(errors, requests),
      noAnswer,
      inFlight: this.inFlight,
      statusClasses: classes,
      requestBytes: this.count("requestBytes"),
      responseBytes: this.count("responseBytes"),
      retries: this.count("retries"),
      connectFailures: this.count("connectFailures"),
      connect: this.connects(),
      brokenByTarget: this.count("brokenByTarget"),
      leftByClient: this.count("leftByClient"),
      ...this.latencies(),
    };
  }

  /** The connections made; null where none of them is known. */
  connects(): ConnectSummary | null {
    if (!this.knowsConnections) return null;
    const made = this.count("connects");
    return { made, averageMs: made === 0 ? null : toMs(this.count("connectSumMicros") / made) };
  }

  /** The times until the headers, and of the whole exchange. */
  latencies(): { readonly ttfb: LatencySummary; readonly responseTime: LatencySummary } {
    return {
      ttfb: summarizeLatency(this.ttfb, this.count("ttfbSumMicros"), this.count("ttfbMaxMicros")),
      responseTime: summarizeLatency(this.total, this.count("totalSumMicros"), this.count("totalMaxMicros")),
    };
  }
}

/** Counts by status class. */
export function statusClasses(count: (name: `status${keyof StatusClasses}`) => number): StatusClasses {
  return {
    "1xx": count("status1xx"),
    "2xx": count("status2xx"),
    "3xx": count("status3xx"),
    "4xx": count("status4xx"),
    "5xx": count("status5xx"),
  };
}

/** A share, 0 to 1; 0 of nothing. */
export function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, part / whole);
}
