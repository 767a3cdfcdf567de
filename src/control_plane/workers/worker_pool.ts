import { isOwnShortage } from "../../dial/own_shortage.ts";
import type { ControlMessage, WorkerMessage } from "../../protocol/messages.ts";
import type { CancelTimer } from "../../time/clock.ts";
import type { WorkerView } from "../../views/system_view.ts";
import { type ExchangeWanted, logExchange, logLeavesFirst, logLeft } from "./exchange_log.ts";
import { findHung, hungText, WATCH_MS } from "./hung_workers.ts";
import type { WorkerPoolParts } from "./worker_pool_parts.ts";
import { endNow, makePlace, nextWaitMs, viewOf, type WorkerPlace } from "./worker_place.ts";

/** How long a worker may take to respond to and log the requests that were cut when its time to leave was up. */
const CUT_MS = 500;
/** How long workers may accept no TLS connection while another starts, and until they have all heard of it. */
const LONGEST_HOLD_MS = 2_000;
const HOLD_MS = 50;
/** Until a worker is started that no descriptor was left for. */
const NO_DESCRIPTOR_MS = 250;

/**
 * Keeps the workers alive: starts them, and replaces one that crashes or hangs, with backoff, while the others serve.
 * It also exchanges a worker whose thread has to end: another begins to listen, then the first one finishes what it
 * has. One at a time: only one place is spare.
 */
export class WorkerPool {
  readonly #parts: WorkerPoolParts;
  readonly #places: readonly WorkerPlace[];
  readonly #allLoaded = Promise.withResolvers<void>();
  #started = false;
  #stopping = false;
  #anyHung = false;
  #exchanges = 0;
  /** Monotonic ms: after an exchange that failed, the next one has to wait. */
  #exchangeFromMs = 0;
  #watchedMs = 0;
  #cancelWatch: CancelTimer = () => {};

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    const { count, exchanges } = parts;
    const length = exchanges ? count + 1 : count;
    this.#places = Array.from({ length }, (_, worker) => makePlace(worker, worker < count ? "serves" : "free"));
  }

  /** Creates the workers; resolves when all have loaded their code. None serves yet. */
  load(): Promise<void> {
    for (const place of this.#taken()) this.#spawn(place);
    return this.#allLoaded.promise;
  }

  /** Lets the workers serve. */
  start(): void {
    this.#started = true;
    this.#watchedMs = this.#parts.clock.monotonicMs();
    for (const place of this.#places) if (place.loaded) this.#begin(place);
    this.#cancelWatch = this.#parts.clock.every(WATCH_MS, () => this.#watch());
  }

  /** Sends a message to every worker. */
  broadcast(message: ControlMessage): void {
    for (const { handle } of this.#places) handle?.post(message);
  }

  /** Sends a message to one worker. */
  post(worker: number, message: ControlMessage): void {
    this.#places[worker]?.handle?.post(message);
  }

  /** Has every worker stop accepting and finish what it has, but for one that does so already. */
  drain(): void {
    for (const { handle, duty } of this.#places) {
      if (duty !== "leaves") handle?.post({ type: "drain", exchanged: false });
    }
  }

  /** Workers that live now. */
  get alive(): number {
    return this.#places.filter(({ handle }) => handle !== null).length;
  }

  /** True if no worker has anything open: each has sent `drained` or has ended. */
  get allDrained(): boolean {
    return this.#places.every(({ handle, drained }) => handle === null || drained);
  }

  /**
   * True once a worker hung. Deno 2.9 never ends a thread whose JavaScript does not return (2.4 did, after 2 s), and it
   * keeps its share of the listener: new connections that the kernel gives to it get no response. Only a restart of the
   * process helps, so `/livez` responds 503 from then on.
   */
  get anyHung(): boolean {
    return this.#anyHung;
  }

  /** How many workers were exchanged. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** The oldest snapshot that a worker may serve by. */
  get oldestGeneration(): number {
    return Math.min(...this.#taken().map(({ worker }) => this.#parts.table.life(worker).generation));
  }

  /** What operators see of each worker. */
  views(): WorkerView[] {
    const nowMs = this.#parts.clock.monotonicMs();
    return this.#taken().map((place) => viewOf(place, { table: this.#parts.table, nowMs }));
  }

  /** Replaces a worker that could not open the listener. */
  couldNotListen(worker: number, error: string): void {
    const place = this.#places[worker];
    if (place == null || place.handle === null) return;
    this.#lost(place, { event: "listen_failed", message: `Worker ${worker} could not listen`, error });
  }

  /** Replaces and exchanges no worker from now on. */
  stopReplacing(): void {
    this.#stopping = true;
    this.#cancelWatch();
    for (const place of this.#places) {
      place.timer?.();
      // A worker that is still loading would begin to listen after `drain`, and never send `drained`.
      if (place.loaded) continue;
      place.handle?.terminate();
      place.handle = null;
    }
  }

  /** Ends every worker at once. */
  terminate(): void {
    this.stopReplacing();
    for (const place of this.#places) {
      place.handle?.terminate();
      place.handle = null;
    }
  }

  #taken(): WorkerPlace[] {
    return this.#places.filter(({ duty }) => duty !== "free");
  }

  #spawn(place: WorkerPlace): void {
    const { clock, table, spawn, reserve } = this.#parts;
    place.timer = null;
    if (this.#started && !reserve.release()) {
      place.timer = clock.after(NO_DESCRIPTOR_MS, () => this.#spawn(place), true);
      return;
    }
    place.loaded = place.drained = false;
    place.startedMs = place.heartbeatMs = clock.monotonicMs();
    // Again, because a thread that is being terminated may have finished an exchange after its numbers were taken back.
    table.forgetWorker(place.worker);
    const handle = spawn({
      onMessage: (message) => {
        if (place.handle === handle) this.#receive(place, message);
      },
      onCrash: (error) => {
        if (place.handle !== handle) return;
        this.#lost(place, { event: "worker_crashed", message: `Worker ${place.worker} crashed`, error });
      },
    });
    place.handle = handle;
  }

  #receive(place: WorkerPlace, message: WorkerMessage): void {
    if (message.type === "loaded") return this.#loaded(place);
    if (message.type === "exchange_wanted") return this.#exchange(place, message);
    if (message.type === "drained") {
      place.drained = true;
      if (place.duty === "leaves" && !this.#stopping) this.#free(place);
      return;
    }
    this.#parts.onMessage(message);
    if (message.type === "listening") this.#parts.reserve.restore();
    if (message.type === "listening" && place.predecessor !== null) this.#succeed(place, place.predecessor);
  }

  #loaded(place: WorkerPlace): void {
    place.loaded = true;
    if (this.#started) this.#begin(place);
    else if (this.#taken().every(({ loaded }) => loaded)) this.#allLoaded.resolve();
  }

  #begin(place: WorkerPlace): void {
    const { table, clock, startMessage } = this.#parts;
    place.heartbeat = table.life(place.worker).heartbeat;
    place.heartbeatMs = clock.monotonicMs();
    place.silentMs = 0;
    place.handle?.post(startMessage(place.worker));
  }

  /** Starts a worker in the spare place, as the successor of one that asked to be exchanged. */
  #exchange(place: WorkerPlace, wanted: ExchangeWanted): void {
    const { clock, reserve, log } = this.#parts;
    const spare = this.#places.find(({ duty }) => duty === "free");
    if (spare === undefined || this.#stopping || place.duty !== "serves") return;
    if (clock.monotonicMs() < this.#exchangeFromMs || this.#places.some(({ duty }) => duty === "leaves")) return;
    logExchange(log, spare.worker, wanted);
    spare.duty = "succeeds";
    spare.predecessor = place;
    const isFlood = wanted.stuck * 2 < wanted.handshakes;
    if (!isFlood && reserve.plenty()) return this.#spawn(spare);
    // Without a descriptor, the platform would end the process: connections must not take those that are freed for it.
    this.broadcast({ type: "hold", ms: LONGEST_HOLD_MS });
    spare.timer = clock.after(HOLD_MS, () => {
      if (reserve.release()) return this.#spawn(spare);
      spare.timer = null;
      this.#notSucceeded(spare, true);
    }, true);
  }

  /** Handles that the successor of a worker failed before it listened. */
  #notSucceeded(place: WorkerPlace, isShort: boolean): void {
    const { predecessor } = place;
    place.duty = "free";
    place.predecessor = null;
    if (predecessor === null) return;
    this.broadcast({ type: "hold", ms: 0 });
    if (isShort && predecessor.duty === "serves" && predecessor.handle !== null) {
      // No descriptor is left for a thread beside this one: it leaves, and then another starts in its place.
      logLeavesFirst(this.#parts.log, predecessor.worker);
      predecessor.returns = true;
      this.#leave(predecessor);
    }
  }

  /** A worker listens that takes the place of another, which now accepts nothing more and finishes what it has. */
  #succeed(place: WorkerPlace, predecessor: WorkerPlace): void {
    place.duty = "serves";
    place.predecessor = null;
    this.broadcast({ type: "hold", ms: 0 });
    if (predecessor.duty === "serves") this.#leave(predecessor);
  }

  #leave(place: WorkerPlace): void {
    const { clock, leaveMs, onLost } = this.#parts;
    this.#exchanges++;
    place.duty = "leaves";
    place.leavesSinceMs = clock.monotonicMs();
    onLost(place.worker);
    place.handle?.post({ type: "drain", exchanged: true });
    place.timer = clock.after(leaveMs(), () => {
      place.handle?.post({ type: "cut" });
      place.timer = clock.after(CUT_MS, () => this.#free(place), true);
    }, true);
  }

  /** Ends a worker that leaves: the system closes what is still open in its thread. */
  #free(place: WorkerPlace): void {
    const { worker } = place;
    const { log, table, clock } = this.#parts;
    endNow(place);
    const openExchanges = table.forgetWorker(worker);
    logLeft(log, place, { openExchanges, nowMs: clock.monotonicMs() });
    place.duty = place.returns ? "serves" : "free";
    if (place.returns) this.#spawn(place);
    place.returns = false;
  }

  #watch(): void {
    const { clock, table } = this.#parts;
    const nowMs = clock.monotonicMs();
    const hung = findHung(this.#places, { nowMs, sinceMs: this.#watchedMs, table });
    this.#watchedMs = nowMs;
    for (const place of hung) {
      this.#anyHung = true;
      this.#lost(place, { event: "worker_hung", message: hungText(place), error: "" });
    }
  }

  /** Ends a worker, takes back its numbers, and starts another in its place, unless one is there for it already. */
  #lost(place: WorkerPlace, { event, message, error }: { event: string; message: string; error: string }): void {
    const { clock, table, log, onLost } = this.#parts;
    const { worker, duty } = place;
    endNow(place);
    const openExchanges = table.forgetWorker(worker);
    onLost(worker);
    if (this.#stopping) return;
    const successor = this.#places.find(({ predecessor }) => predecessor === place);
    const waitMs = nextWaitMs(place, clock.monotonicMs());
    if (duty === "serves" && successor === undefined || place.returns) {
      place.duty = "serves";
      place.returns = false;
      place.restarts++;
      log.error(event, message, { worker, error, openExchanges, replacedInMs: waitMs });
      place.timer = clock.after(waitMs, () => this.#spawn(place), true);
      return;
    }
    log.error(event, message, { worker, error, openExchanges });
    if (successor !== undefined) {
      successor.duty = "serves";
      successor.predecessor = null;
    }
    if (place.predecessor !== null) this.#exchangeFromMs = clock.monotonicMs() + waitMs;
    // A thread that starts reads its modules: if that fails, no descriptor is left.
    this.#notSucceeded(place, isOwnShortage(error) || !place.loaded && !this.#parts.reserve.plenty());
  }
}
