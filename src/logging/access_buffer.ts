import type { CancelTimer, Clock } from "../time/clock.ts";
import { type AccessRecord, LONGEST_LINE_CHARACTERS, type WriteAccessLine } from "./access_line.ts";
import { ByteLine } from "./byte_line.ts";

/** Bytes that are collected before they go on; holds the longest line. */
const BUFFER_BYTES = 131_072;

/** How lines are collected. */
export interface AccessBufferOptions {
  readonly write: WriteAccessLine;
  /** How long a line waits at most. */
  readonly longestMs: number;
  /** Takes whole lines; the bytes are its own. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
}

/**
 * Collects access lines as bytes, written at once into memory that is there already: kept as strings, lines would
 * outlive the young generation by the thousand (docs/performance.md).
 */
export class AccessBuffer {
  readonly #line = new ByteLine(BUFFER_BYTES);
  readonly #clock: Clock;
  readonly #options: AccessBufferOptions;
  #cancel: CancelTimer | null = null;

  constructor(clock: Clock, options: AccessBufferOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Adds the line of one request. */
  add(record: AccessRecord): void {
    const line = this.#line;
    // Nearly every path is short, so that a look at it saves counting.
    if (!line.fits(record.path.length > 512 ? LONGEST_LINE_CHARACTERS : 5120)) this.flush();
    this.#options.write(line, record);
    this.#cancel ??= this.#clock.after(this.#options.longestMs, () => this.flush());
  }

  /** Sends on what there is. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    const line = this.#line;
    if (line.at === 0) return;
    this.#options.send(line.bytes.slice(0, line.at));
    line.at = 0;
  }
}
