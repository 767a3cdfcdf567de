import type { Carver } from "./carver.ts";
import { carveClients, type ClientArea, ClientColumn } from "./client_column.ts";
import { type Reason, REASON_NAMES, reasonIndex } from "./reason.ts";
import {
  LATENCY_BUCKETS,
  latencyBucket,
  MAX_RULES,
  MAX_TARGETS,
  RULE_COUNTERS,
  TARGET_COUNTERS,
  type TargetCounter,
  WORKER_COUNTERS,
} from "./slot_layout.ts";

const WORKER_FIELDS = WORKER_COUNTERS.length + REASON_NAMES.length;

/** One worker's numbers in the shared memory. */
export interface Column {
  readonly inFlightOwn: Int32Array;
  readonly counters: Float64Array;
  readonly ruleCounters: Float64Array;
  readonly workerCounters: Float64Array;
  readonly ttfbHistogram: Uint32Array;
  readonly totalHistogram: Uint32Array;
  readonly life: Int32Array;
  readonly clients: ClientArea;
}

/** Where in a column's `life` the heartbeat stands. */
export const LIFE_HEARTBEAT = 0;
/** Where the generation of the snapshot in use stands. */
export const LIFE_GENERATION = 1;
/** Grows with each thread that is given up: a thread with an older number must not write. */
export const LIFE_TERM = 2;

/** Where a counter stands in a target's row. */
export const TARGET_FIELD = new Map(TARGET_COUNTERS.map((name, index) => [name, index]));
/** Where a counter stands in a rule's row. */
export const RULE_FIELD = new Map(RULE_COUNTERS.map((name, index) => [name, index]));
/** Where a counter stands among a worker's own. */
export const WORKER_FIELD = new Map(WORKER_COUNTERS.map((name, index) => [name, index]));

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

/** What a column changes beside its worker's own numbers. */
export interface SharedNumbers {
  /** In flight over all workers, by slot. */
  readonly inFlight: Int32Array;
  /** Connection failures in a row, by slot. */
  readonly consecutiveFailures: Int32Array;
  /** Takes a time to the response headers into the average. */
  recordTtfb(slot: number, micros: number, nowMs: number): void;
}

/** One worker's own numbers, and the shared ones that it changes with them. Nothing here allocates. */
export class WorkerColumn {
  /** What is counted of client connections. */
  readonly clients: ClientColumn;
  readonly #table: SharedNumbers;
  readonly #own: Column;
  readonly #term: number;

  constructor(table: SharedNumbers, own: Column) {
    this.#table = table;
    this.#own = own;
    this.#term = Atomics.load(own.life, LIFE_TERM);
    this.clients = new ClientColumn(own.clients, () => this.#isOver());
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

/** 0 for 1xx up to 4 for 5xx and beyond. */
function statusClass(status: number): number {
  const kind = (status / 100 | 0) - 1;
  return kind < 0 ? 0 : kind > 4 ? 4 : kind;
}

/** Lays out one worker's numbers. */
export function carveColumn(carver: Carver): Column {
  return {
    inFlightOwn: carver.int32(MAX_TARGETS),
    counters: carver.float64(MAX_TARGETS * TARGET_COUNTERS.length),
    ruleCounters: carver.float64(MAX_RULES * RULE_COUNTERS.length),
    workerCounters: carver.float64(WORKER_FIELDS),
    ttfbHistogram: carver.uint32(MAX_TARGETS * LATENCY_BUCKETS),
    totalHistogram: carver.uint32(MAX_TARGETS * LATENCY_BUCKETS),
    life: carver.int32(16),
    clients: carveClients(carver),
  };
}
