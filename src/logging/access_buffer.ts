import type { CancelTimer, Clock } from "../time/clock.ts";

/** Bytes that are collected before they go on. */
const BUFFER_BYTES = 65_536;
/** A line longer than this is cut: a request's head may be 64 KB long. */
const LONGEST_LINE = 32_768;

/**
 * Collects access lines as bytes. Each line is encoded at once, into memory that is there already: kept as strings, lines
 * would outlive the young generation by the thousand, and the garbage collector's share of a request was a quarter (measured
 * with a CPU profile; docs/performance.md).
 */
export class AccessBuffer {
  readonly #encoder = new TextEncoder();
  readonly #bytes = new Uint8Array(BUFFER_BYTES);
  readonly #clock: Clock;
  readonly #longestMs: number;
  readonly #send: (bytes: Uint8Array<ArrayBuffer>) => void;
  #used = 0;
  #cancel: CancelTimer | null = null;

  /** @param options.longestMs How long a line waits at most. @param options.send Takes whole lines; the bytes are its own. */
  constructor(clock: Clock, options: { longestMs: number; send: (bytes: Uint8Array<ArrayBuffer>) => void }) {
    this.#clock = clock;
    this.#longestMs = options.longestMs;
    this.#send = options.send;
  }

  /** Adds a line, its line end included. */
  add(line: string): void {
    const text = line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...\n` : line;
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    if (this.#used + text.length * 3 > BUFFER_BYTES) this.flush();
    if (text.length * 3 > BUFFER_BYTES) return this.#send(this.#encoder.encode(text));
    this.#used += this.#encoder.encodeInto(text, this.#bytes.subarray(this.#used)).written;
    this.#cancel ??= this.#clock.after(this.#longestMs, () => this.flush());
  }

  /** Sends on what there is. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#used === 0) return;
    this.#send(this.#bytes.slice(0, this.#used));
    this.#used = 0;
  }
}
