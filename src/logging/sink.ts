import type { ByteSink, LineSink } from "./log.ts";
import { letGo } from "../http1/let_go.ts";
import { type CancelTimer, type Clock, systemClock } from "../time/clock.ts";

/** How long a line waits at most, in milliseconds. */
export const FLUSH_MS = 250;
/** A batch that grows to this many characters is written at once. */
const BATCH_CHARS = 32_768;
/** Characters that may wait for a reader that does not take them; beyond it lines are dropped and counted. */
const WAITING_CHARS = 16_777_216;
const LF = 10;

/** Where bytes go: `Deno.stdout`, `Deno.stderr`, or a test's. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Collects lines and writes them in batches: not one system call per request, and no request waits for a slow reader.
 * Lines keep their order; a reader that stops taking them costs lines (counted, and told when it goes on), never
 * requests.
 */
export class BatchedSink implements LineSink, ByteSink {
  readonly #writer: ByteWriter;
  readonly #clock: Clock;
  readonly #encoder = new TextEncoder();
  #waiting: (string | Uint8Array<ArrayBuffer>)[] = [];
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
      this.#dropped += countLines(text);
      return;
    }
    this.#waiting.push(text);
    this.#chars += text.length;
    if (this.#chars >= BATCH_CHARS) this.#start();
    else this.#timer ??= this.#clock.after(FLUSH_MS, () => this.#start());
  }

  /**
   * Takes a batch that was collected elsewhere: it goes out at once. Its memory is the sink's from now on, and is freed
   * when it was written or lost: the main thread of several workers allocates little else, so it hardly ever collects
   * garbage.
   */
  writeBytes(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#chars > WAITING_CHARS) {
      this.#dropped += countLines(bytes);
      return letGo(bytes);
    }
    this.#waiting.push(bytes);
    this.#chars += bytes.length;
    this.#start();
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
      else if (this.#waiting.some((part) => typeof part !== "string")) this.#start();
      else if (this.#waiting.length > 0) this.#timer ??= this.#clock.after(FLUSH_MS, () => this.#start());
    });
  }

  async #drain(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#chars = 0;
    const lost = this.#dropped;
    if (lost > 0) batch.push(`{"event":"log_lines_dropped","count":${lost}}\n`);
    this.#dropped = 0;
    const parts = merge(batch);
    let written = 0;
    try {
      for (; written < parts.length; written++) await this.#writeAll(parts[written]!);
    } catch {
      // A full disk, or a pipe without a reader. sluice continues; the next lines say how many were lost, if they can
      // be written.
      if (lost > 0) this.#dropped += lost - 1;
      for (const part of parts.slice(written)) {
        this.#dropped += countLines(part);
        if (typeof part !== "string") letGo(part);
      }
    }
  }

  async #writeAll(part: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const all = typeof part === "string" ? this.#encoder.encode(part) : part;
    for (let bytes = all; bytes.length > 0;) bytes = bytes.subarray(await this.#writer.write(bytes));
    letGo(all);
  }
}

/** Joins neighbouring lines, so that each batch is one write. */
function merge(batch: readonly (string | Uint8Array<ArrayBuffer>)[]): (string | Uint8Array<ArrayBuffer>)[] {
  const merged: (string | Uint8Array<ArrayBuffer>)[] = [];
  let lines: string[] = [];
  for (const part of batch) {
    if (typeof part === "string") {
      lines.push(part);
      continue;
    }
    if (lines.length > 0) merged.push(lines.join(""));
    lines = [];
    merged.push(part);
  }
  if (lines.length > 0) merged.push(lines.join(""));
  return merged;
}

function countLines(part: string | Uint8Array): number {
  if (typeof part === "string") return part.split("\n").length - 1;
  let count = 0;
  for (let at = part.indexOf(LF); at >= 0; at = part.indexOf(LF, at + 1)) count++;
  return count;
}
