import type { Carver } from "./carver.ts";
import { LATENCY_BUCKETS, latencyBucket } from "./slot_layout.ts";

/** Why a client's connection was closed: each has exactly one cause. */
export const CLOSE_CAUSES = [
  /** The client closed or reset it. */
  "client",
  /** sluice closed it behind a response that said so (`Connection: close`, HTTP/1.0), or behind a tunnel. */
  "response",
  /** An exchange broke after its response had begun, so that only a close could tell the client. */
  "cut",
  /** LISTENER_HEAD_TIMEOUT. */
  "head_timeout",
  /** LISTENER_IDLE_TIMEOUT. */
  "idle_timeout",
  /** LISTENER_BODY_TIMEOUT. */
  "body_timeout",
  /** LISTENER_WRITE_TIMEOUT. */
  "write_timeout",
  /** A head that breaks a rule of HTTP/1.1 or a limit (400, 414, 431, 501 or 505), or a frame that breaks HTTP/2. */
  "bad_request",
  /** A client of HTTP/2 that made too much work for nothing. */
  "flood",
  /** Closed to make room: LISTENER_MAX_CONNECTIONS, or no file descriptor was left. */
  "max_connections",
  /** LISTENER_MAX_CONNECTIONS_PER_CLIENT. */
  "max_connections_per_client",
  /** No PROXY header, a malformed one, or one from a peer that is not in TRUSTED_PROXIES. */
  "proxy_protocol",
  "shutdown",
  /** Its worker crashed or hung. */
  "worker_lost",
] as const;

/** Why a client's connection was closed. */
export type CloseCause = typeof CLOSE_CAUSES[number];

/** Counters of client connections in one worker's column, before the causes; the first two are what is there now. */
const CLIENT_COUNTERS = [
  /** Open connections. */
  "open",
  /** Open connections that wait for their next request. */
  "idle",
  "accepted",
  /** Requests of connections that are closed. */
  "closedRequests",
  /** Bytes of request heads that were read whole. */
  "headBytes",
  /** From a head's first byte to its end; 0 if it came at once. */
  "headSumMicros",
  "headMaxMicros",
  /** TLS handshakes under way, and those that ended, by how. */
  "handshakesPending",
  "handshakesHttp1",
  "handshakesHttp2",
  "handshakesFailed",
  "handshakesTimedOut",
] as const;

/** How a TLS handshake ended. */
export type HandshakeEnd = "handshakesHttp1" | "handshakesHttp2" | "handshakesFailed" | "handshakesTimedOut";

/** A counter of client connections. */
export type ClientCounter = typeof CLIENT_COUNTERS[number];

/** Upper bounds of the numbers of requests that closed connections had; a last bucket holds all above. */
export const REQUESTS_BOUNDS: readonly number[] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000];

/** One worker's numbers of client connections, in the shared memory. Only the engine `wire` knows them. */
export interface ClientArea {
  /** By {@linkcode CLIENT_COUNTERS}, then by {@linkcode CLOSE_CAUSES}. */
  readonly counters: Float64Array;
  /** Times of heads, by latency bucket. */
  readonly headTimes: Uint32Array;
  /** Requests of closed connections, by {@linkcode REQUESTS_BOUNDS}. */
  readonly requests: Uint32Array;
}

const CLIENT_FIELD = new Map<ClientCounter, number>(CLIENT_COUNTERS.map((name, index) => [name, index]));
const CAUSE_FIELD = new Map<CloseCause, number>(
  CLOSE_CAUSES.map((name, index) => [name, CLIENT_COUNTERS.length + index]),
);

const OPEN = CLIENT_FIELD.get("open")!;
const IDLE = CLIENT_FIELD.get("idle")!;
const ACCEPTED = CLIENT_FIELD.get("accepted")!;
const CLOSED_REQUESTS = CLIENT_FIELD.get("closedRequests")!;
const HEAD_BYTES = CLIENT_FIELD.get("headBytes")!;
const HEAD_SUM = CLIENT_FIELD.get("headSumMicros")!;
const HEAD_MAX = CLIENT_FIELD.get("headMaxMicros")!;
const HANDSHAKES = CLIENT_FIELD.get("handshakesPending")!;

/** The writing end of one worker's numbers of client connections. Nothing here allocates. */
export class ClientColumn {
  readonly #own: ClientArea;
  readonly #isOver: () => boolean;

  /** @param isOver Tells whether another thread has this worker's place now. */
  constructor(own: ClientArea, isOver: () => boolean) {
    this.#own = own;
    this.#isOver = isOver;
  }

  /** A connection was accepted. */
  opened(): void {
    if (this.#isOver()) return;
    const { counters } = this.#own;
    counters[ACCEPTED]! += 1;
    counters[OPEN]! += 1;
  }

  /** A connection begins to wait for its next request (1), or waits no more (-1). */
  idle(by: 1 | -1): void {
    if (!this.#isOver()) this.#own.counters[IDLE]! += by;
  }

  /** A head was read whole: its bytes, and the time from its first byte to its end, 0 if it came at once. */
  headRead(bytes: number, micros: number): void {
    const { counters, headTimes } = this.#own;
    counters[HEAD_BYTES]! += bytes;
    headTimes[micros === 0 ? 0 : latencyBucket(micros)]! += 1;
    if (micros === 0) return;
    counters[HEAD_SUM]! += micros;
    if (micros > counters[HEAD_MAX]!) counters[HEAD_MAX] = micros;
  }

  /** A TLS handshake begins (1), or its connection is free again (-1). */
  handshaking(by: 1 | -1): void {
    if (!this.#isOver()) this.#own.counters[HANDSHAKES]! += by;
  }

  /** A TLS handshake ended, or was given up. */
  shookHands(end: HandshakeEnd): void {
    if (!this.#isOver()) this.#own.counters[CLIENT_FIELD.get(end)!]! += 1;
  }

  /** A connection that had so many requests was closed. */
  closed(requests: number, cause: CloseCause): void {
    if (this.#isOver()) return;
    const { counters, requests: buckets } = this.#own;
    counters[OPEN]! -= 1;
    counters[CLOSED_REQUESTS]! += requests;
    counters[CAUSE_FIELD.get(cause)!]! += 1;
    buckets[requestsBucket(requests)]! += 1;
  }
}

/** Connections of a worker that are open, those whose handshake is under way among them. */
export function heldConnections({ counters }: ClientArea): number {
  return counters[OPEN]! + counters[HANDSHAKES]!;
}

/** Counts the connections of a worker that is gone as closed. */
export function loseConnections({ counters }: ClientArea): void {
  counters[CAUSE_FIELD.get("worker_lost")!]! += Math.max(0, counters[OPEN]!);
  counters[OPEN] = counters[IDLE] = counters[HANDSHAKES] = 0;
}

function requestsBucket(requests: number): number {
  let bucket = 0;
  while (bucket < REQUESTS_BOUNDS.length && requests > REQUESTS_BOUNDS[bucket]!) bucket++;
  return bucket;
}

/** What was counted of client connections, over all workers. */
export interface ClientTotals {
  readonly count: (name: ClientCounter) => number;
  readonly closed: Readonly<Record<CloseCause, number>>;
  /** By latency bucket. */
  readonly headTimes: Float64Array;
  /** By {@linkcode REQUESTS_BOUNDS}. */
  readonly requests: Float64Array;
}

/** Sums up the areas of all workers. */
export function sumClients(areas: readonly ClientArea[]): ClientTotals {
  const counters = new Float64Array(CLIENT_COUNTERS.length + CLOSE_CAUSES.length);
  const headTimes = new Float64Array(LATENCY_BUCKETS);
  const requests = new Float64Array(REQUESTS_BOUNDS.length + 1);
  for (const area of areas) {
    area.counters.forEach((count, at) => {
      counters[at] = at === HEAD_MAX ? Math.max(counters[at]!, count) : counters[at]! + count;
    });
    area.headTimes.forEach((count, bucket) => headTimes[bucket]! += count);
    area.requests.forEach((count, bucket) => requests[bucket]! += count);
  }
  return {
    // Workers go on while their numbers are read: what changed in between must not make one negative.
    count: (name) => Math.max(0, counters[CLIENT_FIELD.get(name)!]!),
    closed: Object.fromEntries(CLOSE_CAUSES.map((cause) => [cause, counters[CAUSE_FIELD.get(cause)!]!])) as Record<
      CloseCause,
      number
    >,
    headTimes,
    requests,
  };
}

/** Lays out one worker's numbers of client connections. */
export function carveClients(carver: Carver): ClientArea {
  return {
    counters: carver.float64(CLIENT_COUNTERS.length + CLOSE_CAUSES.length),
    headTimes: carver.uint32(LATENCY_BUCKETS),
    requests: carver.uint32(REQUESTS_BOUNDS.length + 1),
  };
}
