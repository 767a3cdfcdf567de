/** What a connection may spend at once. */
const FULL = 1_000;
/** What time alone gives back: 20 a second, so that pings that keep a connection alive are never too many. */
const PER_MS = 0.02;

/** What a frame costs that makes work for us and none for the client; all others are free. */
export const Cost = {
  /** PING, PRIORITY, WINDOW_UPDATE, DATA without data, CONTINUATION, and frames of unknown types. */
  frame: 1,
  /** An acknowledgement follows, and perhaps a look at all streams. */
  settings: 2,
  /** A request that the client takes back, or breaks a rule with: a head was read for it, and more. */
  reset: 5,
} as const;

/** What useful work gives back: a response, a DATA frame that is sent, and each KiB of data. */
const REQUEST = 10;
const DATA_FRAME = 3;
const DATA_SHIFT = 10;

/**
 * Counts what a client makes us do for nothing, against what it has us do. Floods of small frames cost a client little
 * and its server much (CVE-2019-9511 to 9518, CVE-2023-44487), but none of these frames is wrong by itself: a client
 * that downloads sends a WINDOW_UPDATE now and then, and browsers take requests back. So each costs something, each
 * response, each piece of data and each second give something back, and a client that has spent all is disconnected.
 */
export class FloodBudget {
  #left = FULL;
  #atMs: number;

  /** @param nowMs Monotonic ms. */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Takes a frame's cost; false if nothing is left. @param nowMs Monotonic ms, as of a moment ago. */
  spend(cost: number, nowMs: number): boolean {
    this.#left -= cost;
    if (this.#left >= 0) return true;
    this.#give((nowMs - this.#atMs) * PER_MS);
    this.#atMs = nowMs;
    return this.#left >= 0;
  }

  /** A response was sent whole. */
  answered(): void {
    this.#give(REQUEST);
  }

  /** A piece of data was sent. */
  sent(bytes: number): void {
    this.#give(DATA_FRAME + (bytes >> DATA_SHIFT));
  }

  /** A piece of data came: a small one earns nothing. */
  came(bytes: number): void {
    this.#give(bytes >> DATA_SHIFT);
  }

  #give(more: number): void {
    this.#left = Math.min(FULL, this.#left + more);
  }
}
