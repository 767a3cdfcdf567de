import { type CancelTimer, type Clock, nextTurn } from "./clock.ts";

/** How exact the deadlines of exchanges are, in ms: while any is open, one timer for all ticks this often. */
export const TICK_MS = 25;

/**
 * Time limits that expire before the event loop turns: what each of them ends, and a response for it, takes a fifth of
 * a millisecond. Of thousands of clients that came at once and then went silent, all expire at once.
 */
const EXPIRED_AT_ONCE = 32;

/** Ticks for which a time limit is looked at in each of them. Most exchanges are over by then. */
const YOUNG_TICKS = 20;
/** Older ones are looked at in each so many ticks: thousands may be open that wait for slow clients. */
const SELDOM_TICKS = 10;

const DONE = () => {};

/** A time limit that ends something if nothing moved for `limitMs` (0: never). A link of the list of all. */
export abstract class TimeLimit {
  limitMs = 0;
  movedAtMs = 0;
  previous: TimeLimit | null = null;
  next: TimeLimit | null = null;
  open = true;
  /** The tick since which it is looked at often. */
  bornAt = 0;
  /** Has {@linkcode tick} called, until it is cleared. */
  ticks = false;

  /** Called once if the limit passes. */
  abstract expire(): void;

  /** Called at each tick while `ticks` is set; at each tenth when it is old. */
  tick(): void {}

  /** Called when it ends: it must not keep alive what it was for. */
  letGo(): void {}
}

/** A time limit by itself. What has one for its whole life is a `TimeLimit` itself, which saves two objects. */
export class Watch extends TimeLimit {
  #expire: () => void;

  constructor(expire: () => void) {
    super();
    this.#expire = expire;
  }

  override expire(): void {
    this.#expire();
  }

  override letGo(): void {
    this.#expire = DONE;
  }
}

/**
 * The time limits of one thread, in a list under one timer. Opening and closing one costs a few assignments; a timer
 * for each request would cost two calls into the platform.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #head: TimeLimit = new Watch(DONE);
  #cancel: CancelTimer | null = null;
  #open = 0;
  /** The next one to be looked at, if the last tick has not come to the end. */
  #left: TimeLimit | null = null;
  /** That tick looks at old ones too. */
  #looksAtAll = false;
  #ticks = 0;
  /** No old one expires before this time. */
  #nextDueMs = Infinity;
  /** The time of the last tick or opening, monotonic ms: exact enough for what moves. */
  nowMs: number;

  constructor(clock: Clock, tickMs = TICK_MS) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.nowMs = clock.monotonicMs();
  }

  /** True once {@linkcode closeAll} was called: what expires from then on is ended by the shutdown. */
  closing = false;

  /** Exchanges watched now. */
  get open(): number {
    return this.#open;
  }

  /** Calls `expire` once when `limitMs` pass without {@linkcode moved}; 0 never. */
  watch(limitMs: number, nowMs: number, expire: () => void): Watch {
    const watch = new Watch(expire);
    this.begin(watch, limitMs, nowMs);
    return watch;
  }

  /** Begins to watch a time limit, once. */
  begin(limit: TimeLimit, limitMs: number, nowMs: number): void {
    limit.limitMs = limitMs;
    limit.movedAtMs = nowMs;
    this.#putFirst(limit);
    this.nowMs = nowMs;
    this.#open++;
    this.#cancel ??= this.#clock.every(this.#tickMs, () => this.tick());
  }

  /** Restarts the limit, because a piece moved. */
  moved(watch: TimeLimit): void {
    watch.movedAtMs = this.nowMs;
  }

  /** Sets another limit (a deadline until headers, an idle limit after them) from now on, or from a time before. */
  restart(watch: TimeLimit, limitMs: number, sinceMs = this.nowMs): void {
    watch.limitMs = limitMs;
    watch.movedAtMs = sinceMs;
    if (limitMs > 0 && sinceMs + limitMs < this.#nextDueMs) this.#nextDueMs = sinceMs + limitMs;
  }

  /** Has it looked at in each tick again for a while, as if it had just begun. */
  renew(watch: TimeLimit): void {
    if (!watch.open || watch.bornAt === this.#ticks) return;
    this.#takeOut(watch);
    this.#putFirst(watch);
  }

  /** Ends a time limit; calling it again does nothing. */
  close(watch: TimeLimit): void {
    if (!watch.open) return;
    this.#unlink(watch);
    watch.letGo();
  }

  #unlink(watch: TimeLimit): void {
    watch.open = false;
    this.#takeOut(watch);
    // A closed link in the old generation of the heap would keep its neighbours alive, and they theirs, each with its
    // whole exchange: that was half of the garbage collector's work (measured).
    watch.previous = watch.next = null;
    watch.ticks = false;
    this.#open--;
  }

  /** Puts it first: the list is sorted by age, so that a tick for young ones need not go through the others. */
  #putFirst(limit: TimeLimit): void {
    limit.bornAt = this.#ticks;
    const first = this.#head.next;
    limit.previous = this.#head;
    limit.next = first;
    if (first !== null) first.previous = limit;
    this.#head.next = limit;
  }

  #takeOut(limit: TimeLimit): void {
    limit.previous!.next = limit.next;
    if (limit.next !== null) limit.next.previous = limit.previous;
  }

  /**
   * Checks time limits; called by the timer, and by tests. If many have expired, the rest is left to the next turns of
   * the event loop.
   */
  tick(): void {
    // The last tick's rest has its own turn.
    if (this.#left !== null && !this.closing) return;
    this.#ticks++;
    this.nowMs = this.#clock.monotonicMs();
    this.#looksAtAll = this.closing || this.#ticks % SELDOM_TICKS === 0 || this.nowMs >= this.#nextDueMs;
    if (this.#looksAtAll) this.#nextDueMs = Infinity;
    this.#check(this.#head.next);
  }

  #check(from: TimeLimit | null): void {
    this.nowMs = this.#clock.monotonicMs();
    const oldest = this.#looksAtAll ? -1 : this.#ticks - YOUNG_TICKS;
    let expired = 0;
    let watch = from;
    while (watch !== null && watch.bornAt >= oldest && (expired < EXPIRED_AT_ONCE || this.closing)) {
      const next: TimeLimit | null = watch.next;
      if (this.closing || (watch.limitMs > 0 && this.nowMs - watch.movedAtMs >= watch.limitMs)) {
        this.#unlink(watch);
        watch.expire();
        watch.letGo();
        expired++;
      } else {
        if (watch.ticks) watch.tick();
        if (this.#looksAtAll && watch.limitMs > 0) {
          this.#nextDueMs = Math.min(this.#nextDueMs, watch.movedAtMs + watch.limitMs);
        }
      }
      watch = next;
    }
    this.#left = watch !== null && watch.bornAt >= oldest ? watch : null;
    if (this.#left !== null) nextTurn(this.#goOn);
    if (this.#open === 0) this.stop();
  }

  /** Goes on with a tick; if the next one was closed meanwhile, from the beginning. */
  readonly #goOn = (): void => {
    const left = this.#left;
    if (left !== null) this.#check(left.open ? left : this.#head.next);
  };

  /** Expires every time limit now, even 0, and each that is opened later at its first tick. */
  closeAll(): void {
    this.closing = true;
    this.tick();
  }

  /** Stops the timer; the next time limit starts it again. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
