import type { CloseCause } from "../../state/client_column.ts";
import type { TargetTable } from "../../state/target_table.ts";
import { type LatencySummary, summarizeLatency } from "../stats/latency_summary.ts";

/** What was counted of clients' connections, over all workers. Only the engine `wire` knows them. */
export interface ClientReading {
  readonly active: number;
  /** Connections that wait for their next request. */
  readonly idle: number;
  readonly accepted: number;
  readonly closed: Readonly<Record<CloseCause, number>>;
  /** Requests of closed connections: how many connections had how many, by `REQUESTS_BOUNDS`. */
  readonly requests: Float64Array;
  readonly closedRequests: number;
  /** Request heads that were read whole, in bytes. */
  readonly headBytes: number;
  /** From a head's first byte to its end, by latency bucket. */
  readonly headTimes: Float64Array;
  readonly headSumMicros: number;
  readonly headTime: LatencySummary;
  readonly handshakes: HandshakeReading;
}

/** What was counted of clients' TLS handshakes. */
export interface HandshakeReading {
  /** Under way, those that hang among them: the platform can't close these. */
  readonly pending: number;
  /** Done, by the protocol that was agreed on. */
  readonly http1: number;
  readonly http2: number;
  readonly failed: number;
  /** Not done within LISTENER_TLS_HANDSHAKE_TIMEOUT. */
  readonly timedOut: number;
}

/** Sums the counters of clients' connections over all workers. */
export function readClients(table: TargetTable): ClientReading {
  const { count, closed, headTimes, requests } = table.clients();
  const idle = count("idle");
  const headSumMicros = count("headSumMicros");
  return {
    active: Math.max(0, count("open") - idle),
    idle,
    accepted: count("accepted"),
    closed,
    requests,
    closedRequests: count("closedRequests"),
    headBytes: count("headBytes"),
    headTimes,
    headSumMicros,
    headTime: summarizeLatency(headTimes, headSumMicros, count("headMaxMicros")),
    handshakes: {
      pending: count("handshakesPending"),
      http1: count("handshakesHttp1"),
      http2: count("handshakesHttp2"),
      failed: count("handshakesFailed"),
      timedOut: count("handshakesTimedOut"),
    },
  };
}

/** Computes how many requests a connection had on average, of those that are closed; null before the first. */
export function requestsPerConnection({ closedRequests, requests }: ClientReading): number | null {
  const closed = requests.reduce((sum, count) => sum + count, 0);
  return closed === 0 ? null : Math.round(closedRequests / closed * 10) / 10;
}
