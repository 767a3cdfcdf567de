import type { Exchange } from "../../forwarding/exchange.ts";
import { allRefused, type ForwardGroup } from "../../forwarding/forward.ts";
import { targetHost } from "../../forwarding/headers/forwarded_headers.ts";
import { Failure, failureOf, NOT_OF_THE_TARGET } from "../../forwarding/gateway_error.ts";
import { decideRetry, MOST_TARGETS } from "../../forwarding/retry_policy.ts";
import { isIdempotent } from "../../http1/methods.ts";
import { NO_CONNECT, type TargetResponse, type Transport } from "../../forwarding/target_request.ts";
import type { Interim } from "../../forwarding/target_request.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { Clock } from "../../time/clock.ts";
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
  readonly own: readonly (readonly [string, string])[];
  readonly upgrade: string | null;
  readonly ownConnection: boolean;
  readonly interim: Interim;
}

/**
 * Takes an exchange to one target after another until one responds: choose, enter, send, and if that fails leave, blame and perhaps
 * choose again. The same loop for requests and upgrades. Returns the target's response, or why there is none.
 */
export async function attempt(
  open: OpenExchange,
  { exchange, group, prepared }: {
    readonly exchange: Exchange;
    readonly group: ForwardGroup;
    readonly prepared: Prepared;
  },
  parts: AttemptParts,
): Promise<TargetResponse | Failure | "no_target" | "dns_failed"> {
  const { column, clock, transport } = parts;
  let target = group.choose(exchange, null);
  if (target === null) return group.resolved ? "no_target" : "dns_failed";
  let startedMs = exchange.startedMs;
  const tried: TargetSnapshot[] = [];
  let retriesUsed = 0;
  for (;;) {
    // An attempt begins when it may be sent: a client that does not bring its body is no target's matter.
    const last = retriesUsed >= open.limits.retryAttempts || !isIdempotent(exchange.method);
    const body = open.body === null ? null : await open.body.next(last);
    if (body instanceof Failure) return open.over ?? body;
    exchange.target = target;
    exchange.heldSlot = target.slot;
    column.enter(target.slot);
    column.count(target.slot, "attempts");
    if (tried.length > 0) column.count(target.slot, "retries");
    open.connectMicros = NO_CONNECT;
    if (open.body !== null) startedMs = clock.monotonicMs();
    const outcome: TargetResponse | Failure = await transport.send({
      target,
      method: exchange.method,
      path: group.pathFor(exchange, target),
      host: targetHost(target, group.preserveHost, exchange.host),
      lines: prepared.lines,
      own: prepared.own,
      body,
      bodyLength: exchange.bodyLength,
      upgrade: prepared.upgrade,
      ownConnection: prepared.ownConnection,
      connectTimeoutMs: open.limits.connectTimeoutMs,
      cancellation: open,
    }, prepared.interim);
    const nowMs = clock.monotonicMs();
    const micros = (nowMs - startedMs) * 1000;
    const { connectMicros } = open;
    if (!(outcome instanceof Failure)) {
      exchange.attempted({ target, reason: null, detail: null, micros, connectMicros });
      exchange.ttfbMicros = micros;
      column.answered(target.slot, outcome.status, micros, nowMs);
      return outcome;
    }
    const failure = failureOf(open.over, outcome);
    exchange.attempted({ target, reason: failure.reason, detail: failure.detail, micros, connectMicros });
    leave(exchange, target, { failure, parts });
    const decision = decideRetry(failure, {
      method: prepared.upgrade === null ? exchange.method : "CONNECT",
      retriesUsed,
      retriesAllowed: open.limits.retryAttempts,
      bodySpent: open.body !== null && open.body.spent,
    });
    if (!decision.retry || open.over !== null) return failure;
    tried.push(target);
    const other: TargetSnapshot | null = tried.length < MOST_TARGETS ? group.choose(exchange, tried) : null;
    if (failure.nothingSent) {
      if (other === null) return allRefused(exchange) ?? failure;
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
  exchange.heldSlot = -1;
  if (NOT_OF_THE_TARGET.has(failure.reason)) return;
  if (failure.reason === "client_closed") return column.count(target.slot, "leftByClient");
  column.count(target.slot, "noAnswer");
  if (failure.nothingSent) parts.connectionFailed(target, column.connectFailed(target.slot), failure.detail);
}
