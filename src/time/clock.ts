/**
 * The only file that asks the time or sets a timer. All other code takes a {@linkcode Clock}, so that tests control it
 * and never sleep.
 */

/** Cancels a timer; calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/** Time and timers. */
export interface Clock {
  /** Milliseconds since the Unix epoch; jumps when the machine's clock is set. For log lines and "since when" only. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start, fractional, never going back. For durations and deadlines. */
  monotonicMs(): number;
  /**
   * Calls `run` once after `delayMs`. The timer keeps the process alive only if `keepAlive` is true (default false).
   */
  after(delayMs: number, run: () => void, keepAlive?: boolean): CancelTimer;
  /** Calls `run` every `periodMs`. Never keeps the process alive. */
  every(periodMs: number, run: () => void): CancelTimer;
}

/** Resolves after `delayMs` on the given clock. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve, true));
}

/**
 * Calls `run` in the next turn of the event loop, after pending I/O was handled. Not a matter of time, so it takes no
 * {@linkcode Clock}.
 */
export function nextTurn(run: () => void): void {
  setImmediate(run);
}

/** Read once: the getter costs more than the clock. */
const TIME_ORIGIN_MS = performance.timeOrigin;

/**
 * The real clock. `performance.now()` starts at 0 in each thread, so the monotonic time is put on the process-wide
 * scale by `performance.timeOrigin`: readings of two workers can be compared (the latency average in shared memory
 * needs that).
 */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => TIME_ORIGIN_MS + performance.now(),
  after(delayMs, run, keepAlive = false) {
    const id = setTimeout(run, delayMs);
    if (!keepAlive) Deno.unrefTimer(id);
    return () => clearTimeout(id);
  },
  every(periodMs, run) {
    const id = setInterval(run, periodMs);
    Deno.unrefTimer(id);
    return () => clearInterval(id);
  },
};
