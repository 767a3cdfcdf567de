import { LATENCY_BUCKETS } from "../../state/slot_layout.ts";
import type { ExchangeReading } from "../readings/exchange_reading.ts";
import { countSamples, percentileMicros, toMs } from "../stats/latency_summary.ts";

/** What was counted of one thing at one moment. */
export interface Sample {
  /** Monotonic ms. */
  readonly atMs: number;
  readonly inFlight: number;
  readonly requests: number;
  readonly errors: number;
  /** Buckets of times to the response headers; empty if none are counted. */
  readonly ttfb: Float64Array;
}

/** The newest sample, beside those before it. */
interface Span {
  readonly now: Sample;
  /** One tick ago; null if `now` is the first sample. */
  readonly previous: Sample | null;
  /** The oldest that is kept; null if `now` is the first sample. */
  readonly oldest: Sample | null;
  /** Times to the response headers since `oldest`; null if there are none. */
  readonly recentTtfb: Float64Array | null;
}

/**
 * The numbers that a dashboard shows of a target, a group or everything, in the order in which they are sent. The page
 * calls them by these names.
 */
const COLUMNS = {
  inFlight: ({ now }: Span): number => now.inFlight,
  /** Requests over the last tick. */
  perSecond({ now, previous }: Span): number {
    if (previous === null || now.atMs <= previous.atMs) return 0;
    const perSecond = (now.requests - previous.requests) / (now.atMs - previous.atMs) * 1000;
    return Math.round(Math.max(0, perSecond) * 10) / 10;
  },
  /** 0 to 1, over the last few seconds. */
  errorRate({ now, oldest }: Span): number {
    if (oldest === null || now.requests <= oldest.requests) return 0;
    const share = (now.errors - oldest.errors) / (now.requests - oldest.requests);
    return Math.round(Math.min(1, Math.max(0, share)) * 1e4) / 1e4;
  },
  p50: (span: Span): number | null => percentileMs(span, 0.5),
  p90: (span: Span): number | null => percentileMs(span, 0.9),
  p99: (span: Span): number | null => percentileMs(span, 0.99),
  /** Since the start. */
  requests: ({ now }: Span): number => now.requests,
  /** Since the start. */
  errors: ({ now }: Span): number => now.errors,
};

type Columns = typeof COLUMNS;

/** The numbers of one thing, by name. */
export type LiveNumbers = Readonly<Record<keyof Columns, number | null>>;

/** The order in which {@linkcode encodeNumbers} puts them. */
export const NUMBER_NAMES = Object.keys(COLUMNS) as readonly (keyof LiveNumbers)[];

/** The numbers as they are sent. */
export type EncodedNumbers = readonly (number | null)[];

/** Leaves out the names, which the page has. */
export function encodeNumbers(numbers: LiveNumbers): EncodedNumbers {
  return NUMBER_NAMES.map((name) => numbers[name]);
}

/** Takes a sample of a target, or of several targets together. */
export function sampleOf(counted: ExchangeReading, atMs: number): Sample {
  const { inFlight, errors } = counted;
  return { atMs, inFlight, requests: counted.count("attempts"), errors, ttfb: counted.ttfb.slice() };
}

/** Error rates and percentiles look back this many ticks: one tick alone has too few requests at night. */
const KEPT_SAMPLES = 5;

/** The last few samples of one thing, oldest first. */
export class LiveWindow {
  readonly #samples: Sample[] = [];

  /** Takes a sample, and says what it means beside those before. */
  push(now: Sample): LiveNumbers {
    const samples = this.#samples;
    // Fewer requests than before: the slot was given to something else, and the old samples mean nothing.
    if (now.requests < (samples.at(-1)?.requests ?? 0)) samples.length = 0;
    const [previous, oldest] = [samples.at(-1) ?? null, samples[0] ?? null];
    samples.push(now);
    if (samples.length > KEPT_SAMPLES) samples.shift();
    const span: Span = { now, previous, oldest, recentTtfb: oldest === null ? null : recentTtfb(now, oldest) };
    return Object.fromEntries(NUMBER_NAMES.map((name) => [name, COLUMNS[name](span)])) as Record<
      keyof Columns,
      number | null
    >;
  }
}

function recentTtfb(now: Sample, oldest: Sample): Float64Array | null {
  if (now.ttfb.length === 0) return null;
  const recent = new Float64Array(LATENCY_BUCKETS);
  for (let i = 0; i < LATENCY_BUCKETS; i++) recent[i] = Math.max(0, now.ttfb[i]! - oldest.ttfb[i]!);
  return countSamples(recent) === 0 ? null : recent;
}

function percentileMs({ recentTtfb }: Span, share: number): number | null {
  return recentTtfb === null ? null : toMs(percentileMicros(recentTtfb, countSamples(recentTtfb), share));
}
