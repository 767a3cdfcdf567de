import { hasNoBody, shortestLength } from "../http1/framing.ts";
import { isIdempotent } from "../http1/methods.ts";
import type { TargetSnapshot } from "../state/group_snapshot.ts";
import type { Reason } from "../state/reason.ts";
import type { WorkerColumn } from "../state/worker_column.ts";
import type { Clock } from "../time/clock.ts";
import { type DeadlineWheel, TICK_MS } from "../time/deadline.ts";
import type { Exchange } from "./exchange.ts";
import { targetHost } from "./headers/forwarded_headers.ts";
import { Failure, failureOf, NOT_OF_THE_TARGET } from "./gateway_error.ts";
import { connectionOptions, isHopByHop } from "../http1/hop_by_hop.ts";
import { type ForwardLimits, OpenExchange } from "./open_exchange.ts";
import { answerWithBody } from "./bodies/response_body.ts";
import { decideRetry, MOST_TARGETS } from "./retry_policy.ts";
import { discardBody, NO_CONNECT, type Transport, type UpstreamResponse } from "./transport.ts";

/** The target group as the forwarder sees it. */
export interface ForwardGroup {
  readonly preserveHost: boolean;
  /** False until a name of the group has resolved. */
  readonly resolved: boolean;
  /** Chooses a target that was not tried yet; null where none is eligible. */
  choose(exchange: Exchange, tried: readonly TargetSnapshot[] | null): TargetSnapshot | null;
  /** Path and query as this target gets them. */
  pathFor(exchange: Exchange, target: TargetSnapshot): string;
}

/** What a forwarder works with: one a thread. */
export interface ForwarderParts {
  readonly transport: Transport;
  readonly wheel: DeadlineWheel;
  readonly column: WorkerColumn;
  readonly clock: Clock;
  /** Makes an answer of sluice's own. */
  refuse(exchange: Exchange, reason: Reason): Response;
  /** Reports what should never happen, and answers. */
  broken(exchange: Exchange, error: unknown): Response;
  /** Reports what should never happen where nobody waits for an answer any more. */
  report(exchange: Exchange, error: unknown): void;
  /** A connection could not be made; `consecutive` counts over all workers. */
  connectionFailed(target: TargetSnapshot, consecutive: number, detail: string): void;
}

/** Takes exchanges to targets: attempts, fail-over, deadline, and the way back. */
export class Forwarder {
  readonly #parts: ForwarderParts;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /**
   * Forwards an exchange. Resolves with the target's answer, or with one of sluice's own where there is none.
   * One function and not several: each `async` layer costs a request a promise and several turns of the microtask queue.
   *
   * @param headers The target's request headers, the transport's preamble first; changed by this call.
   */
  async forward(
    exchange: Exchange,
    group: ForwardGroup,
    options: { headers: [string, string][]; limits: ForwardLimits; ownConnection: boolean },
  ): Promise<Response> {
    let target = group.choose(exchange, null);
    if (target === null) return this.#parts.refuse(exchange, group.resolved ? "no_target" : "dns_failed");
    const { column, clock, transport } = this.#parts;
    const { headers, limits, ownConnection } = options;
    let startedMs = clock.monotonicMs();
    const open = new OpenExchange(exchange, this.#parts, { limits, nowMs: startedMs });
    if (open.body !== null) {
      const missing = await open.body.arrive();
      if (missing !== null) return this.#refuse(open, failureOf(open.over, missing).reason);
      const nowMs = clock.monotonicMs();
      // Who was chosen before a client that took its time may be out by now.
      if (nowMs - startedMs > TICK_MS) target = group.choose(exchange, null);
      if (target === null) return this.#refuse(open, "no_target");
      startedMs = nowMs;
    }
    let tried: TargetSnapshot[] | null = null;
    let retriesUsed = 0;
    try {
      for (;;) {
        exchange.target = target;
        exchange.heldSlot = target.slot;
        column.enter(target.slot);
        column.count(target.slot, "attempts");
        if (tried !== null) column.count(target.slot, "retries");
        headers[0]![1] = targetHost(target, group.preserveHost, exchange.host);
        let failure: Failure | null = null;
        let upstream: UpstreamResponse | null = null;
        open.connectMicros = NO_CONNECT;
        const body = open.body === null ? null : open.body.next(this.#isLast(open, target, retriesUsed));
        if (body instanceof Failure) {
          failure = body;
        } else {
          try {
            upstream = await transport.send({
              target,
              method: exchange.method,
              path: group.pathFor(exchange, target),
              headers,
              body,
              bodyLength: exchange.bodyLength,
              ownConnection,
              connectTimeoutMs: limits.connectTimeoutMs,
              cancellation: open,
            });
          } catch (error) {
            failure = transport.failure(error);
          }
        }
        const nowMs = clock.monotonicMs();
        const micros = (nowMs - startedMs) * 1000;
        if (failure === null) {
          exchange.attempted({ target, reason: null, detail: null, micros, connectMicros: open.connectMicros });
          exchange.ttfbMicros = micros;
          exchange.pinToTarget();
          column.answered(target.slot, upstream!.status, micros, nowMs);
          return await this.#answer(open, upstream!);
        }
        failure = failureOf(open.over, failure);
        const { connectMicros } = open;
        exchange.attempted({ target, reason: failure.reason, detail: failure.detail, micros, connectMicros });
        this.#release(exchange, target, failure);
        const next = this.#nextTarget(open, group, { failure, tried: tried ??= [], retriesUsed });
        if (next instanceof Failure) return this.#refuse(open, next.reason);
        if (!failure.nothingSent) retriesUsed++;
        target = next;
        startedMs = nowMs;
      }
    } catch (error) {
      open.abort();
      open.close();
      return this.#parts.broken(exchange, error);
    }
  }

  /** Ends an exchange with an answer of sluice's own. */
  #refuse(open: OpenExchange, reason: Reason): Response {
    const response = this.#parts.refuse(open.exchange, reason);
    // What is left of the body, if it comes, is no next request (RFC 9112 section 9.6).
    if (open.body !== null && !open.body.ended && !asksToClose(open.exchange)) {
      response.headers.set("connection", "close");
    }
    open.close();
    return response;
  }

  /** Whether no attempt can follow this one once its target is sent some of the body. */
  #isLast({ exchange, limits }: OpenExchange, target: TargetSnapshot, retriesUsed: number): boolean {
    if (!this.#parts.transport.connectsFirst(target)) return false;
    return retriesUsed >= limits.retryAttempts || !isIdempotent(exchange.method);
  }

  /** The target of another attempt, or the failure that the exchange ends with. Adds the last one to `tried`. */
  #nextTarget(
    open: OpenExchange,
    group: ForwardGroup,
    last: { failure: Failure; tried: TargetSnapshot[]; retriesUsed: number },
  ): TargetSnapshot | Failure {
    const { exchange } = open;
    const { failure, tried, retriesUsed } = last;
    const decision = decideRetry(failure, {
      method: exchange.method,
      retriesUsed,
      retriesAllowed: open.limits.retryAttempts,
      bodySpent: open.body !== null && open.body.spent,
    });
    if (!decision.retry || open.over !== null) return failure;
    tried.push(exchange.target!);
    const other = tried.length < MOST_TARGETS ? group.choose(exchange, tried) : null;
    if (failure.nothingSent) return other ?? allRefused(exchange) ?? failure;
    return other ?? exchange.target!;
  }

  /** An attempt ended without an answer: the target holds nothing any more, and is blamed for what is its own. */
  #release(exchange: Exchange, target: TargetSnapshot, failure: Failure): void {
    const { column } = this.#parts;
    column.leave(target.slot);
    exchange.heldSlot = -1;
    if (NOT_OF_THE_TARGET.has(failure.reason)) return;
    if (failure.reason === "client_closed") return column.count(target.slot, "leftByClient");
    column.count(target.slot, "noAnswer");
    if (failure.nothingSent) this.#parts.connectionFailed(target, column.connectFailed(target.slot), failure.detail);
  }

  #answer(open: OpenExchange, upstream: UpstreamResponse): Response | Promise<Response> {
    const { exchange } = open;
    open.body?.forgetKept();
    const announced = upstream.headers.get("content-length");
    const length = announced === null ? -1 : Number(announced);
    // Deno.serve can't frame a 205 (it sends neither a length nor a close, and clients wait for ever): 204 says the same of
    // the body, which there is none of.
    const status = upstream.status === 205 ? 204 : upstream.status;
    exchange.status = status;
    if (upstream.body === null || hasNoBody(status, exchange.method)) {
      open.close();
      discardBody(upstream);
      // Deno.serve adds `Content-Length: 0` to an answer without a body, which says something else than the target's HEAD
      // answer without a length did; to an empty stream it adds none.
      const body = exchange.method === "HEAD" && length < 0 && !hasNoBody(status, "GET") ? emptyStream() : null;
      return respond(exchange, upstream, body);
    }
    if (upstream.body instanceof Uint8Array) {
      open.close();
      exchange.responseBytes = upstream.body.length;
      return respond(exchange, upstream, upstream.body);
    }
    open.limitIdle();
    return answerWithBody(upstream.body, length, {
      context: open,
      answer: (body) => respond(exchange, upstream, body),
    });
  }
}

/** The client says itself that its connection closes, and the platform repeats that to it. */
function asksToClose({ request }: Exchange): boolean {
  return (request.headers.get("connection") ?? "").toLowerCase().includes("close");
}

function emptyStream(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.close() }, { highWaterMark: 0 });
}

/**
 * Makes the answer: the target's headers as they came, but for the hop-by-hop ones, those that `Connection` listed, and a
 * length where none may be; then sluice's own.
 *
 * They are appended to an answer that was made without any: of headers given to the constructor the platform builds its
 * native form at once, registers that for finalization, and throws it away as soon as somebody touches them (2.5 us a
 * request, docs/performance.md).
 */
function respond(exchange: Exchange, upstream: UpstreamResponse, body: BodyInit | null): Response {
  const { status } = exchange;
  const response = new Response(body, { status });
  const { headers } = response;
  const listed = connectionOptions(upstream.headers.get("connection"));
  upstream.headers.forEach((value, name) => {
    if (isHopByHop(name) || (listed !== null && listed.has(name))) return;
    if (name !== "content-length") headers.append(name, value);
    else if (status !== 204) headers.append(name, shortestLength(value));
  });
  for (const [name, value] of exchange.extraResponseHeaders ?? NONE) headers.append(name, value);
  exchange.forgetRequest();
  return response;
}

const NONE: readonly [string, string][] = [];

/** Two or more were tried and every one refused the connection. */
export function allRefused(exchange: Exchange): Failure | null {
  if (exchange.attempts.length < 2 || exchange.attempts.some((attempt) => attempt.reason !== "connect_refused")) {
    return null;
  }
  return new Failure("all_targets_refused", `${exchange.attempts.length} targets refused the connection`);
}
