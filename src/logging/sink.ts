import type { LineSink } from "./log.ts";
import { type CancelTimer, type Clock, systemClock } from "../time/clock.ts";

/** How long a line waits at most, in milliseconds. */
export const FLUSH_MS = 250;
/** A batch that grows to this many characters is written at once. */
const BATCH_CHARS = 32_768;
/** Characters that may wait for a reader that does not take them; beyond it lines are dropped and counted. */
const WAITING_CHARS = 16_777_216;

/** Where bytes go: `Deno.stdout`, `Deno.stderr`, or a test's. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Collects lines and writes them in batches: never a system call a request, and nobody waits for a slow reader. Lines keep
 * their order; a reader that stops taking them costs lines (counted, and told when it goes on), never requests.
 */
export class BatchedSink implements LineSink {
  readonly #writer: ByteWriter;
  readonly #clock: Clock;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  #chars = 0;
  #dropped = 0;
  #timer: CancelTimer | null = null;
  #writing: Promise<void> | null = null;

  constructor(writer: ByteWriter, clock: Clock = systemClock) {
    this.#writer = writer;
    this.#clock = clock;
  }

  write(text: string): void {
    if (this.#chars > WAITING_CHARS) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(text);
    this.#chars += text.length;
    if (this.#chars >= BATCH_CHARS) this.#start();
    else this.#timer ??= this.#clock.after(FLUSH_MS, () => this.#start());
  }

  /** Resolves when everything that was written before has gone out. */
  async flush(): Promise<void> {
    this.#start();
    while (this.#writing !== null) {
      await this.#writing;
      this.#start();
    }
  }

  #start(): void {
    this.#timer?.();
    this.#timer = null;
    if (this.#writing !== null || this.#waiting.length === 0) return;
    this.#writing = this.#drain().finally(() => {
      this.#writing = null;
      if (this.#chars >= BATCH_CHARS) this.#start();
      else if (this.#waiting.length > 0) this.#timer ??= this.#clock.after(FLUSH_MS, () => this.#start());
    });
  }

  async #drain(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#chars = 0;
    if (this.#dropped > 0) lines.push(`{"event":"log_lines_dropped","count":${this.#dropped}}\n`);
    this.#dropped = 0;
    let bytes = this.#encoder.encode(lines.join(""));
    try {
      while (bytes.length > 0) bytes = bytes.subarray(await this.#writer.write(bytes));
    } catch {
      // The reader is gone (a closed pipe): a balancer goes on without its log.
    }
  }
}
