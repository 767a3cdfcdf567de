/** Random numbers that repeat: the same seed gives the same run (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, and without, `below`. */
  below(below: number): number {
    let t = this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4294967296 * below);
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Cuts text at random places: into a few pieces, now and then into single characters. */
  cut(text: string): string[] {
    if (this.oneIn(12)) return text.split("");
    const places = Array.from({ length: this.below(6) }, () => this.below(text.length + 1)).sort((a, b) => a - b);
    const pieces: string[] = [];
    let from = 0;
    for (const place of [...places, text.length]) {
      if (place > from) pieces.push(text.slice(from, place));
      from = place;
    }
    return pieces;
  }
}
