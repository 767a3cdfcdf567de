import type { ListenerConfig } from "../config/model.ts";
import type { DeadlineWheel, Watch } from "../time/deadline.ts";
import type { Exchange } from "./exchange.ts";
import { Failure } from "./gateway_error.ts";
import { RequestBody } from "./bodies/request_body.ts";
import { type Cancellation, NO_CONNECT } from "./transport.ts";

/** Limits of one exchange. */
export type ForwardLimits = Pick<
  ListenerConfig,
  | "connectionTimeoutMs"
  | "connectTimeoutMs"
  | "bodyTimeoutMs"
  | "streamIdleTimeoutMs"
  | "maxBodyBytes"
  | "retryAttempts"
>;

/** The moving parts of one exchange: its abort, its watch, its body. */
export class OpenExchange implements Cancellation {
  readonly exchange: Exchange;
  readonly wheel: DeadlineWheel;
  readonly watch: Watch;
  readonly limits: ForwardLimits;
  readonly body: RequestBody | null;
  /** Why it must not go on: the deadline passed, the client left or sent too much. */
  over: Failure | null = null;
  /** What the transport is to abort. */
  atWork: { abort(): void } | null = null;
  /** Of the attempt that is under way, or was last. */
  connectMicros = NO_CONNECT;

  /** Response headers are there. */
  #answered = false;
  /** Open while the client's body is waited for. */
  #bodyWatch: Watch | null = null;

  constructor(
    exchange: Exchange,
    parts: { readonly wheel: DeadlineWheel },
    { limits, nowMs }: { limits: ForwardLimits; nowMs: number },
  ) {
    this.exchange = exchange;
    this.wheel = parts.wheel;
    this.limits = limits;
    this.watch = parts.wheel.watch(limits.connectionTimeoutMs, nowMs, () => {
      this.end(
        this.wheel.closing
          ? new Failure("shutting_down", "SHUTDOWN_TIMEOUT is over")
          : new Failure("timeout", `No answer within ${limits.connectionTimeoutMs} ms`),
      );
    });
    // At the second tick: the first may come at once.
    this.watch.onTick = () => this.watch.onTick = () => this.#watchClient();
    this.body = exchange.bodyLength === 0
      ? null
      : new RequestBody(exchange.request.body!, exchange.bodyLength, limits.maxBodyBytes, {
        waits: () => this.#waitForClient(),
        came: (bytes) => this.#bodyCame(bytes),
        broken: (failure) => this.end(failure),
      });
  }

  /** It is the client's turn: the target's deadline stands still. */
  #waitForClient(): void {
    const { bodyTimeoutMs } = this.limits;
    if (!this.#answered) this.wheel.restart(this.watch, 0);
    this.#bodyWatch = this.wheel.watch(bodyTimeoutMs, this.wheel.nowMs, () => {
      // The shutdown ends it by its other watch.
      if (!this.wheel.closing) this.end(new Failure("body_timeout", `Nothing of the body within ${bodyTimeoutMs} ms`));
    });
  }

  /** Something of the client's body came, or its end: the target's deadline starts anew. */
  #bodyCame(bytes: number): void {
    if (this.#bodyWatch !== null) this.wheel.close(this.#bodyWatch);
    this.#bodyWatch = null;
    this.exchange.requestBytes += bytes;
    if (!this.#answered) this.wheel.restart(this.watch, this.limits.connectionTimeoutMs);
    else if (bytes > 0) this.wheel.moved(this.watch);
  }

  /**
   * Listens for the client's leaving, from the wheel's second tick on (25 to 50 ms): most exchanges are over by then, and the
   * request's signal costs several microseconds to make. Of a client that left before it tells at once (Deno 2.4: never).
   */
  #watchClient(): void {
    this.exchange.request.signal.addEventListener("abort", () => {
      this.end(new Failure("client_closed", "The client closed its connection"));
    });
  }

  /** Ends the exchange before its answer. */
  end(failure: Failure): void {
    this.over ??= failure;
    this.abort();
    this.body?.giveUp(failure);
  }

  abort(): void {
    this.atWork?.abort();
  }

  /** From now on only silence ends it. */
  limitIdle(): void {
    // From here on the body's stream tells of a client that leaves.
    this.#answered = true;
    this.watch.onTick = null;
    this.wheel.restart(this.watch, this.limits.streamIdleTimeoutMs);
  }

  /**
   * The exchange with the target is over: nothing is watched or aborted any more. On what could be aborted hang the request and
   * the answer of `fetch`, and what is kept longer than needed is moved to the old generation: 3 KB a request, measured.
   */
  close(): void {
    this.wheel.close(this.watch);
    this.atWork = null;
    this.body?.notWanted();
  }
}
