import type { CancelTimer, Clock } from "./clock.ts";

/** Waits before something that ended is opened again: doubling, so that a shortage is not made worse. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;
/** Open for this long, it counts as open: with no descriptor left, a listener opens and ends within a millisecond. */
const SETTLED_MS = 250;

/** Something that is open until it ends, as `Deno.HttpServer` is. */
export interface Ending {
  /** Settles when it has ended, however. */
  readonly finished: Promise<void>;
}

/** What {@linkcode KeptOpen} works with. */
export interface KeptOpenParts<T extends Ending> {
  readonly clock: Clock;
  /** Opens it. May throw: then it is tried again later. */
  open(): T;
  /** It ended without being closed, or could not be opened again. Called each time, before the next try. */
  onDown(error: string): void;
  /** It is open again, and has been for a moment. */
  onUp(): void;
}

/**
 * Keeps something open that others count on, a listener for example: it watches for the end and opens it again, with
 * backoff. `Deno.serve` ends for good when one `accept` fails (no descriptor is left), and only `finished` tells. This
 * is the supervision of systemd's `Restart=on-failure` and of Envoy's listeners.
 */
export class KeptOpen<T extends Ending> {
  readonly #parts: KeptOpenParts<T>;
  #current: T | null = null;
  #waitMs = FIRST_WAIT_MS;
  #down = false;
  #closed = false;
  #cancel: CancelTimer = () => {};

  /** Opens it for the first time. Throws what `open` throws: a failed start is the caller's to tell. */
  constructor(parts: KeptOpenParts<T>) {
    this.#parts = parts;
    this.#watch(parts.open());
  }

  /** What is open now; null while it is down. */
  get current(): T | null {
    return this.#current;
  }

  /** From now on an end is meant. Returns what is open, for the caller to close. */
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
