import type { Logger } from "../../logging/log.ts";
import type { ControlMessage, WorkerMessage } from "../../protocol/messages.ts";
import type { TargetTable } from "../../state/target_table.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";

/** A worker whose heartbeat stops for this long hangs, and is replaced. */
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

/** What a data plane gets at its start. */
export interface WorkerEvents {
  onMessage(message: WorkerMessage): void;
  /** The data plane ended by itself. */
  onCrash(error: string): void;
}

/** Starts a data plane. */
export type Spawn = (events: WorkerEvents) => WorkerHandle;

/** What the pool needs. */
export interface WorkerPoolParts {
  readonly count: number;
  readonly spawn: Spawn;
  readonly table: TargetTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** The first message of a worker. */
  startMessage(worker: number): ControlMessage;
  onMessage(message: WorkerMessage): void;
  /** A worker crashed, hung or could not listen: it accepts nothing any more. */
  onLost(worker: number): void;
}

interface Seat {
  handle: WorkerHandle | null;
  /** It has loaded its code. */
  loaded: boolean;
  /** It drained: nothing is open in it any more. */
  drained: boolean;
  startedMs: number;
  backoffMs: number;
  restarts: number;
  heartbeat: number;
  heartbeatMs: number;
  /** How long it has been without a heartbeat while this thread ran. */
  silentMs: number;
  respawn: CancelTimer | null;
}

/** Keeps the workers alive: starts them, replaces one that crashes or hangs, with backoff, while the others serve. */
export class WorkerPool {
  readonly #parts: WorkerPoolParts;
  readonly #seats: Seat[];
  readonly #allLoaded = Promise.withResolvers<void>();
  #started = false;
  #stopping = false;
  #anyHung = false;
  #watchedMs = 0;
  #cancelWatch: CancelTimer = () => {};

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    this.#seats = Array.from({ length: parts.count }, () => ({
      handle: null,
      loaded: false,
      drained: false,
      startedMs: 0,
      backoffMs: FIRST_BACKOFF_MS,
      restarts: 0,
      heartbeat: 0,
      heartbeatMs: 0,
      silentMs: 0,
      respawn: null,
    }));
  }

  /** Creates the workers; resolves when all have loaded their code. None serves yet. */
  load(): Promise<void> {
    this.#seats.forEach((_, worker) => this.#spawn(worker));
    return this.#allLoaded.promise;
  }

  /** Lets the workers serve. */
  start(): void {
    this.#started = true;
    this.#watchedMs = this.#parts.clock.monotonicMs();
    this.#seats.forEach((seat, worker) => {
      if (seat.loaded) this.#begin(worker);
    });
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

  /** True if no worker has anything open: each has sent `drained` or has ended. */
  get allDrained(): boolean {
    return this.#seats.every(({ handle, drained }) => handle === null || drained);
  }

  /**
   * True once a worker hung. `terminate` ends a thread at the next turn of its event loop. Deno 2.9 never ends one
   * whose JavaScript does not return (2.4 did, after 2 s), and such a thread keeps its share of the listener: new
   * connections that the kernel gives to it get no response. Only a restart of the process helps, so `/livez` responds
   * 503 from then on.
   */
  get anyHung(): boolean {
    return this.#anyHung;
  }

  /** What operators see of each worker. */
  views(): { worker: number; generation: number; restarts: number; heartbeatAgeMs: number }[] {
    const nowMs = this.#parts.clock.monotonicMs();
    return this.#seats.map((seat, worker) => ({
      worker,
      generation: this.#parts.table.life(worker).generation,
      restarts: seat.restarts,
      heartbeatAgeMs: Math.max(0, Math.round(nowMs - seat.heartbeatMs)),
    }));
  }

  /** Replaces a worker that could not open the listener. */
  couldNotListen(worker: number, error: string): void {
    if (this.#seats[worker]?.handle == null) return;
    this.#lost(worker, { event: "listen_failed", message: `Worker ${worker} could not listen`, error });
  }

  /** Replaces no worker from now on. */
  stopReplacing(): void {
    this.#stopping = true;
    this.#cancelWatch();
    for (const seat of this.#seats) {
      seat.respawn?.();
      // A worker that is still loading would begin to listen after `drain`, and never send `drained`.
      if (seat.loaded) continue;
      seat.handle?.terminate();
      seat.handle = null;
    }
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
    seat.loaded = seat.drained = false;
    seat.startedMs = seat.heartbeatMs = this.#parts.clock.monotonicMs();
    // Again, because a thread that is being terminated may have finished an exchange after its numbers were taken back.
    this.#parts.table.forgetWorker(worker);
    const handle = this.#parts.spawn({
      onMessage: (message) => {
        if (seat.handle !== handle) return;
        if (message.type === "loaded") this.#loaded(worker);
        else if (message.type === "drained") seat.drained = true;
        else this.#parts.onMessage(message);
      },
      onCrash: (error) => {
        if (seat.handle !== handle) return;
        this.#lost(worker, { event: "worker_crashed", message: `Worker ${worker} crashed`, error });
      },
    });
    seat.handle = handle;
  }

  #loaded(worker: number): void {
    this.#seats[worker]!.loaded = true;
    if (this.#started) this.#begin(worker);
    else if (this.#seats.every(({ loaded }) => loaded)) this.#allLoaded.resolve();
  }

  #begin(worker: number): void {
    const seat = this.#seats[worker]!;
    seat.heartbeat = this.#parts.table.life(worker).heartbeat;
    seat.heartbeatMs = this.#parts.clock.monotonicMs();
    seat.silentMs = 0;
    seat.handle?.post(this.#parts.startMessage(worker));
  }

  /**
   * Finds workers without a heartbeat. Only time in which this thread ran counts: if the whole process stood still (a
   * frozen container, a migrated machine), no worker hangs.
   */
  #watch(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const passedMs = Math.min(nowMs - this.#watchedMs, 2 * WATCH_MS);
    this.#watchedMs = nowMs;
    this.#seats.forEach((seat, worker) => {
      if (seat.handle === null || !seat.loaded) return;
      const { heartbeat } = this.#parts.table.life(worker);
      if (heartbeat !== seat.heartbeat) {
        seat.heartbeat = heartbeat;
        seat.heartbeatMs = nowMs;
        seat.silentMs = 0;
      } else if ((seat.silentMs += passedMs) > HANG_MS) {
        this.#anyHung = true;
        this.#lost(worker, {
          event: "worker_hung",
          message:
            `Worker ${worker} did not turn for ${HANG_MS} ms; restart the process soon, since its thread may still ` +
            "hold a share of the listener",
          error: "",
        });
      }
    });
  }

  /** Ends a worker, takes back its numbers, and starts another in its place. */
  #lost(worker: number, { event, message, error }: { event: string; message: string; error: string }): void {
    const { clock, table, log } = this.#parts;
    const seat = this.#seats[worker]!;
    seat.handle?.terminate();
    seat.handle = null;
    const openExchanges = table.forgetWorker(worker);
    this.#parts.onLost(worker);
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
