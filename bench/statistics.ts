/** The median: the middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What is said of a row of values. */
export interface Summary {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly min: number;
  readonly max: number;
  /** Where the true median lies with 95 % confidence; null for fewer than six values, which can't say it. */
  readonly interval: Interval | null;
}

/** From and to, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Sums up some values: middle, quartiles, extremes, and how sure the middle is. */
export function summary(values: readonly number[]): Summary {
  return {
    median: median(values),
    lowerQuartile: quantile(values, 0.25),
    upperQuartile: quantile(values, 0.75),
    min: Math.min(...values),
    max: Math.max(...values),
    interval: medianInterval(values),
  };
}

/**
 * The ratios of two rows of rounds, each round divided by the very same round of the base, since the machine drifts
 * between rounds by more than what is to be seen.
 */
export function pairedRatios(values: readonly number[], base: readonly number[]): number[] {
  return values.map((value, i) => value / base[i]!);
}

/** Interpolated between its neighbours, as NumPy and R (type 7) do by default. */
function quantile(values: readonly number[], share: number): number {
  const sorted = sortedUp(values);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (place - below);
}

/**
 * The narrowest pair of order statistics, as many from below as from above, that holds the true median with at least
 * 95 % confidence. It supposes nothing of the values but that the rounds don't depend on each other: how many of them
 * lie below the true median is then a toss of as many coins.
 */
function medianInterval(values: readonly number[]): Interval | null {
  const sorted = sortedUp(values);
  const count = sorted.length;
  let outside = 0; // how likely it is that fewer than `from` values lie below the true median
  let from = 0;
  for (let term = 0.5 ** count; from < count; from++) {
    if (outside + term > 0.025) break;
    outside += term;
    term *= (count - from) / (from + 1);
  }
  return from === 0 ? null : { low: sorted[from - 1]!, high: sorted[count - from]! };
}

function sortedUp(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
