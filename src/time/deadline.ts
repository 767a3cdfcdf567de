import type { CancelTimer, Clock } from "./clock.ts";

/** How exact the deadlines of exchanges are, in ms: one timer for all ticks this often while any is open. */
export const TICK_MS = 25;

const DONE = () => {};

/** Something that is over when no piece moved for `limitMs` (0: never). One link of the wheel's list. */
export class Watch {
  limitMs: number;
  movedAtMs: number;
  expire: () => void;
  /** Called once, at the first tick after it was set, and then forgotten. */
  onTick: (() => void) | null = null;
  previous: Watch | null = null;
  next: Watch | null = null;
  open = true;

  constructor(limitMs: number, nowMs: number, expire: () => void) {
    this.limitMs = limitMs;
    this.movedAtMs = nowMs;
    this.expire = expire;
  }
}

/**
 * All watches of one thread, under one timer. Opening and closing one costs a few assignments; a timer for each request
 * would cost a call into the platform at both ends.
 */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #head = new Watch(0, 0, () => {});
  #cancel: CancelTimer | null = null;
  #open = 0;
  /** The time of the last tick or opening, monotonic ms: good enough for pieces that move. */
  nowMs: number;

  constructor(clock: Clock, tickMs = TICK_MS) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.nowMs = clock.monotonicMs();
  }

  /** True once {@linkcode closeAll} was called: whoever expires from then on was ended by the shutdown. */
  closing = false;

  /** Exchanges watched now. */
  get open(): number {
    return this.#open;
  }

  /** Calls `expire` once when `limitMs` pass without {@linkcode moved}; 0 never. */
  watch(limitMs: number, nowMs: number, expire: () => void): Watch {
    const watch = new Watch(limitMs, nowMs, expire);
    const first = this.#head.next;
    watch.previous = this.#head;
    watch.next = first;
    if (first !== null) first.previous = watch;
    this.#head.next = watch;
    this.nowMs = nowMs;
    this.#open++;
    this.#cancel ??= this.#clock.every(this.#tickMs, () => this.tick());
    return watch;
  }

  /** A piece moved: the limit starts anew. */
  moved(watch: Watch): void {
    watch.movedAtMs = this.nowMs;
  }

  /** Sets another limit from now on (deadline until headers, idle limit after them). */
  restart(watch: Watch, limitMs: number): void {
    watch.limitMs = limitMs;
    watch.movedAtMs = this.nowMs;
  }

  /** Ends a watch; again does nothing. */
  close(watch: Watch): void {
    if (!watch.open) return;
    watch.open = false;
    watch.previous!.next = watch.next;
    if (watch.next !== null) watch.next.previous = watch.previous;
    // A closed watch that has reached the old generation would keep its neighbours alive there, and they theirs, each
    // with its whole exchange: measured, that was half of the garbage collector's work.
    watch.previous = watch.next = watch.onTick = null;
    watch.expire = DONE;
    this.#open--;
  }

  /** Looks at every watch; called by the wheel's timer, and by tests. */
  tick(): void {
    this.nowMs = this.#clock.monotonicMs();
    let watch = this.#head.next;
    while (watch !== null) {
      const next: Watch | null = watch.next;
      if (this.closing || (watch.limitMs > 0 && this.nowMs - watch.movedAtMs >= watch.limitMs)) {
        const { expire } = watch;
        this.close(watch);
        expire();
      } else if (watch.onTick !== null) {
        const run = watch.onTick;
        watch.onTick = null;
        run();
      }
      watch = next;
    }
    if (this.#open === 0) this.stop();
  }

  /** Lets every watch expire at once, those without a limit too, and each that is opened later at its first tick. */
  closeAll(): void {
    this.closing = true;
    this.tick();
  }

  /** Ends the timer; the next watch starts it again. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
