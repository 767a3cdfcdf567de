const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const BASE = DIGITS.length;
/** All numbers of two digits: making one anew is a call into the engine, which cost a request 150 ns. */
const PAIRS = Array.from({ length: BASE * BASE }, (_, i) => DIGITS[Math.trunc(i / BASE)]! + DIGITS[i % BASE]!);

/** Makes the ids of requests that bring none: a prefix of the thread's own, and a number in base 36. */
export class RequestIds {
  readonly #prefix: string;
  /** The prefix with all digits but the last two. */
  #begin: string;
  #high = 0;
  #low = 0;

  constructor(prefix: string) {
    this.#prefix = this.#begin = prefix;
  }

  next(): string {
    if (this.#low === PAIRS.length) {
      this.#low = 0;
      this.#begin = this.#prefix + (++this.#high).toString(BASE);
    }
    const low = this.#low++;
    // No leading zeros.
    return this.#begin + (this.#high === 0 ? low.toString(BASE) : PAIRS[low]!);
  }
}
