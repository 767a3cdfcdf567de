import { type Metric, Registry } from "prom-client";
import { LATENCY_BUCKETS, latencyBucketLimitMicros } from "../../state/slot_layout.ts";
import type { StatusClasses } from "../stats/stats_model.ts";

/** A metric's labels; values may be any text (the library escapes them). */
export type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Where it is not the family's own (`_bucket`, `_sum`, `_count`). */
  readonly metricName?: string;
}

/**
 * The upper bounds of histograms, in buckets of the target table: each is a limit that the table has too, so that no
 * count is split. Doublings from 512 us to 8.4 s, then 34 s: 16 lines a histogram, because there are two for each
 * target.
 */
const BOUNDS: readonly { readonly bucket: number; readonly le: number }[] = [
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
  17,
  18,
  19,
  20,
  21,
  22,
  23,
  25,
].map((exponent) => {
  const bucket = (exponent - 6) * 4;
  return { bucket, le: latencyBucketLimitMicros(bucket) / 1e6 };
});

/** A family as a table says it: what it is called, and how its numbers come out of `T`. */
export interface FamilyRow<T> {
  readonly type: MetricFamily["type"];
  readonly name: string;
  readonly help: string;
  /** Adds the numbers; none where there is nothing to tell. */
  readonly add: (family: MetricFamily, from: T) => void;
}

/** Makes the row of a family that has one number, without labels. */
export function single<T>(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (from: T) => number,
): FamilyRow<T> {
  return { type, name, help, add: (family, from) => family.add({}, value(from)) };
}

/** Makes families of rows. */
export function familiesOf<T>(rows: readonly FamilyRow<T>[], from: T): MetricFamily[] {
  return rows.map(({ type, name, help, add }) => {
    const family = new MetricFamily(type, name, help);
    add(family, from);
    return family;
  });
}

/** A metric whose numbers are counted elsewhere and collected at scrape time. */
export class MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly #samples: Sample[] = [];

  constructor(type: MetricFamily["type"], name: string, help: string) {
    this.type = type;
    this.name = name;
    this.help = help;
  }

  /** Adds a number. */
  add(labels: Labels, value: number): void {
    this.#samples.push({ labels, value });
  }

  /** Adds counts by status class. */
  addClasses(labels: Labels, classes: StatusClasses): void {
    for (const [status_class, count] of Object.entries(classes)) this.add({ ...labels, status_class }, count);
  }

  /** Adds a latency histogram of the target table, in seconds. */
  addLatency(labels: Labels, buckets: Float64Array, sumMicros: number): void {
    let count = 0;
    let next = 0;
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
      count += buckets[bucket]!;
      const bound = BOUNDS[next];
      if (bound?.bucket !== bucket) continue;
      next++;
      this.#samples.push({ labels: { ...labels, le: bound.le }, value: count, metricName: `${this.name}_bucket` });
    }
    this.#samples.push({ labels: { ...labels, le: "+Inf" }, value: count, metricName: `${this.name}_bucket` });
    this.#samples.push({ labels, value: sumMicros / 1e6, metricName: `${this.name}_sum` });
    this.#samples.push({ labels, value: count, metricName: `${this.name}_count` });
  }

  /**
   * Adds a histogram: how many samples are at most each bound, and not at most the one before; the last bucket has the
   * rest.
   */
  addHistogram(
    labels: Labels,
    { bounds, buckets, sum }: {
      readonly bounds: readonly number[];
      readonly buckets: ArrayLike<number>;
      readonly sum: number;
    },
  ): void {
    let count = 0;
    for (const [bucket, le] of [...bounds, "+Inf"].entries()) {
      count += buckets[bucket]!;
      this.#samples.push({ labels: { ...labels, le }, value: count, metricName: `${this.name}_bucket` });
    }
    this.#samples.push({ labels, value: sum, metricName: `${this.name}_sum` });
    this.#samples.push({ labels, value: count, metricName: `${this.name}_count` });
  }

  /** Gives the library what it writes down. */
  get(): { name: string; help: string; type: string; values: readonly Sample[]; aggregator: string } {
    return { name: this.name, help: this.help, type: this.type, values: this.#samples, aggregator: "sum" };
  }
}

/** Lines that are written at one go: about 1 ms, so that a scrape holds up nothing else of its thread. */
export const LINES_AT_ONCE = 200;

/**
 * Writes families in Prometheus' text format, piece by piece; the caller may let other work go first in between. A
 * family may come in several parts, one after the other. `null` is an empty piece.
 */
export async function* writeFamilies(families: Iterable<MetricFamily | null>): AsyncGenerator<string, void, void> {
  const registry = new Registry();
  let begun = "";
  for (const family of families) {
    if (family === null) {
      yield "";
      continue;
    }
    const { values, ...head } = family.get();
    for (let from = 0; from === 0 || from < values.length; from += LINES_AT_ONCE) {
      const piece = { ...head, values: values.slice(from, from + LINES_AT_ONCE) };
      registry.clear();
      // The library's own metrics count by themselves; a registry writes anything that has a name and can be asked with
      // get().
      registry.registerMetric({ name: family.name, get: () => Promise.resolve(piece) } as unknown as Metric<string>);
      const text = await registry.metrics();
      // Each piece begins with HELP and TYPE, which a page may have only once.
      yield begun !== family.name ? text : text.slice(text.indexOf("\n", text.indexOf("\n") + 1) + 1);
      begun = family.name;
    }
  }
}
