import type { ListenerConfig } from "../config/model.ts";
import type { TargetSnapshot } from "../state/group_snapshot.ts";
import type { WorkerColumn } from "../state/target_table.ts";
import type { Clock } from "../time/clock.ts";
import type { DeadlineWheel, Watch } from "./deadline.ts";
import type { Exchange } from "./exchange.ts";
import { targetHost } from "./forwarded_headers.ts";
import { Failure } from "./gateway_error.ts";
import { connectionOptions, isHopByHop } from "./hop_by_hop.ts";
import { RequestBody } from "./request_body.ts";
import { responseBody } from "./response_body.ts";
import { decideRetry } from "./retry_policy.ts";
import type { Transport, UpstreamResponse } from "./transport.ts";

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
  /** A connection could not be made; `consecutive` counts over all workers. */
  connectionFailed(target: TargetSnapshot, consecutive: number, detail: string): void;
}

/** Limits of one exchange. */
export type ForwardLimits = Pick<
  ListenerConfig,
  "connectionTimeoutMs" | "streamIdleTimeoutMs" | "maxBodyBytes" | "retryAttempts"
>;

/** Statuses whose answers have no body, whatever their headers say. */
function hasNoBody(status: number, method: string): boolean {
  return status === 204 || status === 205 || status === 304 || method === "HEAD";
}

/** Takes exchanges to targets: attempts, fail-over, deadline, and the way back. */
export class Forwarder {
  readonly #parts: ForwarderParts;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /**
   * Forwards an exchange. Resolves with the target's answer, or with null where there is none and `exchange.reason` says why.
   *
   * @param headers The target's request headers but for `host`; changed by this call.
   */
  async forward(
    exchange: Exchange,
    group: ForwardGroup,
    options: { headers: [string, string][]; limits: ForwardLimits },
  ): Promise<Response | null> {
    const target = group.choose(exchange, null);
    if (target === null) {
      exchange.reason = group.resolved ? "no_target" : "dns_failed";
      return null;
    }
    const open = new OpenExchange(exchange, this.#parts, options.limits);
    try {
      const upstream = await this.#attempts(open, group, target, options.headers);
      if (upstream instanceof Failure) {
        open.close();
        exchange.reason = upstream.reason;
        return null;
      }
      return await this.#answer(open, upstream);
    } catch (error) {
      open.close();
      open.abort();
      throw error;
    }
  }

  async #attempts(
    open: OpenExchange,
    group: ForwardGroup,
    first: TargetSnapshot,
    headers: [string, string][],
  ): Promise<UpstreamResponse | Failure> {
    const { exchange } = open;
    const { column, clock, transport } = this.#parts;
    let target = first;
    let tried: TargetSnapshot[] | null = null;
    let retriesUsed = 0;
    headers.unshift(["host", ""]);
    for (;;) {
      exchange.target = target;
      exchange.heldSlot = target.slot;
      column.enter(target.slot);
      column.count(target.slot, "attempts");
      if (tried !== null) column.count(target.slot, "retries");
      headers[0]![1] = targetHost(target, group.preserveHost, exchange.host);
      const startedMs = clock.monotonicMs();
      const body = open.body === null ? null : await open.body.next();
      const result = body instanceof Failure ? body : await transport.send({
        target,
        method: exchange.method,
        path: group.pathFor(exchange, target),
        headers,
        body,
        bodyLength: exchange.bodyLength,
        signal: open.controller.signal,
      });
      const nowMs = clock.monotonicMs();
      const micros = (nowMs - startedMs) * 1000;
      const answered = result instanceof Failure ? result : refuseAnswer(result) ?? result;
      if (!(answered instanceof Failure)) {
        exchange.attempts.push({ target, reason: null, detail: null, micros });
        exchange.ttfbMicros = micros;
        column.answered(target.slot, answered.status, micros, nowMs);
        return answered;
      }
      const failure = open.over ?? answered;
      exchange.attempts.push({ target, reason: failure.reason, detail: failure.detail, micros });
      // Where the client did not bring its body, the target was not asked.
      this.#release(exchange, target, body instanceof Failure ? body : failure);
      const decision = decideRetry(failure, {
        method: exchange.method,
        retriesUsed,
        retriesAllowed: open.limits.retryAttempts,
        bodySpent: open.body !== null && open.body.spent,
      });
      if (!decision.retry || open.over !== null) return failure;
      (tried ??= []).push(target);
      const other = group.choose(exchange, tried);
      if (failure.nothingSent) {
        if (other === null) return allRefused(exchange) ?? failure;
        target = other;
      } else {
        retriesUsed++;
        target = other ?? target;
      }
    }
  }

  /** An attempt ended without an answer: the target holds nothing any more, and is blamed for what is its own. */
  #release(exchange: Exchange, target: TargetSnapshot, failure: Failure): void {
    const { column } = this.#parts;
    column.leave(target.slot);
    exchange.heldSlot = -1;
    if (failure.reason === "client_closed" || failure.reason === "body_too_large") {
      column.count(target.slot, "leftByClient");
      return;
    }
    column.count(target.slot, "noAnswer");
    if (failure.nothingSent) this.#parts.connectionFailed(target, column.connectFailed(target.slot), failure.detail);
  }

  async #answer(open: OpenExchange, upstream: UpstreamResponse): Promise<Response> {
    const { exchange } = open;
    open.body?.forgetKept();
    const pairs: [string, string][] = [];
    const length = responseHeaders(upstream, pairs);
    if (exchange.extraResponseHeaders !== null) pairs.push(...exchange.extraResponseHeaders);
    // Deno.serve can't frame a 205 (it sends neither a length nor a close, and clients wait for ever): 204 says the same of
    // the body, which there is none of.
    const status = upstream.status === 205 ? 204 : upstream.status;
    exchange.status = status;
    if (upstream.body === null || hasNoBody(status, exchange.method)) {
      open.close();
      upstream.body?.cancel().catch(() => {});
      // Deno.serve adds `Content-Length: 0` to an answer without a body, which says something else than the target's HEAD
      // answer without a length did; to an empty stream it adds none.
      const body = exchange.method === "HEAD" && length < 0 && !hasNoBody(status, "GET") ? emptyStream() : null;
      return new Response(body, { status, headers: pairs });
    }
    open.limitIdle();
    const body = await responseBody(upstream.body, length, open);
    return new Response(body, { status, headers: pairs });
  }
}

function emptyStream(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.close() }, { highWaterMark: 0 });
}

/** Copies a target's headers but for the hop-by-hop ones; returns its Content-Length or -1. */
function responseHeaders(upstream: UpstreamResponse, pairs: [string, string][]): number {
  const listed = connectionOptions(upstream.headers.get("connection"));
  const dropLength = upstream.status === 204 || upstream.status === 205;
  let length = -1;
  upstream.headers.forEach((value, name) => {
    if (isHopByHop(name) || (listed !== null && listed.has(name))) return;
    if (name === "content-length") {
      if (dropLength) return;
      length = Number(value);
    }
    pairs.push([name, value]);
  });
  return length;
}

/** Refuses an answer that can't be passed on as what it is; null where it can. */
function refuseAnswer(upstream: UpstreamResponse): Failure | null {
  const problem = answerProblem(upstream.status, upstream.headers);
  if (problem === null) return null;
  upstream.body?.cancel().catch(() => {});
  return new Failure("bad_response", problem);
}

function answerProblem(status: number, headers: Headers): string | null {
  if (status < 200 || status > 599) return `The target answered with status ${status}`;
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== null) {
    // RFC 9112 section 6.3: both is an attempt at smuggling or a broken server.
    if (length !== null) return "The target sent both Content-Length and Transfer-Encoding";
    // Any other coding would have to be undone, since Transfer-Encoding concerns one connection.
    if (coding.toLowerCase() !== "chunked") return `The target sent a body in the transfer coding "${coding}"`;
  } else if (length !== null && !isLength(length)) {
    return `The target sent "${length}" as Content-Length`;
  }
  return null;
}

/** Up to 15 digits: what a number holds exactly. */
function isLength(text: string): boolean {
  if (text.length === 0 || text.length > 15) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return true;
}

/** Two or more were tried and every one refused the connection. */
export function allRefused(exchange: Exchange): Failure | null {
  if (exchange.attempts.length < 2 || exchange.attempts.some((attempt) => attempt.reason !== "connect_refused")) {
    return null;
  }
  return new Failure("all_targets_refused", `${exchange.attempts.length} targets refused the connection`);
}

/** The moving parts of one exchange: its abort, its watch, its body. */
class OpenExchange {
  readonly controller = new AbortController();
  readonly exchange: Exchange;
  readonly wheel: DeadlineWheel;
  readonly watch: Watch;
  readonly limits: ForwardLimits;
  readonly body: RequestBody | null;
  /** Why it must not go on: the deadline passed, the client left or sent too much. */
  over: Failure | null = null;

  constructor(exchange: Exchange, parts: ForwarderParts, limits: ForwardLimits) {
    this.exchange = exchange;
    this.wheel = parts.wheel;
    this.limits = limits;
    this.watch = parts.wheel.watch(limits.connectionTimeoutMs, parts.clock.monotonicMs(), () => {
      this.end(new Failure("timeout", `No answer within ${limits.connectionTimeoutMs} ms`));
    });
    exchange.request.signal.addEventListener("abort", () => {
      this.end(new Failure("client_closed", "The client closed its connection"));
    });
    this.body = exchange.bodyLength === 0
      ? null
      : new RequestBody(exchange.request.body!, exchange.bodyLength, limits.maxBodyBytes, {
        moved: (bytes) => {
          exchange.requestBytes += bytes;
          this.wheel.moved(this.watch);
        },
        broken: (failure) => this.end(failure),
      });
  }

  /** Ends the exchange before its answer. */
  end(failure: Failure): void {
    this.over ??= failure;
    this.controller.abort();
    this.body?.giveUp(failure);
  }

  abort(): void {
    this.controller.abort();
  }

  /** From now on only silence ends it. */
  limitIdle(): void {
    this.wheel.restart(this.watch, this.limits.streamIdleTimeoutMs);
  }

  close(): void {
    this.wheel.close(this.watch);
  }
}
