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
import type { HeaderEdits } from "./header_edits.ts";
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
  /** Changes of the headers that depend on the target; null for none. */
  readonly edits: HeaderEdits | null;
  readonly upgrade: string | null;
  readonly ownConnection: boolean;
  readonly interim: Interim;
}

/** What is attempted: an exchange, the group that it goes to, and the request as every attempt sends it. */
export interface Attempted {
  readonly open: OpenExchange;
  readonly exchange: Exchange;
  readonly group: GroupRuntime;
  readonly prepared: Prepared;
}

/**
 * The attempts at one exchange: it is taken to one target after another until one responds. Choose, enter, send, and if
 * that fails leave, blame and perhaps choose again; the same for requests and upgrades. The caller waits, so that these
 * methods need not: `first`, then `send` and `ended` in turn until `ended` gives something.
 */
export class Attempts {
  readonly #parts: AttemptParts;
  readonly #open: OpenExchange;
  readonly #exchange: Exchange;
  readonly #group: GroupRuntime;
  readonly #prepared: Prepared;
  #target: TargetSnapshot | null = null;
  #startedMs: number;
  #tried: TargetSnapshot[] | null = null;
  #retriesUsed = 0;

  constructor({ open, exchange, group, prepared }: Attempted, parts: AttemptParts) {
    this.#parts = parts;
    this.#open = open;
    this.#exchange = exchange;
    this.#group = group;
    this.#prepared = prepared;
    this.#startedMs = exchange.received.startedMs;
  }

  /** Chooses the first target. Returns why there is none, or null; waits only if there is a body to wait for. */
  first(): Reason | null | Promise<Reason | null> {
    this.#target = this.#group.choose(this.#exchange, null);
    if (this.#target === null) return this.#group.resolved ? "no_target" : "dns_failed";
    const missing = this.#open.body === null ? null : this.#open.body.arrive();
    return missing instanceof Promise ? missing.then((missing) => this.#arrived(missing)) : this.#arrived(missing);
  }

  /** Sends the request to the target that was chosen. */
  send(): Promise<TargetResponse | Failure> | Failure {
    const { column, transport } = this.#parts;
    const exchange = this.#exchange;
    const open = this.#open;
    const prepared = this.#prepared;
    const target = this.#target!;
    const body = open.body === null ? null : open.body.next(this.#isLast(target));
    if (body instanceof Failure) return body;
    exchange.outcome.target = target;
    exchange.routed.heldSlot = target.slot;
    column.enter(target.slot);
    column.count(target.slot, "attempts");
    if (this.#tried !== null) column.count(target.slot, "retries");
    open.connectMicros = NO_CONNECT;
    return transport.send({
      target,
      method: exchange.received.method,
      path: this.#group.pathFor(exchange, target),
      host: this.#group.hostFor(exchange, target),
      lines: prepared.lines,
      own: prepared.edits === null ? prepared.own : prepared.edits.apply(prepared, exchange.received, target),
      body,
      bodyLength: prepared.bodyLength,
      upgrade: prepared.upgrade,
      ownConnection: prepared.ownConnection,
      connectTimeoutMs: open.limits.connectTimeoutMs,
      cancellation: open,
    }, prepared.interim);
  }

  /**
   * Handles the result of an attempt. Returns the response, or why there is none; null if another attempt follows.
   */
  ended(outcome: TargetResponse | Failure): TargetResponse | Reason | null {
    const exchange = this.#exchange;
    const target = this.#target!;
    // Nothing was begun if the body can't be given again.
    if (exchange.routed.heldSlot < 0) return failureOf(this.#open.over, outcome as Failure).reason;
    const nowMs = this.#parts.clock.monotonicMs();
    const micros = (nowMs - this.#startedMs) * 1000;
    const { connectMicros } = this.#open;
    if (!(outcome instanceof Failure)) {
      exchange.outcome.attempted({ target, reason: null, detail: null, micros, connectMicros });
      exchange.outcome.ttfbMicros = micros;
      this.#parts.column.answered(target.slot, outcome.status, micros, nowMs);
      return outcome;
    }
    const failure = failureOf(this.#open.over, outcome);
    exchange.outcome.attempted({ target, reason: failure.reason, detail: failure.detail, micros, connectMicros });
    this.#leave(target, failure);
    this.#startedMs = nowMs;
    return this.#next(target, failure);
  }

  /** The client's body is there, as far as is waited for. Returns why no attempt can be made, or null. */
  #arrived(missing: Failure | null): Reason | null {
    if (missing !== null) return failureOf(this.#open.over, missing).reason;
    if (this.#open.body === null) return null;
    const nowMs = this.#parts.clock.monotonicMs();
    // The one chosen before a client that took its time may be out by now. If not, it keeps its turn.
    const took = nowMs - this.#startedMs;
    if (took > TICK_MS && !this.#group.serves(this.#target!)) this.#target = this.#group.choose(this.#exchange, null);
    this.#startedMs = nowMs;
    return this.#target === null ? "no_target" : null;
  }

  /** Chooses the target of another attempt; returns why there is none, or null. */
  #next(target: TargetSnapshot, failure: Failure): Reason | null {
    const { body, limits, over } = this.#open;
    const decision = decideRetry(failure, {
      method: this.#prepared.upgrade === null ? this.#exchange.received.method : "CONNECT",
      retriesUsed: this.#retriesUsed,
      retriesAllowed: limits.retryAttempts,
      bodySpent: body !== null && body.spent,
    });
    if (!decision.retry || over !== null) return failure.reason;
    const tried = this.#tried ??= [];
    tried.push(target);
    const other = tried.length < MOST_TARGETS ? this.#group.choose(this.#exchange, tried) : null;
    if (!failure.nothingSent) this.#retriesUsed++;
    else if (other === null) return allRefused(this.#exchange.outcome) ? "all_targets_refused" : failure.reason;
    this.#target = other ?? target;
    return null;
  }

  /** An attempt ended without a response: the target holds nothing any more, and is blamed for what is its own. */
  #leave(target: TargetSnapshot, failure: Failure): void {
    const { column } = this.#parts;
    column.leave(target.slot);
    this.#exchange.routed.heldSlot = -1;
    if (NOT_OF_THE_TARGET.has(failure.reason)) return;
    if (failure.reason === "client_closed") return column.count(target.slot, "leftByClient");
    column.count(target.slot, "noAnswer");
    if (!failure.nothingSent) return;
    this.#parts.connectionFailed(target, column.connectFailed(target.slot), failure.detail);
  }

  /** Tells whether no attempt can follow this one once its target is sent some of the body. */
  #isLast(target: TargetSnapshot): boolean {
    if (!this.#parts.transport.connectsFirst(target)) return false;
    return this.#retriesUsed >= this.#open.limits.retryAttempts || !isIdempotent(this.#exchange.received.method);
  }
}

/** Two or more targets were tried and every one refused the connection. */
function allRefused({ attempts }: Outcome): boolean {
  return attempts.length > 1 && attempts.every((attempt) => attempt.reason === "connect_refused");
}
