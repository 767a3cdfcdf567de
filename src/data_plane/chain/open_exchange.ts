import type { ListenerConfig } from "../../config/model.ts";
import { Failure } from "../../forwarding/gateway_error.ts";
import { type BodyEvents, ClientBody, failureOfBody } from "../../forwarding/bodies/client_body.ts";
import { type Cancellation, NO_CONNECT } from "../../forwarding/target_request.ts";
import { type Deadlines, TimeLimit } from "../../time/deadline.ts";
import type { ClientEvents } from "../../front/front.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import type { Reply } from "../../front/reply.ts";
import type { Exchange, Outcome } from "./exchange.ts";

/** Limits of one exchange. */
export type ExchangeLimits = Pick<
  ListenerConfig,
  "connectionTimeoutMs" | "connectTimeoutMs" | "streamIdleTimeoutMs" | "maxBodyBytes" | "retryAttempts"
>;

/** A client that ended its side in the midst of a response, and could be sent nothing for so long, has left. */
const SILENT_MS = 500;

/** The moving parts of one exchange: its deadline, its body, and what ends it before its time. */
export class OpenExchange extends TimeLimit implements Cancellation, BodyEvents {
  readonly limits: ExchangeLimits;
  readonly body: ClientBody | null;
  /** Why it must not go on: the deadline passed, the client left or sent too much. */
  over: Failure | null = null;
  atWork: { abort(): void } | null = null;
  connectMicros = NO_CONNECT;
  /** Which side is waited for, once the response has begun: silence is that side's. */
  waitsFor: "target" | "client" = "target";
  readonly #deadlines: Deadlines;
  readonly #outcome: Outcome;
  readonly #client: ClientEvents;
  #limitMs: number;
  #endedAtMs: number | null = null;
  /** Where the response goes, once it has begun. */
  #reply: Pick<Reply, "cut" | "flush"> | null = null;
  #flushed = false;

  constructor(
    exchange: Exchange,
    received: ReceivedRequest,
    { limits, deadlines, client, nowMs }: {
      readonly limits: ExchangeLimits;
      readonly deadlines: Deadlines;
      readonly client: ClientEvents;
      readonly nowMs: number;
    },
  ) {
    super();
    this.limits = limits;
    this.#outcome = exchange.outcome;
    this.#limitMs = limits.connectionTimeoutMs;
    this.#deadlines = deadlines;
    this.#client = client;
    deadlines.begin(this, limits.connectionTimeoutMs, nowMs);
    client.onLeft = this.#left;
    this.ticks = true;
    this.body = received.body === null ? null : new ClientBody(received.body, {
      length: received.bodyLength,
      awaited: received.awaitsContinue,
      maxBytes: limits.maxBodyBytes,
      events: this,
    });
  }

  bodyMoved(bytes: number): void {
    this.#outcome.requestBytes += bytes;
    this.#deadlines.moved(this);
  }

  bodyWaits(begins: boolean): void {
    this.hold(begins);
  }

  /**
   * The response has begun: from now on only silence ends the exchange. A head whose body does not come with it waits
   * no longer than a tick.
   */
  begin(reply: Pick<Reply, "cut" | "flush">): void {
    this.#reply = reply;
    this.body?.forgetKept();
    this.#limitMs = this.limits.streamIdleTimeoutMs;
    this.#deadlines.restart(this, this.#limitMs);
    this.#deadlines.renew(this);
  }

  /** From now on the exchange ends when nothing moves for so long. */
  limitSilence(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#deadlines.restart(this, limitMs);
  }

  /** A piece of the response moved. */
  moved(): void {
    this.#deadlines.moved(this);
  }

  hold(begins: boolean): void {
    if (this.#reply === null) this.#deadlines.restart(this, begins ? 0 : this.#limitMs);
  }

  bodyBroken(error: unknown): void {
    this.end(failureOfBody(error));
  }

  /** Ends the exchange with its target. */
  end(failure: Failure): void {
    this.over ??= failure;
    this.body?.giveUp(failure);
    this.atWork?.abort();
    this.#reply?.cut();
  }

  /** The exchange is over: nothing is watched any more. */
  close(): void {
    this.#deadlines.close(this);
    this.#client.onLeft = null;
    this.atWork = null;
  }

  override expire(): void {
    if (this.#deadlines.closing) return this.end(new Failure("shutting_down", "SHUTDOWN_TIMEOUT is over"));
    const text = this.#limitMs === this.limits.connectionTimeoutMs
      ? `No response within ${this.limits.connectionTimeoutMs} ms`
      : `Nothing moved for ${this.limits.streamIdleTimeoutMs} ms`;
    this.end(new Failure("timeout", text));
  }

  readonly #left = (): void => this.end(new Failure("client_closed", "The client closed its connection"));

  /**
   * A client that ended its side may wait for its response, or be gone: that shows only when something is written to
   * it. So before its response it gets an interim one at times. If it ends its side behind the response's beginning, it
   * is taken for gone when nothing could be written to it for a while: so leave those who end a stream of events.
   */
  override tick(): void {
    if (this.#reply === null) return this.#client.probe(this.#deadlines.nowMs);
    if (!this.#flushed) {
      this.#flushed = true;
      return this.#reply.flush();
    }
    if (!this.#client.halfClosed || this.#client.stillReads) return;
    this.#endedAtMs ??= this.#deadlines.nowMs;
    if (this.#deadlines.nowMs - Math.max(this.#endedAtMs, this.movedAtMs) >= SILENT_MS) this.#left();
  }
}
