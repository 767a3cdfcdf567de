import type { Exchange } from "./exchange.ts";
import { NO_CONNECT } from "../../forwarding/target_request.ts";
import type { AccessRecord } from "../../logging/access_line.ts";
import { addressOf } from "../../state/target_texts.ts";

/**
 * What the access log says of a finished exchange, read from the exchange itself. A thread has one of them, for its
 * lines are written at once: a record for each request took 300 bytes of memory.
 */
export class ExchangeRecord implements AccessRecord {
  timeMs = 0;
  totalMs = 0;
  #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Makes it the record of this exchange. */
  of(exchange: Exchange, { endedMs, totalMicros }: { readonly endedMs: number; readonly totalMicros: number }): this {
    this.#exchange = exchange;
    this.timeMs = endedMs;
    this.totalMs = totalMicros / 1000;
    return this;
  }

  get client(): string {
    return this.#exchange.received.client;
  }

  get method(): string {
    return this.#exchange.received.method;
  }

  get path(): string {
    const { path, query } = this.#exchange.received;
    return query === "" ? path : path + query;
  }

  get host(): string {
    return this.#exchange.received.host;
  }

  get protocol(): AccessRecord["protocol"] {
    return this.#exchange.received.version;
  }

  get status(): number {
    return this.#exchange.outcome.status;
  }

  get reason(): string | null {
    return this.#exchange.outcome.reason;
  }

  get rule(): number | null {
    const { rule } = this.#exchange.routed;
    return rule === null ? null : rule.number;
  }

  get group(): string | null {
    const { group } = this.#exchange.routed;
    return group === null ? null : group.name;
  }

  get target(): string | null {
    const { target } = this.#exchange.outcome;
    return target === null ? null : addressOf(target);
  }

  get attempts(): number {
    return this.#exchange.outcome.attempts.length;
  }

  /** The connect time of the last attempt; null if it made no connection, or the time is not known. */
  get connectMs(): number | null {
    const { attempts } = this.#exchange.outcome;
    const micros = attempts.length === 0 ? NO_CONNECT : attempts[attempts.length - 1]!.connectMicros;
    return micros === NO_CONNECT ? null : micros / 1000;
  }

  get ttfbMs(): number | null {
    const { ttfbMicros } = this.#exchange.outcome;
    return ttfbMicros < 0 ? null : ttfbMicros / 1000;
  }

  get requestBytes(): number {
    return this.#exchange.outcome.requestBytes;
  }

  get responseBytes(): number {
    return this.#exchange.outcome.responseBytes;
  }

  get cutBy(): string | null {
    return this.#exchange.outcome.cutBy;
  }

  /** Why the last attempt got no response; null if it got one. */
  get detail(): string | null {
    const { attempts } = this.#exchange.outcome;
    return attempts.length === 0 ? null : attempts[attempts.length - 1]!.detail;
  }

  get id(): string {
    return this.#exchange.received.requestId;
  }
}
