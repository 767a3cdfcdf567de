import { Failure, failureOf, NOT_OF_THE_TARGET } from "../../forwarding/gateway_error.ts";
import { decideRetry, MOST_TARGETS } from "../../forwarding/retry_policy.ts";
import { isIdempotent } from "../../http1/methods.ts";
import { NO_CONNECT, type TargetResponse, type Transport } from "../../forwarding/target_request.ts";
import type { Interim } from "../../forwarding/target_request.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Reason } from "../../state/reason.ts";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { Clock } from "../../time/clock.ts";
import { TICK_MS } from "../../time/deadline.ts";
import type { GroupRuntime } from "../group_runtime.ts";
import type { Exchange, Outcome } from "./exchange.ts";
import type { OpenExchange } from "./open_exchange.ts";

/** What attempts work with: one a thread. */
export interface AttemptParts {
  readonly transport: Transport;
  readonly column: WorkerColumn;
  readonly clock: Clock;
  /** A connection could not be made; `consecutive` counts over all workers. */
  connectionFailed(target: TargetSnapshot, consecutive: number, detail: string): void;
}

/** A request as every attempt at it sends it. */
export interface Prepared {
  readonly lines: FieldLines;
  readonly bodyLength: number;
  readonly own: readonly (readonly [string, string])[];
  readonly upgrade: string | null;
  readonly ownConnection: boolean;
  readonly interim: Interim;
}

/**
 * Takes an exchange to one target after another until one responds: choose, enter, send, and if that fails leave, blame
 * and perhaps choose again. The same loop for requests and upgrades. Returns the target's response, or why there is
 * none.
 */
export async function attempt(
  open: OpenExchange,
  { exchange, group, prepared }: {
    readonly exchange: Exchange;
    readonly group: GroupRuntime;
    readonly prepared: Prepared;
  },
  parts: AttemptParts,
): Promise<TargetResponse | Reason> {
  const { column, clock, transport } = parts;
  let target = group.choose(exchange, null);
  if (target === null) return group.resolved ? "no_target" : "dns_failed";
  let startedMs = exchange.received.startedMs;
  if (open.body !== null) {
    const missing = await open.body.arrive();
    if (missing !== null) return failureOf(open.over, missing).reason;
    const nowMs = clock.monotonicMs();
    // The one chosen before a client that took its time may be out by now.
    if (nowMs - startedMs > TICK_MS) target = group.choose(exchange, null);
    if (target === null) return "no_target";
    startedMs = nowMs;
  }
  const tried: TargetSnapshot[] = [];
  let retriesUsed = 0;
  for (;;) {
    const body = open.body === null ? null : open.body.next(isLast(transport, target, { exchange, open, retriesUsed }));
    if (body instanceof Failure) return failureOf(open.over, body).reason;
    exchange.outcome.target = target;
    exchange.routed.heldSlot = target.slot;
    column.enter(target.slot);
    column.count(target.slot, "attempts");
    if (tried.length > 0) column.count(target.slot, "retries");
    open.connectMicros = NO_CONNECT;
    const outcome: TargetResponse | Failure = await transport.send({
      target,
      method: exchange.received.method,
      path: group.pathFor(exchange, target),
      host: group.hostFor(exchange.received, target),
      lines: prepared.lines,
      own: prepared.own,
      body,
      bodyLength: prepared.bodyLength,
      upgrade: prepared.upgrade,
      ownConnection: prepared.ownConnection,
      connectTimeoutMs: open.limits.connectTimeoutMs,
      cancellation: open,
    }, prepared.interim);
    const nowMs = clock.monotonicMs();
    const micros = (nowMs - startedMs) * 1000;
    const { connectMicros } = open;
    if (!(outcome instanceof Failure)) {
      exchange.outcome.attempted({ target, reason: null, detail: null, micros, connectMicros });
      exchange.outcome.ttfbMicros = micros;
      column.answered(target.slot, outcome.status, micros, nowMs);
      return outcome;
    }
    const failure = failureOf(open.over, outcome);
    exchange.outcome.attempted({ target, reason: failure.reason, detail: failure.detail, micros, connectMicros });
    leave(exchange, target, { failure, parts });
    const decision = decideRetry(failure, {
      method: prepared.upgrade === null ? exchange.received.method : "CONNECT",
      retriesUsed,
      retriesAllowed: open.limits.retryAttempts,
      bodySpent: open.body !== null && open.body.spent,
    });
    if (!decision.retry || open.over !== null) return failure.reason;
    tried.push(target);
    const other: TargetSnapshot | null = tried.length < MOST_TARGETS ? group.choose(exchange, tried) : null;
    if (failure.nothingSent) {
      if (other === null) return allRefused(exchange.outcome) ? "all_targets_refused" : failure.reason;
    } else retriesUsed++;
    target = other ?? target;
    startedMs = nowMs;
  }
}

/** An attempt ended without a response: the target holds nothing any more, and is blamed for what is its own. */
function leave(
  exchange: Exchange,
  target: TargetSnapshot,
  { failure, parts }: { readonly failure: Failure; readonly parts: AttemptParts },
): void {
  const { column } = parts;
  column.leave(target.slot);
  exchange.routed.heldSlot = -1;
  if (NOT_OF_THE_TARGET.has(failure.reason)) return;
  if (failure.reason === "client_closed") return column.count(target.slot, "leftByClient");
  column.count(target.slot, "noAnswer");
  if (failure.nothingSent) parts.connectionFailed(target, column.connectFailed(target.slot), failure.detail);
}

/** Tells whether no attempt can follow this one once its target is sent some of the body. */
function isLast(
  transport: Transport,
  target: TargetSnapshot,
  { exchange, open, retriesUsed }: {
    readonly exchange: Exchange;
    readonly open: OpenExchange;
    readonly retriesUsed: number;
  },
): boolean {
  if (!transport.connectsFirst(target)) return false;
  return retriesUsed >= open.limits.retryAttempts || !isIdempotent(exchange.received.method);
}

/** Two or more targets were tried and every one refused the connection. */
function allRefused({ attempts }: Outcome): boolean {
  return attempts.length > 1 && attempts.every((attempt) => attempt.reason === "connect_refused");
}
