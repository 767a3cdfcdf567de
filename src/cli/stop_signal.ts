/** Hears SIGINT and SIGTERM as a request to stop. */
export interface StopSignal extends Disposable {
  /** Resolves at the first of them. */
  readonly received: Promise<void>;
  readonly aborted: AbortSignal;
}

/** Listens for the first SIGINT or SIGTERM until it is disposed of; a second one then ends the process as usual. */
export function listenForStop(): StopSignal {
  const abort = new AbortController();
  const { promise: received, resolve } = Promise.withResolvers<void>();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const forget = () => {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
  const onSignal = () => {
    forget();
    abort.abort();
    resolve();
  };
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return {
    received,
    aborted: abort.signal,
    [Symbol.dispose]() {
      if (!abort.signal.aborted) forget();
    },
  };
}
