import type { Logger } from "../logging/log.ts";
import type { Clock } from "../time/clock.ts";

/**
 * Signals within this time of the first are the same request to stop: under `deno task` a terminal's Ctrl-C arrives
 * twice within a millisecond, from the terminal and from the task runner.
 */
const SAME_SIGNAL_MS = 1_000;

/** What an operator tells a serving process by signals. */
export interface ProcessSignals {
  /**
   * Resolves at the first SIGTERM or SIGINT. One that comes more than a second later ends the process at once, with
   * exit code 1.
   */
  readonly stop: Promise<void>;
  /** Sets what SIGHUP does. If a SIGHUP came earlier, it runs at once. */
  onHangup(run: () => Promise<void>): void;
}

/** What {@linkcode hearSignals} works with. */
export interface SignalParts {
  readonly log: Logger;
  readonly clock: Clock;
  /** A second signal to stop came. Called once for each one. */
  endAtOnce(): void;
}

/**
 * Handles signals from now on. Call it before the start: by default SIGHUP ends the process, and process 1 of a
 * container ignores SIGTERM without a handler.
 */
export function hearSignals({ log, clock, endAtOnce }: SignalParts): ProcessSignals {
  const { promise: stop, resolve } = Promise.withResolvers<void>();
  let stoppingSinceMs: number | null = null;
  const onStop = () => {
    if (stoppingSinceMs === null) {
      stoppingSinceMs = clock.monotonicMs();
      resolve();
    } else if (clock.monotonicMs() - stoppingSinceMs > SAME_SIGNAL_MS) {
      endAtOnce();
    }
  };
  Deno.addSignalListener("SIGTERM", onStop);
  Deno.addSignalListener("SIGINT", onStop);

  let hangup: (() => Promise<void>) | null = null;
  let missed = false;
  let reloading = Promise.resolve();
  // One after another: two reloads must not overtake each other.
  const reload = (run: () => Promise<void>) => {
    reloading = reloading.then(run).catch((error) => log.error("reload_failed", `Cannot reload: ${error}`));
  };
  Deno.addSignalListener("SIGHUP", () => {
    if (hangup === null) missed = true;
    else reload(hangup);
  });
  return {
    stop,
    onHangup(run) {
      hangup = run;
      if (missed) reload(run);
      missed = false;
    },
  };
}
