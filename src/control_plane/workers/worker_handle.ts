import type { ControlMessage, WorkerMessage } from "../../protocol/messages.ts";

/** One data plane as the pool sees it: a thread, or the main thread itself. */
export interface WorkerHandle {
  post(message: ControlMessage): void;
  /** Ends it at once. */
  terminate(): void;
}

/** What a data plane gets at its start. */
export interface WorkerEvents {
  onMessage(message: WorkerMessage): void;
  /** The data plane ended by itself. */
  onCrash(error: string): void;
}

/** Starts a data plane. */
export type Spawn = (events: WorkerEvents) => WorkerHandle;

/** Starts a data plane in a thread of its own. */
export function spawnThread(events: WorkerEvents): WorkerHandle {
  return attachWorker(
    new Worker(new URL("../../data_plane/worker.ts", import.meta.url).href, { type: "module" }),
    events,
  );
}

/** Wraps a worker thread for the pool. */
export function attachWorker(worker: Worker, events: WorkerEvents): WorkerHandle {
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => events.onMessage(data);
  worker.onerror = (event) => {
    // Without this the main thread would end with it.
    event.preventDefault();
    events.onCrash(event.message);
  };
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
  };
}
