import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import { LATENCY_BUCKETS, TARGET_COUNTERS, type TargetCounter } from "../../state/slot_layout.ts";
import { knowsConnections, type SystemView } from "../../views/system_view.ts";
import type { TargetTable } from "../../state/target_table.ts";
import { type LatencySummary, summarizeLatency, toMs } from "../stats/latency_summary.ts";
import type { ConnectSummary, ExchangeStats } from "../stats/stats_model.ts";
import { rate, statusClasses } from "./request_reading.ts";

const COUNTERS = TARGET_COUNTERS.length;
const TTFB = COUNTERS;
const TOTAL = TTFB + LATENCY_BUCKETS;
const NUMBERS = TOTAL + LATENCY_BUCKETS;

const PLACE = new Map(TARGET_COUNTERS.map((name, index) => [name, index]));
/** Of these the highest counts, not the sum. */
const MAXIMA = new Set([PLACE.get("ttfbMaxMicros")!, PLACE.get("totalMaxMicros")!]);
/** These are counted of targets whose connections are known. */
const OF_CONNECTIONS = new Set([PLACE.get("connects")!, PLACE.get("connectSumMicros")!]);

/** What was counted of a target at one moment, or of several targets together. */
export class ExchangeReading {
  inFlight = 0;
  /** Connections to it are known; of several: to one of them. */
  knowsConnections = false;
  /** Counters, then the two histograms: one piece, since the garbage collector looks after each by itself. */
  readonly #numbers: Float64Array;

  private constructor(numbers: Float64Array) {
    this.#numbers = numbers;
  }

  /** Makes `count` empty readings that share one piece of memory. */
  static make(count: number): ExchangeReading[] {
    const all = new Float64Array(count * NUMBERS);
    return Array.from(
      { length: count },
      (_, index) => new ExchangeReading(all.subarray(index * NUMBERS, (index + 1) * NUMBERS)),
    );
  }

  /** Reads a target, over what was here. */
  read(target: TargetSnapshot, view: SystemView, table: TargetTable): this {
    const { slot } = target;
    const numbers = this.#numbers.fill(0, TTFB);
    this.inFlight = table.inFlight[slot]!;
    this.knowsConnections = knowsConnections(view);
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

  /** Reads a counter. */
  count(name: TargetCounter): number {
    return this.#numbers[PLACE.get(name)!]!;
  }

  /** Attempts with a status of 500 or above, or without an answer. */
  get errors(): number {
    return this.count("status5xx") + this.count("noAnswer");
  }

  /** Gives all of it as the statistics show it. */
  stats(): ExchangeStats {
    const requests = this.count("attempts");
    const { errors } = this;
    return {
      requests,
      errors,
      errorRate: rate(errors, requests),
      noAnswer: this.count("noAnswer"),
      inFlight: this.inFlight,
      statusClasses: statusClasses((name) => this.count(name)),
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

  /** Sums up the connections that were made; null if none is known. */
  connects(): ConnectSummary | null {
    if (!this.knowsConnections) return null;
    const made = this.count("connects");
    return { made, averageMs: made === 0 ? null : toMs(this.count("connectSumMicros") / made) };
  }

  /** Sums up the times until the headers, and of whole exchanges. */
  latencies(): { readonly ttfb: LatencySummary; readonly responseTime: LatencySummary } {
    return {
      ttfb: summarizeLatency(this.ttfb, this.count("ttfbSumMicros"), this.count("ttfbMaxMicros")),
      responseTime: summarizeLatency(this.total, this.count("totalSumMicros"), this.count("totalMaxMicros")),
    };
  }
}
