import { Carver } from "./carver.ts";
import { type Reason, REASON_NAMES, reasonIndex } from "./reason.ts";
import {
  LATENCY_BUCKETS,
  latencyBucket,
  MAX_GROUPS,
  MAX_RULES,
  MAX_TARGETS,
  RULE_COUNTERS,
  type RuleCounter,
  TARGET_COUNTERS,
  type TargetCounter,
  WORKER_COUNTERS,
  type WorkerCounter,
} from "./slot_layout.ts";

/** Time constant of the latency average, in milliseconds: a sample this old weighs 1/e. */
export const LATENCY_TIME_CONSTANT_MS = 10_000;

const HEADER_BYTES = 64;
const REASON_COUNT = REASON_NAMES.length;
const WORKER_FIELDS = WORKER_COUNTERS.length + REASON_COUNT;

/** One worker's numbers. */
interface Column {
  readonly inFlightOwn: Int32Array;
  readonly counters: Float64Array;
  readonly ruleCounters: Float64Array;
  readonly workerCounters: Float64Array;
  readonly ttfbHistogram: Uint32Array;
  readonly totalHistogram: Uint32Array;
  readonly life: Int32Array;
}

const LIFE_HEARTBEAT = 0;
const LIFE_GENERATION = 1;
/** Grows with each thread that is given up: whoever has an older number writes no more. */
const LIFE_TERM = 2;

const TARGET_FIELD = new Map(TARGET_COUNTERS.map((name, index) => [name, index]));
const RULE_FIELD = new Map(RULE_COUNTERS.map((name, index) => [name, index]));
const WORKER_FIELD = new Map(WORKER_COUNTERS.map((name, index) => [name, index]));

/**
 * The only reader and writer of the shared memory. Each thread opens its own over the same buffer; a worker writes its
 * counters through {@linkcode TargetTable.column}.
 */
export class TargetTable {
  readonly buffer: SharedArrayBuffer;
  readonly workers: number;
  /** [0]: grows whenever any target's flags changed or a snapshot was made, so that candidate lists know they are stale. */
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
    this.workers = workers;
    const carver = new Carver(buffer);
    carver.offset = HEADER_BYTES;
    this.epoch = carver.int32(2);
    this.cursors = carver.int32(MAX_GROUPS);
    this.flags = carver.int32(MAX_TARGETS);
    this.inFlight = carver.int32(MAX_TARGETS);
    this.consecutiveFailures = carver.int32(MAX_TARGETS);
    this.ttfbMicros = carver.float64(MAX_TARGETS);
    this.ttfbAtMs = carver.float64(MAX_TARGETS);
    this.probeMicros = carver.float64(MAX_TARGETS);
    this.#columns = Array.from({ length: workers }, () => carveColumn(carver));
  }

  /** Makes the memory for a number of workers. */
  static create(workers: number): TargetTable {
    const measure = new Carver(null);
    measure.offset = HEADER_BYTES;
    measure.int32(2);
    measure.int32(MAX_GROUPS);
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
    for (const column of this.#columns) fillRow(column.ruleCounters, slot, RULE_COUNTERS.length);
  }

  /**
   * Takes back what a worker that died still had in flight. Returns how many exchanges that were. A thread that hung may come
   * back for a turn after it was replaced: from here on it finds its term over, and leaves its successor's numbers alone.
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
    // Its requests will not finish any more: what arrived is what finished.
    const counters = this.#columns[worker]!.workerCounters;
    counters[WORKER_FINISHED] = counters[WORKER_REQUESTS]!;
    // Its sockets went with it.
    counters[WORKER_OPEN_CONNECTIONS] = counters[WORKER_IDLE_CONNECTIONS] = 0;
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

  reasonCount(reason: Reason): number {
    const at = WORKER_COUNTERS.length + reasonIndex(reason);
    return this.#columns.reduce((sum, { workerCounters }) => sum + workerCounters[at]!, 0);
  }

  /** Adds a target's latency buckets, over all workers, onto `into` (LATENCY_BUCKETS long). */
  addHistogram(slot: number, which: "ttfb" | "total", into: Float64Array): void {
    for (const column of this.#columns) {
      const from = which === "ttfb" ? column.ttfbHistogram : column.totalHistogram;
      for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) into[bucket]! += from[slot * LATENCY_BUCKETS + bucket]!;
    }
  }

  /** What a worker last said of itself: a heartbeat that grows while its event loop turns, and its snapshot's generation. */
  life(worker: number): { heartbeat: number; generation: number } {
    const { life } = this.#columns[worker]!;
    return { heartbeat: Atomics.load(life, LIFE_HEARTBEAT), generation: Atomics.load(life, LIFE_GENERATION) };
  }

  // --- request path ---------------------------------------------------------------------------------------------

  /**
   * Takes the next turn of a cycle of `length` that all threads share: 0, 1, ... length-1, 0, ... each exactly once a cycle.
   * A compare-and-set rather than an ever-growing counter: no jump where 32 bits wrap.
   */
  nextTurn(cursor: number, length: number): number {
    for (;;) {
      const seen = Atomics.load(this.cursors, cursor);
      const turn = seen < length ? seen : 0;
      if (Atomics.compareExchange(this.cursors, cursor, seen, turn + 1) === seen) return turn;
    }
  }

  /** Where a group's circle stands, for those who choose by more than turns; at or beyond their length means 0. */
  turnAt(cursor: number): number {
    return Atomics.load(this.cursors, cursor);
  }

  /** Moves a circle on from where `turnAt` saw it; false where another thread did so first. */
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

/** One worker's own numbers, and the shared ones that it changes with them. Nothing here allocates. */
export class WorkerColumn {
  readonly #table: TargetTable;
  readonly #own: Column;
  readonly #term: number;

  constructor(table: TargetTable, own: Column) {
    this.#table = table;
    this.#own = own;
    this.#term = Atomics.load(own.life, LIFE_TERM);
  }

  /** Another thread has this worker's place now. */
  #isOver(): boolean {
    return this.#own.life[LIFE_TERM] !== this.#term;
  }

  /** A request is handed to a target. */
  enter(slot: number): void {
    if (this.#isOver()) return;
    Atomics.add(this.#table.inFlight, slot, 1);
    this.#own.inFlightOwn[slot]! += 1;
  }

  /** The exchange with a target is over, however. Exactly once for each `enter`. */
  leave(slot: number): void {
    if (this.#isOver()) return;
    Atomics.sub(this.#table.inFlight, slot, 1);
    this.#own.inFlightOwn[slot]! -= 1;
  }

  count(slot: number, name: TargetCounter, by = 1): void {
    this.#own.counters[slot * TARGET_COUNTERS.length + TARGET_FIELD.get(name)!]! += by;
  }

  /** Response headers came: status class, TTFB, and an end to any run of connection failures. */
  answered(slot: number, status: number, ttfbMicros: number, nowMs: number): void {
    const row = slot * TARGET_COUNTERS.length;
    const { counters, ttfbHistogram } = this.#own;
    counters[row + STATUS_1XX + statusClass(status)]! += 1;
    counters[row + TTFB_SUM]! += ttfbMicros;
    if (ttfbMicros > counters[row + TTFB_MAX]!) counters[row + TTFB_MAX] = ttfbMicros;
    ttfbHistogram[slot * LATENCY_BUCKETS + latencyBucket(ttfbMicros)]! += 1;
    this.#table.recordTtfb(slot, ttfbMicros, nowMs);
    if (this.#table.consecutiveFailures[slot] !== 0) Atomics.store(this.#table.consecutiveFailures, slot, 0);
  }

  /** A connection could not be made; returns how many in a row that makes, over all workers. */
  connectFailed(slot: number): number {
    this.count(slot, "connectFailures");
    return Atomics.add(this.#table.consecutiveFailures, slot, 1) + 1;
  }

  /** A connection was made for an attempt. */
  connected(slot: number, micros: number): void {
    const row = slot * TARGET_COUNTERS.length;
    const { counters } = this.#own;
    counters[row + CONNECTS]! += 1;
    counters[row + CONNECT_SUM]! += micros;
  }

  /** So many connections to targets were opened, or closed where `by` is below 0. */
  connectionsOpen(by: number): void {
    if (!this.#isOver()) this.#own.workerCounters[WORKER_OPEN_CONNECTIONS]! += by;
  }

  /** So many open connections became idle, or are idle no more where `by` is below 0. Called twice for each request. */
  connectionsIdle(by: number): void {
    if (!this.#isOver()) this.#own.workerCounters[WORKER_IDLE_CONNECTIONS]! += by;
  }

  /** An exchange that had response headers is over. */
  exchanged(slot: number, totalMicros: number, requestBytes: number, responseBytes: number): void {
    const row = slot * TARGET_COUNTERS.length;
    const { counters, totalHistogram } = this.#own;
    counters[row + TOTAL_SUM]! += totalMicros;
    if (totalMicros > counters[row + TOTAL_MAX]!) counters[row + TOTAL_MAX] = totalMicros;
    counters[row + REQUEST_BYTES]! += requestBytes;
    counters[row + RESPONSE_BYTES]! += responseBytes;
    totalHistogram[slot * LATENCY_BUCKETS + latencyBucket(totalMicros)]! += 1;
  }

  /** A request arrived. */
  arrived(): void {
    if (this.#isOver()) return;
    this.#own.workerCounters[WORKER_REQUESTS]! += 1;
  }

  /** A request is over: its status (499 for a client that left), its rule's slot or -1, its reason and bytes. */
  finished(
    status: number,
    ruleSlot: number,
    { reason, requestBytes, responseBytes }: { reason: Reason | null; requestBytes: number; responseBytes: number },
  ): void {
    if (this.#isOver()) return;
    const { workerCounters, ruleCounters } = this.#own;
    const kind = statusClass(status);
    workerCounters[WORKER_FINISHED]! += 1;
    workerCounters[WORKER_STATUS_1XX + kind]! += 1;
    workerCounters[WORKER_REQUEST_BYTES]! += requestBytes;
    workerCounters[WORKER_RESPONSE_BYTES]! += responseBytes;
    if (reason !== null) workerCounters[WORKER_COUNTERS.length + reasonIndex(reason)]! += 1;
    if (ruleSlot >= 0) ruleCounters[ruleSlot * RULE_COUNTERS.length + kind]! += 1;
  }

  /** The event loop turns. */
  beat(): void {
    Atomics.add(this.#own.life, LIFE_HEARTBEAT, 1);
  }

  /** A snapshot is in use. */
  applied(generation: number): void {
    if (!this.#isOver()) Atomics.store(this.#own.life, LIFE_GENERATION, generation);
  }
}

const STATUS_1XX = TARGET_FIELD.get("status1xx")!;
const TTFB_SUM = TARGET_FIELD.get("ttfbSumMicros")!;
const TTFB_MAX = TARGET_FIELD.get("ttfbMaxMicros")!;
const TOTAL_SUM = TARGET_FIELD.get("totalSumMicros")!;
const TOTAL_MAX = TARGET_FIELD.get("totalMaxMicros")!;
const CONNECTS = TARGET_FIELD.get("connects")!;
const CONNECT_SUM = TARGET_FIELD.get("connectSumMicros")!;
const REQUEST_BYTES = TARGET_FIELD.get("requestBytes")!;
const RESPONSE_BYTES = TARGET_FIELD.get("responseBytes")!;
const WORKER_REQUESTS = WORKER_FIELD.get("requests")!;
const WORKER_FINISHED = WORKER_FIELD.get("finished")!;
const WORKER_STATUS_1XX = WORKER_FIELD.get("status1xx")!;
const WORKER_REQUEST_BYTES = WORKER_FIELD.get("requestBytes")!;
const WORKER_RESPONSE_BYTES = WORKER_FIELD.get("responseBytes")!;
const WORKER_OPEN_CONNECTIONS = WORKER_FIELD.get("openConnections")!;
const WORKER_IDLE_CONNECTIONS = WORKER_FIELD.get("idleConnections")!;

/** 0 for 1xx up to 4 for 5xx and beyond. */
function statusClass(status: number): number {
  const kind = (status / 100 | 0) - 1;
  return kind < 0 ? 0 : kind > 4 ? 4 : kind;
}

function carveColumn(carver: Carver): Column {
  return {
    inFlightOwn: carver.int32(MAX_TARGETS),
    counters: carver.float64(MAX_TARGETS * TARGET_COUNTERS.length),
    ruleCounters: carver.float64(MAX_RULES * RULE_COUNTERS.length),
    workerCounters: carver.float64(WORKER_FIELDS),
    ttfbHistogram: carver.uint32(MAX_TARGETS * LATENCY_BUCKETS),
    totalHistogram: carver.uint32(MAX_TARGETS * LATENCY_BUCKETS),
    life: carver.int32(16),
  };
}

function fillRow(array: Float64Array | Uint32Array, slot: number, width: number): void {
  array.fill(0, slot * width, (slot + 1) * width);
}
