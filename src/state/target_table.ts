import { Carver } from "./carver.ts";
import { type ClientTotals, heldConnections, loseConnections, sumClients } from "./client_column.ts";
import { type Reason, reasonIndex } from "./reason.ts";
import {
  CURSORS,
  LATENCY_BUCKETS,
  MAX_TARGETS,
  RULE_COUNTERS,
  type RuleCounter,
  ruleCursor,
  TARGET_COUNTERS,
  type TargetCounter,
  WORKER_COUNTERS,
  type WorkerCounter,
} from "./slot_layout.ts";
import {
  carveColumn,
  type Column,
  LIFE_GENERATION,
  LIFE_HEARTBEAT,
  LIFE_TERM,
  RULE_FIELD,
  TARGET_FIELD,
  WORKER_FIELD,
  WorkerColumn,
} from "./worker_column.ts";

/** Time constant of the latency average, in milliseconds: a sample this old weighs 1/e. */
export const LATENCY_TIME_CONSTANT_MS = 10_000;

const HEADER_BYTES = 64;

/**
 * Reads and writes the shared memory; only its columns do so too. Each thread opens its own over the same buffer; a
 * worker writes its counters through {@linkcode TargetTable.column}.
 */
export class TargetTable {
  readonly buffer: SharedArrayBuffer;
  /**
   * [0]: grows whenever any target's flags changed or a snapshot was made, so that candidate lists know they are stale.
   */
  readonly epoch: Int32Array;
  readonly cursors: Int32Array;
  readonly flags: Int32Array;
  /** In flight over all workers, by slot. */
  readonly inFlight: Int32Array;
  readonly consecutiveFailures: Int32Array;
  /** Exponential average of live TTFB, microseconds; meaningful where `ttfbAtMs` is above 0. */
  readonly ttfbMicros: Float64Array;
  /** When the last live sample came (monotonic ms); 0 never. */
  readonly ttfbAtMs: Float64Array;
  /** Exponential average of probe times, microseconds; 0 never probed. */
  readonly probeMicros: Float64Array;
  readonly #columns: readonly Column[];

  private constructor(buffer: SharedArrayBuffer, workers: number) {
    this.buffer = buffer;
    const carver = new Carver(buffer);
    carver.offset = HEADER_BYTES;
    this.epoch = carver.int32(2);
    this.cursors = carver.int32(CURSORS);
    this.flags = carver.int32(MAX_TARGETS);
    this.inFlight = carver.int32(MAX_TARGETS);
    this.consecutiveFailures = carver.int32(MAX_TARGETS);
    this.ttfbMicros = carver.float64(MAX_TARGETS);
    this.ttfbAtMs = carver.float64(MAX_TARGETS);
    this.probeMicros = carver.float64(MAX_TARGETS);
    this.#columns = Array.from({ length: workers }, () => carveColumn(carver));
  }

  /** Makes the memory for a number of workers, each with a column. */
  static create(workers: number): TargetTable {
    const measure = new Carver(null);
    measure.offset = HEADER_BYTES;
    measure.int32(2);
    measure.int32(CURSORS);
    for (let i = 0; i < 3; i++) measure.int32(MAX_TARGETS);
    for (let i = 0; i < 3; i++) measure.float64(MAX_TARGETS);
    for (let i = 0; i < workers; i++) carveColumn(measure);
    const buffer = new SharedArrayBuffer(measure.offset);
    new Int32Array(buffer)[0] = workers;
    return new TargetTable(buffer, workers);
  }

  /** Opens the memory that another thread made. */
  static open(buffer: SharedArrayBuffer): TargetTable {
    return new TargetTable(buffer, new Int32Array(buffer)[0]!);
  }

  /** The writing end of one worker's numbers. */
  column(worker: number): WorkerColumn {
    return new WorkerColumn(this, this.#columns[worker]!);
  }

  // --- control plane writes -------------------------------------------------------------------------------------

  /** Sets a target's flags; returns whether they changed. */
  setFlags(slot: number, flags: number): boolean {
    if (Atomics.exchange(this.flags, slot, flags) === flags) return false;
    this.bumpEpoch();
    return true;
  }

  /** Tells every thread that its candidate lists are stale. */
  bumpEpoch(): void {
    Atomics.add(this.epoch, 0, 1);
  }

  /** Takes a probe's time into the average that serves until there is a live sample. */
  recordProbe(slot: number, micros: number): void {
    const before = this.probeMicros[slot]!;
    this.probeMicros[slot] = before === 0 ? micros : before + (micros - before) * 0.3;
  }

  /** Ends a run of connection failures, because a probe reached the target. */
  endFailures(slot: number): void {
    Atomics.store(this.consecutiveFailures, slot, 0);
  }

  /** Zeroes everything of a slot, before another target takes it. Nothing may be in flight there. */
  resetTarget(slot: number): void {
    this.flags[slot] = 0;
    Atomics.store(this.inFlight, slot, 0);
    Atomics.store(this.consecutiveFailures, slot, 0);
    this.ttfbMicros[slot] = this.ttfbAtMs[slot] = this.probeMicros[slot] = 0;
    for (const column of this.#columns) {
      column.inFlightOwn[slot] = 0;
      fillRow(column.counters, slot, TARGET_COUNTERS.length);
      fillRow(column.ttfbHistogram, slot, LATENCY_BUCKETS);
      fillRow(column.totalHistogram, slot, LATENCY_BUCKETS);
    }
  }

  /** Zeroes a rule's counters, before another rule takes its slot. */
  resetRule(slot: number): void {
    Atomics.store(this.cursors, ruleCursor(slot), 0);
    for (const column of this.#columns) fillRow(column.ruleCounters, slot, RULE_COUNTERS.length);
  }

  /**
   * Takes back what a lost worker had in flight, and returns how many exchanges that were. A thread that hung may run
   * again after it was replaced: it then sees that its term has ended, and no longer changes the numbers of its
   * successor.
   */
  forgetWorker(worker: number): number {
    Atomics.add(this.#columns[worker]!.life, LIFE_TERM, 1);
    const own = this.#columns[worker]!.inFlightOwn;
    let lost = 0;
    for (let slot = 0; slot < MAX_TARGETS; slot++) {
      const count = own[slot]!;
      if (count === 0) continue;
      Atomics.sub(this.inFlight, slot, count);
      own[slot] = 0;
      lost += count;
    }
    // Its open requests will not finish: count them as finished.
    const counters = this.#columns[worker]!.workerCounters;
    counters[WORKER_FIELD.get("finished")!] = counters[WORKER_FIELD.get("requests")!]!;
    // Its sockets were closed with it, or hang with it.
    counters[WORKER_FIELD.get("openConnections")!] = counters[WORKER_FIELD.get("idleConnections")!] = 0;
    loseConnections(this.#columns[worker]!.clients);
    return lost;
  }

  // --- readers: sums over workers; for stats and scrapes, not for the request path --------------------------------

  targetCounter(slot: number, name: TargetCounter): number {
    const at = slot * TARGET_COUNTERS.length + TARGET_FIELD.get(name)!;
    const highest = name === "totalMaxMicros" || name === "ttfbMaxMicros";
    let result = 0;
    for (const { counters } of this.#columns) {
      result = highest ? Math.max(result, counters[at]!) : result + counters[at]!;
    }
    return result;
  }

  ruleCounter(slot: number, name: RuleCounter): number {
    const at = slot * RULE_COUNTERS.length + RULE_FIELD.get(name)!;
    return this.#columns.reduce((sum, { ruleCounters }) => sum + ruleCounters[at]!, 0);
  }

  workerCounter(name: WorkerCounter, worker?: number): number {
    const at = WORKER_FIELD.get(name)!;
    if (worker !== undefined) return this.#columns[worker]!.workerCounters[at]!;
    return this.#columns.reduce((sum, { workerCounters }) => sum + workerCounters[at]!, 0);
  }

  /** Connections to targets over all workers, as far as they are known: with an exchange, and without. */
  connections(): { readonly active: number; readonly idle: number } {
    // Read one after another while workers go on: what was taken in between must not make a number negative.
    const idle = Math.max(0, this.workerCounter("idleConnections"));
    return { active: Math.max(0, this.workerCounter("openConnections") - idle), idle };
  }

  /** What was counted of client connections; nothing with the engine `serve`. */
  clients(): ClientTotals {
    return sumClients(this.#columns.map(({ clients }) => clients));
  }

  /** Clients' connections that are open over all workers, those whose TLS handshake is under way among them. */
  clientsHeld(): number {
    return this.#columns.reduce((sum, { clients }) => sum + heldConnections(clients), 0);
  }

  reasonCount(reason: Reason): number {
    const at = WORKER_COUNTERS.length + reasonIndex(reason);
    return this.#columns.reduce((sum, { workerCounters }) => sum + workerCounters[at]!, 0);
  }

  /** Adds a target's latency buckets, over all workers, onto `into` (LATENCY_BUCKETS long). */
  addHistogram(slot: number, which: "ttfb" | "total", into: Float64Array, at = 0): void {
    for (const column of this.#columns) {
      const from = which === "ttfb" ? column.ttfbHistogram : column.totalHistogram;
      for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
        into[at + bucket]! += from[slot * LATENCY_BUCKETS + bucket]!;
      }
    }
  }

  /**
   * What a worker last said of itself: a heartbeat that grows while its event loop turns, and its snapshot's
   * generation.
   */
  life(worker: number): { heartbeat: number; generation: number } {
    const { life } = this.#columns[worker]!;
    return { heartbeat: Atomics.load(life, LIFE_HEARTBEAT), generation: Atomics.load(life, LIFE_GENERATION) };
  }

  // --- request path ---------------------------------------------------------------------------------------------

  /**
   * Takes the next turn of a cycle of `length` that all threads share: 0, 1, ... length-1, 0, ... each exactly once a
   * cycle. A compare-and-set rather than an ever-growing counter: no jump where 32 bits wrap.
   */
  nextTurn(cursor: number, length: number): number {
    for (;;) {
      const seen = Atomics.load(this.cursors, cursor);
      const turn = seen < length ? seen : 0;
      if (Atomics.compareExchange(this.cursors, cursor, seen, turn + 1) === seen) return turn;
    }
  }

  /** The position in a group's cycle, for algorithms with a cycle of their own; a value beyond its length means 0. */
  turnAt(cursor: number): number {
    return Atomics.load(this.cursors, cursor);
  }

  /** Moves a group's cycle from `seen`, which `turnAt` returned, to `next`; false if another thread moved it first. */
  moveTurn(cursor: number, seen: number, next: number): boolean {
    return Atomics.compareExchange(this.cursors, cursor, seen, next) === seen;
  }

  /** Takes a live TTFB into the average: weight 1 - e^(-dt / 10 s), so that the rate of requests does not matter. */
  recordTtfb(slot: number, micros: number, nowMs: number): void {
    const before = this.ttfbAtMs[slot]!;
    const average = this.ttfbMicros[slot]!;
    if (before === 0) {
      this.ttfbMicros[slot] = micros;
    } else {
      // Never less than a hundredth, so that a burst within one millisecond counts too.
      const weight = Math.max(0.01, 1 - Math.exp((before - nowMs) / LATENCY_TIME_CONSTANT_MS));
      this.ttfbMicros[slot] = average + (micros - average) * weight;
    }
    this.ttfbAtMs[slot] = nowMs;
  }
}

function fillRow(array: Float64Array | Uint32Array, slot: number, width: number): void {
  array.fill(0, slot * width, (slot + 1) * width);
}
