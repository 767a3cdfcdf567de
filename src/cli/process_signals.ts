import type { Logger } from "../logging/log.ts";

/** What an operator tells a serving process by signals. */
export interface ProcessSignals {
  /** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once, with exit code 1. */
  readonly stop: Promise<void>;
  /** Says what SIGHUP does; one that came before is made good. */
  onHangup(run: () => Promise<void>): void;
}

/**
 * Hears signals from now on: before the start, since the default of SIGHUP is to end the process, and the first process of a
 * container does not even hear SIGTERM unless it listens.
 */
export function hearSignals(log: Logger): ProcessSignals {
  const { promise: stop, resolve } = Promise.withResolvers<void>();
  let stopping = false;
  const onStop = () => {
    if (stopping) Deno.exit(1);
    stopping = true;
    resolve();
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
