/** Largest sum of whole weights: a turn times a stride must stay below 2^53, and a turn below 2^31. */
const MAX_TOTAL = 2 ** 26;
/** Most addresses of a name that shares its weight exactly. */
const MAX_DENOMINATOR = 4096;

/**
 * Turns weights above 0 into the smallest whole numbers of the same proportions.
 *
 * A weight is a fraction if it is shared by the addresses of a name: a weight of 1 for three addresses, beside a target
 * of weight 2, is 1/3, 1/3, 1/3 and 2. Times the least common denominator, 3, that is 1, 1, 1 and 6. A common divisor
 * is taken away: 100, 200 and 500 become 1, 2 and 5.
 *
 * If the whole numbers would sum to more than 2^26, they are scaled to that sum and rounded, each to at least 1: a
 * share is then off by less than one turn in a cycle of millions.
 */
export function wholeWeights(weights: readonly number[]): number[] {
  return exactWeights(weights) ?? roundedWeights(weights);
}

function exactWeights(weights: readonly number[]): number[] | null {
  let scale = 1;
  // Few weights differ, as the addresses of a name have the same.
  for (const weight of new Set(weights)) {
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

function roundedWeights(weights: readonly number[]): number[] {
  const factor = (MAX_TOTAL - weights.length) / sum(weights);
  return weights.map((weight) => Math.max(1, Math.floor(weight * factor)));
}

/** Finds the least denominator of a fraction; null if it is above {@linkcode MAX_DENOMINATOR}. */
function denominatorOf(weight: number): number | null {
  for (let denominator = 1; denominator <= MAX_DENOMINATOR; denominator++) {
    const numerator = weight * denominator;
    const whole = Math.round(numerator);
    // Numbers in JavaScript are binary: three times a third may be off by a little.
    if (whole > 0 && Math.abs(whole - numerator) < 1e-9 * denominator) return denominator;
  }
  return null;
}

/** Returns the greatest common divisor of two whole numbers of at least 0 (Euclid's algorithm); of 0 and n it is n. */
export function greatestCommonDivisor(one: number, other: number): number {
  while (other !== 0) [one, other] = [other, one % other];
  return one;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
