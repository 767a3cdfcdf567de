import type { Clock } from "./clock.ts";

/** A limit on how long something may take. Disposing of it ends its timer and aborts what still uses its signal. */
export interface Timeout extends Disposable {
  /** Aborts when the time is up, when the signal that was passed in aborts, or on disposal. */
  readonly signal: AbortSignal;
  /** Whether the time is up; false if the signal that was passed in aborted first. */
  readonly passed: boolean;
  /** Resolves when `signal` aborts. */
  readonly over: Promise<void>;
  /** Settles as `work` does, or resolves with `undefined` if `signal` aborts first. */
  race<T>(work: Promise<T>): Promise<T | undefined>;
}

/**
 * Starts a time limit of `ms` milliseconds that ends early if `signal` aborts. Keeps the process alive until disposal.
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { withTimeout } from "./with_timeout.ts";
 *
 * using timeout = withTimeout(systemClock, 5);
 * const answer = await timeout.race(new Promise<string>(() => {}));
 * console.assert(answer === undefined && timeout.passed);
 * ```
 */
export function withTimeout(clock: Clock, ms: number, signal?: AbortSignal): Timeout {
  const controller = new AbortController();
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let passed = false;
  const end = () => {
    cancelTimer();
    signal?.removeEventListener("abort", end);
    controller.abort();
    resolve();
  };
  const cancelTimer = clock.after(ms, () => {
    passed = true;
    end();
  }, true);
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  return {
    signal: controller.signal,
    get passed() {
      return passed;
    },
    over,
    race: (work) => Promise.race([work, over.then(() => undefined)]),
    [Symbol.dispose]: end,
  };
}
