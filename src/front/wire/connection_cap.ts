/** What is kept free for connections to targets, once descriptors ran out: a tenth. */
const KEPT = 0.9;
/** By so much the cap grows each time that nothing ran out: the descriptors may have been taken by something else. */
const GROWTH = 1.02;

/**
 * The most connections that a thread keeps when LISTENER_MAX_CONNECTIONS is `auto`: not known before descriptors run
 * out.
 */
export class ConnectionCap {
  #most = Infinity;
  #short = false;

  get most(): number {
    return this.#most;
  }

  /** No descriptor was left for one more beside `open` connections. */
  ranOut(open: number): void {
    this.#short = true;
    this.#most = Math.max(1, Math.min(this.#most, Math.floor(open * KEPT)));
  }

  /** Called every few seconds: the cap grows if no descriptor was missing since the last call. */
  ease(): void {
    if (!this.#short) this.#most = Math.ceil(this.#most * GROWTH);
    this.#short = false;
  }
}
