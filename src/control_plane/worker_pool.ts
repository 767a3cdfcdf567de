import type { Logger } from "../logging/log.ts";
import type { ControlMessage, WorkerMessage } from "../protocol/messages.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { CancelTimer, Clock } from "../time/clock.ts";

/** A worker that says nothing for this long hangs and is replaced. */
export const HANG_MS = 5000;
const WATCH_MS = 500;
/** Waits before a replacement: doubling, and back to the first once a worker has lived for a while. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
const LONG_LIFE_MS = 30_000;

/** One data plane as the pool sees it: a thread, or the main thread itself. */
export interface WorkerHandle {
  post(message: ControlMessage): void;
  /** Ends it at once. */
  terminate(): void;
}

/** What a data plane is started with. */
export interface WorkerEvents {
  onMessage(message: WorkerMessage): void;
  /** It died. */
  onCrash(error: string): void;
}

/** Starts a data plane. */
export type Spawn = (events: WorkerEvents) => WorkerHandle;

/** What the pool works with. */
export interface WorkerPoolParts {
  readonly count: number;
  readonly spawn: Spawn;
  readonly table: TargetTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** The first message of a worker. */
  startMessage(worker: number): ControlMessage;
  onMessage(message: WorkerMessage): void;
}

interface Seat {
  handle: WorkerHandle | null;
  startedMs: number;
  backoffMs: number;
  restarts: number;
  heartbeat: number;
  heartbeatMs: number;
  respawn: CancelTimer | null;
}

/** Keeps the workers alive: starts them, replaces one that crashes or hangs, with backoff, while the others serve. */
export class WorkerPool {
  readonly #parts: WorkerPoolParts;
  readonly #seats: Seat[];
  #stopping = false;
  #cancelWatch: CancelTimer = () => {};

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    this.#seats = Array.from({ length: parts.count }, () => ({
      handle: null,
      startedMs: 0,
      backoffMs: FIRST_BACKOFF_MS,
      restarts: 0,
      heartbeat: 0,
      heartbeatMs: 0,
      respawn: null,
    }));
  }

  start(): void {
    this.#seats.forEach((_, worker) => this.#spawn(worker));
    this.#cancelWatch = this.#parts.clock.every(WATCH_MS, () => this.#watch());
  }

  /** Sends a message to every worker. */
  broadcast(message: ControlMessage): void {
    for (const { handle } of this.#seats) handle?.post(message);
  }

  /** Sends a message to one worker. */
  post(worker: number, message: ControlMessage): void {
    this.#seats[worker]?.handle?.post(message);
  }

  /** Workers that live now. */
  get alive(): number {
    return this.#seats.filter(({ handle }) => handle !== null).length;
  }

  /** What an operator sees of each worker. */
  views(): { worker: number; generation: number; restarts: number; heartbeatAgeMs: number }[] {
    const nowMs = this.#parts.clock.monotonicMs();
    return this.#seats.map((seat, worker) => ({
      worker,
      generation: this.#parts.table.life(worker).generation,
      restarts: seat.restarts,
      heartbeatAgeMs: Math.max(0, Math.round(nowMs - seat.heartbeatMs)),
    }));
  }

  /** From now on nobody is replaced. */
  stopReplacing(): void {
    this.#stopping = true;
    this.#cancelWatch();
    for (const seat of this.#seats) seat.respawn?.();
  }

  /** Ends every worker at once. */
  terminate(): void {
    this.stopReplacing();
    for (const seat of this.#seats) {
      seat.handle?.terminate();
      seat.handle = null;
    }
  }

  #spawn(worker: number): void {
    const seat = this.#seats[worker]!;
    seat.respawn = null;
    seat.startedMs = seat.heartbeatMs = this.#parts.clock.monotonicMs();
    seat.heartbeat = this.#parts.table.life(worker).heartbeat;
    const handle = this.#parts.spawn({
      onMessage: (message) => {
        if (seat.handle === handle) this.#parts.onMessage(message);
      },
      onCrash: (error) => {
        if (seat.handle === handle) this.#lost(worker, "worker_crashed", `Worker ${worker} crashed`, error);
      },
    });
    seat.handle = handle;
    handle.post(this.#parts.startMessage(worker));
  }

  #watch(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#seats.forEach((seat, worker) => {
      const { heartbeat } = this.#parts.table.life(worker);
      if (heartbeat !== seat.heartbeat || seat.handle === null) {
        seat.heartbeat = heartbeat;
        seat.heartbeatMs = nowMs;
      } else if (nowMs - seat.heartbeatMs > HANG_MS) {
        seat.handle.terminate();
        this.#lost(worker, "worker_hung", `Worker ${worker} did not turn for ${HANG_MS} ms`, "");
      }
    });
  }

  /** Takes back what the worker held, and starts another in its place. */
  #lost(worker: number, event: string, message: string, error: string): void {
    const { clock, table, log } = this.#parts;
    const seat = this.#seats[worker]!;
    seat.handle = null;
    const openExchanges = table.forgetWorker(worker);
    if (this.#stopping) return;
    if (clock.monotonicMs() - seat.startedMs > LONG_LIFE_MS) seat.backoffMs = FIRST_BACKOFF_MS;
    const waitMs = seat.backoffMs;
    seat.backoffMs = Math.min(seat.backoffMs * 2, LONGEST_BACKOFF_MS);
    seat.restarts++;
    log.error(event, message, { worker, error, openExchanges, replacedInMs: waitMs });
    seat.respawn = clock.after(waitMs, () => this.#spawn(worker), true);
  }
}

/** Starts a data plane in a thread of its own. */
export function spawnThread(events: WorkerEvents): WorkerHandle {
  const worker = new Worker(new URL("../data_plane/worker.ts", import.meta.url).href, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => events.onMessage(data);
  worker.onerror = (event) => {
    // Without this the main thread would die with it.
    event.preventDefault();
    events.onCrash(event.message);
  };
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
  };
}
