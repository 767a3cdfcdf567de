import type { Logger } from "../logging/log.ts";
import type { CancelTimer, Clock } from "../time/clock.ts";

/**
 * If the main listener accepts nothing for this long although it is reopened again and again, only a restart may help.
 */
const UNLIVE_AFTER_MS = 30_000;
/** A part must be open for this long before it is logged as recovered: in a flood it fails several times a second. */
const SETTLED_MS = 5_000;

/** Parts that live as long as the process, as the metrics name them. */
export type LongLived = "listener" | "admin_listener";

/**
 * Watches the listeners: which workers accept connections, since when none does, and how often a listener failed.
 * `/readyz` and `/livez` follow from it. A flood of connections makes listeners fail, so a short time without any makes
 * sluice unready but not unlive: an orchestrator must not restart it for that.
 */
export class Supervision {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #accepting = new Set<number>();
  readonly #ends: Record<LongLived, number> = { listener: 0, admin_listener: 0 };
  readonly #outages = new Map<string, Outage>();
  #downSinceMs: number | null = null;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A worker's listener accepts for the first time. */
  listening(worker: number): void {
    this.#accepting.add(worker);
    this.#downSinceMs = null;
  }

  /** A worker's listener failed; the worker reopens it. */
  listenerDown(worker: number, error: string): void {
    this.#ends.listener++;
    this.lost(worker);
    this.#outageBegan(`listener ${worker}`, () => {
      const message = `The listener of worker ${worker} ended (${error}); sluice opens it again`;
      this.#log.error("listener_down", message, { worker, error, accepting: this.#accepting.size });
    });
  }

  /** A worker's listener accepts again. */
  listenerUp(worker: number): void {
    this.listening(worker);
    this.#outageMayBeOver(`listener ${worker}`, (ended) => {
      const message = `The listener of worker ${worker} accepts connections again`;
      this.#log.info("listener_up", message, { worker, ended });
    });
  }

  /** The admin listener failed; it reopens itself. */
  adminListenerDown(error: string): void {
    this.#ends.admin_listener++;
    this.#outageBegan("admin_listener", () => {
      this.#log.error("admin_listener_down", `The admin listener ended (${error}); sluice opens it again`, { error });
    });
  }

  /** The admin listener accepts again. */
  adminListenerUp(): void {
    this.#outageMayBeOver("admin_listener", (ended) => {
      this.#log.info("admin_listener_up", "The admin listener accepts connections again", { ended });
    });
  }

  /** A worker accepts nothing any more: its listener failed, or the worker ended. */
  lost(worker: number): void {
    if (this.#accepting.delete(worker) && this.#accepting.size === 0) this.#downSinceMs = this.#clock.monotonicMs();
  }

  /** Workers that accept connections now. */
  get accepting(): number {
    return this.#accepting.size;
  }

  /** False once no worker has accepted connections for 30 s. */
  get live(): boolean {
    return this.#downSinceMs === null || this.#clock.monotonicMs() - this.#downSinceMs < UNLIVE_AFTER_MS;
  }

  /** How often each part failed. */
  get ends(): Readonly<Record<LongLived, number>> {
    return this.#ends;
  }

  /** Forgets open outages, because the process stops. */
  stop(): void {
    for (const outage of this.#outages.values()) outage.cancel();
    this.#outages.clear();
  }

  /** Logs the first failure; further ones before it has been open for a while belong to the same outage. */
  #outageBegan(part: string, report: () => void): void {
    const outage = this.#outages.get(part);
    if (outage === undefined) {
      this.#outages.set(part, { ended: 1, cancel: () => {} });
      return report();
    }
    outage.ended++;
    outage.cancel();
  }

  #outageMayBeOver(part: string, report: (ended: number) => void): void {
    const outage = this.#outages.get(part);
    if (outage === undefined) return;
    outage.cancel = this.#clock.after(SETTLED_MS, () => {
      this.#outages.delete(part);
      report(outage.ended);
    }, true);
  }
}

/** A part that failed, until it has been open again for a while. */
interface Outage {
  /** How often it failed in this outage. */
  ended: number;
  cancel: CancelTimer;
}
