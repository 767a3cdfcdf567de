/** Largest sum of whole weights: a turn times a stride must stay below 2^53, a turn below 2^31. */
const MAX_TOTAL = 2 ** 26;
/** Most addresses that a name is expected to have: the largest denominator that is looked for in a weight. */
const MAX_DENOMINATOR = 4096;

/**
 * Brings weights (above 0) to the smallest whole numbers of the same proportions: fractions (a weight of 1 shared by
 * three addresses) are multiplied out, and a common divisor is taken away. If the exact numbers would sum to more than
 * 2^26 they are scaled to that and rounded, each to at least 1: a share is then off by less than one turn in a cycle of
 * millions.
 */
export function wholeWeights(weights: readonly number[]): number[] {
  return exactly(weights) ?? nearly(weights);
}

function exactly(weights: readonly number[]): number[] | null {
  let scale = 1;
  for (const weight of weights) {
    const denominator = denominatorOf(weight);
    if (denominator === null) return null;
    scale = scale / greatestCommonDivisor(scale, denominator) * denominator;
    if (scale > MAX_TOTAL) return null;
  }
  const whole = weights.map((weight) => Math.round(weight * scale));
  const divisor = whole.reduce(greatestCommonDivisor, 0);
  const smallest = whole.map((weight) => weight / divisor);
  return sum(smallest) <= MAX_TOTAL ? smallest : null;
}

function nearly(weights: readonly number[]): number[] {
  const factor = (MAX_TOTAL - weights.length) / sum(weights);
  return weights.map((weight) => Math.max(1, Math.floor(weight * factor)));
}

/**
 * The least denominator with which a weight is a fraction, by its continued fraction; null if it would be too large.
 */
function denominatorOf(weight: number): number | null {
  let before = 0;
  let denominator = 1;
  let rest = weight;
  while (denominator <= MAX_DENOMINATOR) {
    const numerator = weight * denominator;
    if (Math.round(numerator) > 0 && Math.abs(Math.round(numerator) - numerator) < 1e-9 * denominator) {
      return denominator;
    }
    rest = 1 / (rest - Math.floor(rest));
    [before, denominator] = [denominator, Math.floor(rest) * denominator + before];
  }
  return null;
}

/** Euclid's, of whole numbers; of 0 and n it is n. */
function greatestCommonDivisor(one: number, other: number): number {
  while (other !== 0) [one, other] = [other, one % other];
  return one;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
