import type { CancelTimer, Clock } from "./clock.ts";

/** Waits before reopening: doubling, so as not to make a shortage worse. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;
/**
 * It must be open for this long to count as open: if no descriptor is left, a listener opens and fails within a
 * millisecond.
 */
const SETTLED_MS = 250;

/** Something that is open until it ends, such as a `Deno.HttpServer`. */
export interface Ending {
  /** Settles when it has ended, for whatever reason. */
  readonly finished: Promise<void>;
}

/** What {@linkcode KeptOpen} needs. */
export interface KeptOpenParts<T extends Ending> {
  readonly clock: Clock;
  /** Opens it. If it throws, it is called again later. */
  open(): T;
  /** Called each time it ends without being closed or can't be reopened, before the next try. */
  onDown(error: string): void;
  /** Called when it has been open again for a moment. */
  onUp(): void;
}

/**
 * Keeps something open, such as a listener: if it ends, it is reopened, with backoff. `Deno.serve` ends for good if one
 * `accept` fails (because no descriptor is left), and only `finished` tells. The idea is that of systemd's
 * `Restart=on-failure`.
 */
export class KeptOpen<T extends Ending> {
  readonly #parts: KeptOpenParts<T>;
  #current: T | null = null;
  #waitMs = FIRST_WAIT_MS;
  #down = false;
  #closed = false;
  #cancel: CancelTimer = () => {};

  /** Opens it for the first time. Throws what `open` throws: the caller reports a failed start. */
  constructor(parts: KeptOpenParts<T>) {
    this.#parts = parts;
    this.#watch(parts.open());
  }

  /** What is open now; null while nothing is. */
  get current(): T | null {
    return this.#current;
  }

  /** Stops reopening. Returns what is open, for the caller to close. */
  release(): T | null {
    this.#closed = true;
    this.#cancel();
    return this.#current;
  }

  #watch(opened: T): void {
    this.#current = opened;
    opened.finished.then(() => this.#ended(opened, "it ended"), (error) => this.#ended(opened, errorText(error)));
    if (this.#down) this.#cancel = this.#parts.clock.after(SETTLED_MS, () => this.#settled(opened), true);
  }

  #settled(opened: T): void {
    if (this.#current !== opened || this.#closed) return;
    this.#down = false;
    this.#waitMs = FIRST_WAIT_MS;
    this.#parts.onUp();
  }

  #ended(opened: T, error: string): void {
    if (this.#current !== opened || this.#closed) return;
    this.#failed(error);
  }

  #failed(error: string): void {
    this.#cancel();
    this.#current = null;
    this.#down = true;
    this.#cancel = this.#parts.clock.after(this.#waitMs, () => this.#reopen(), true);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    this.#parts.onDown(error);
  }

  #reopen(): void {
    if (this.#closed) return;
    try {
      this.#watch(this.#parts.open());
    } catch (error) {
      this.#failed(errorText(error));
    }
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
