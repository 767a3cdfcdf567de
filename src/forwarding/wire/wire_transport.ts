import type { UpstreamReuse } from "../../config/model.ts";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Clock } from "../../time/clock.ts";
import { ByteSlab } from "./byte_slab.ts";
import type { DeadlineWheel } from "../../time/deadline.ts";
import { completeForFetch, fetchPreamble, FetchTransport } from "../fetch/fetch_transport.ts";
import { Failure } from "../gateway_error.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "../transport.ts";
import { WireExchange, type WireShared } from "./wire_exchange.ts";
import { WirePool } from "./wire_pool.ts";

/** What a wire transport works with. */
export interface WireParts {
  readonly clock: Clock;
  /** Ticks for a body that does not come with its head, and for a connection that does not come. */
  readonly wheel: DeadlineWheel;
  /** Where connections are counted. */
  readonly column: WorkerColumn;
  /** UPSTREAM_REUSE. */
  readonly reuse: UpstreamReuse;
  /** Hears of failures of `fetch` that nobody foresaw, of each kind once. */
  readonly unknownFailure?: (text: string) => void;
}

/**
 * Speaks HTTP/1.1 to plain-HTTP targets on sockets of its own: methods, paths, headers and bodies reach them byte for byte, and
 * whatever is ambiguous in what they answer is refused (RFC 9112). Targets of `https://` are spoken to by `fetch`.
 */
export class WireTransport implements Transport {
  readonly #pool: WirePool;
  readonly #shared: WireShared;
  readonly #unknownFailure: WireParts["unknownFailure"];
  #fetch: FetchTransport | null = null;

  constructor({ clock, wheel, column, reuse, unknownFailure }: WireParts) {
    this.#unknownFailure = unknownFailure;
    this.#pool = new WirePool(clock, column);
    this.#shared = {
      shareAll: reuse === "always",
      slab: new ByteSlab(),
      nextTick: (run) => nextTickOf(wheel, run),
      after: (delayMs, run) => deadlineOf(wheel, { delayMs, nowMs: clock.monotonicMs() }, run),
    };
  }

  send(request: UpstreamRequest): Promise<UpstreamResponse> {
    if (request.target.scheme === "https") return this.#sendByFetch(request);
    return new Promise((resolve, reject) => {
      const parts = { pool: this.#pool.of(request.target), shared: this.#shared };
      new WireExchange(request, parts, { resolve, reject }).start();
    });
  }

  connectsFirst({ scheme }: TargetSnapshot): boolean {
    return scheme === "http";
  }

  failure(error: unknown): Failure {
    if (error instanceof Failure) return error;
    return this.#fetch === null ? new Failure("bad_response", String(error)) : this.#fetch.failure(error);
  }

  preamble(): [string, string][] {
    return [["host", ""]];
  }

  complete(): void {
    // Nothing is invented, so nothing has to stand for what is not there.
  }

  close(): void {
    this.#pool.close();
    this.#fetch?.close();
  }

  #sendByFetch(request: UpstreamRequest): Promise<UpstreamResponse> {
    this.#fetch ??= new FetchTransport(this.#unknownFailure);
    return this.#fetch.send({ ...request, headers: headersForFetch(request.headers) });
  }
}

/**
 * Makes headers that were meant for a plain socket, `host` first, fit for `fetch`: with what it wants in front and at the end.
 */
export function headersForFetch(headers: readonly [string, string][]): [string, string][] {
  const pairs = fetchPreamble();
  pairs[0] = headers[0]!;
  let userAgent = false;
  for (let i = 1; i < headers.length; i++) {
    const pair = headers[i]!;
    if (pair[0] === "user-agent") userAgent = true;
    pairs.push(pair);
  }
  completeForFetch(pairs, { userAgent });
  return pairs;
}

/** Calls `run` at the wheel's next tick; returns how to take that back. */
function nextTickOf(wheel: DeadlineWheel, run: () => void): () => void {
  const watch = wheel.watch(0, wheel.nowMs, ignore);
  watch.onTick = () => {
    wheel.close(watch);
    run();
  };
  return () => wheel.close(watch);
}

/**
 * Calls `run` one tick after the delay is over; returns how to take that back. In between the event loop turns: what came
 * while it was held up is heard first.
 */
function deadlineOf(wheel: DeadlineWheel, at: { delayMs: number; nowMs: number }, run: () => void): () => void {
  let cancelTick = ignore;
  const watch = wheel.watch(at.delayMs, at.nowMs, () => {
    // When the shutdown's patience is over, the exchange's own watch ends it.
    if (!wheel.closing) cancelTick = nextTickOf(wheel, run);
  });
  return () => {
    wheel.close(watch);
    cancelTick();
  };
}

function ignore(): void {}
