import type { BodySource, TunnelEnd } from "../../http1/body_source.ts";
import { HeadFinder } from "../../http1/head_finder.ts";
import { Malformed } from "../../http1/malformed.ts";
import { ByteLines } from "../../http1/field_lines.ts";
import { Kind } from "../../http1/field_kind.ts";
import { checkBeginning, phraseOf, readResponseHead, type ResponseFacts } from "../../http1/response_lines.ts";
import { lists } from "../../http1/request_head.ts";
import type { Lending } from "../../http1/lending.ts";
import { bindsConnection } from "../headers/connection_auth.ts";
import { connectFailure, describeError } from "./connect_failure.ts";
import { Failure } from "../gateway_error.ts";
import { isIdempotent } from "../../http1/methods.ts";
import type { Interim, TargetRequest, TargetResponse } from "../target_request.ts";
import type { WireConnection } from "./wire_connection.ts";
import type { TargetPool } from "./wire_pool.ts";
import { isStillOpen } from "./idle_check.ts";
import { requestHeadBytes } from "./request_bytes.ts";
import { ResponseBody } from "./response_body.ts";
import { sendBody } from "./send_body.ts";
import { TargetReader } from "./target_reader.ts";
import { targetTunnel } from "./target_tunnel.ts";

/** Interim responses (1xx) before the final one; more are a target that never comes to the point. */
const MAX_INTERIM = 16;

/** What all exchanges of one thread share. */
export interface WireShared {
  /** Requests that must not be sent twice share connections too (UPSTREAM_REUSE=always). */
  readonly shareAll: boolean;
  readonly lines: Lending<ByteLines>;
  /** Calls `run` when so many ms have passed; returns how to take that back. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * One request and its response, on one connection, or on a second if the first turned out to be closed.
 *
 * A connection that was used before may be closed by its target at any moment, and a request that meets that moment gets no byte of
 * a response. Whether it was acted on, nobody knows; it may be sent again by itself only if that is harmless: if the method is
 * idempotent (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1). So such a request whose body is at hand takes an idle connection and
 * is replayed once, on a fresh one. Every other is never replayed: it takes only a connection that was used a moment ago, which its
 * target hardly closes. With UPSTREAM_REUSE=safe it gets a connection of its own, closed behind it, and never meets that moment.
 */
export class TargetExchange implements TargetResponse {
  readonly lines: ByteLines;
  body: BodySource | null = null;
  status = 0;
  phrase: string | null = null;
  contentLength = -1;
  readonly #request: TargetRequest;
  readonly #pool: TargetPool;
  readonly #shared: WireShared;
  readonly #repeatable: boolean;
  readonly #shares: boolean;
  #connection: WireConnection | null = null;
  #reader: TargetReader | null = null;
  #connecting: AbortController | null = null;
  #facts: ResponseFacts | null = null;
  /** A body is still being sent. */
  #sending = false;
  #closed = false;

  constructor(request: TargetRequest, pool: TargetPool, shared: WireShared) {
    this.#request = request;
    this.#pool = pool;
    this.#shared = shared;
    this.lines = shared.lines.lend();
    const { body } = request;
    const whole = body === null || body instanceof Uint8Array;
    this.#repeatable = isIdempotent(request.method) && whole && request.upgrade === null;
    this.#shares = request.upgrade === null && !request.ownConnection && (this.#repeatable || shared.shareAll);
  }

  /** Sends the request and reads up to the head of its response. */
  async send(interim: Interim): Promise<TargetResponse | Failure> {
    const { cancellation } = this.#request;
    if (cancellation.over !== null) return this.#end(cancellation.over);
    cancellation.atWork = this;
    const idle = await this.#takeIdle();
    if (cancellation.over !== null) return this.#end(cancellation.over);
    let outcome: Failure | ResponseFacts | "stale" = "stale";
    if (idle !== null) outcome = await this.#ask(idle, true, interim);
    if (outcome === "stale") {
      const fresh = await this.#connect();
      outcome = fresh instanceof Failure ? fresh : await this.#ask(fresh, false, interim);
    }
    if (outcome instanceof Failure || outcome === "stale") {
      return this.#end(outcome === "stale" ? new Failure("reset_before_headers", "Twice stale") : outcome);
    }
    return this.#begin(outcome);
  }

  abort(): void {
    this.#connecting?.abort();
    const reader = this.#reader;
    this.#connection?.close();
    reader?.ended(ABORTED);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#request.cancellation.atWork = null;
    const connection = this.#connection;
    const facts = this.#facts;
    const done = facts !== null && (this.body === null || this.body.done);
    if (connection !== null) {
      // Bytes behind the message's end close the connection; so does a response before its request was sent whole.
      const clean = done && this.#shares && facts.keepAlive && !this.#sending && connection.open &&
        connection.written &&
        !connection.reading && connection.start === connection.end && this.#reader!.endedWith === undefined &&
        !this.#isBound();
      if (clean) this.#pool.giveBack(connection);
      else connection.close();
    }
    this.#shared.lines.giveBack(this.lines);
  }

  tunnel(): TunnelEnd {
    this.#closed = true;
    this.#request.cancellation.atWork = null;
    return targetTunnel(this.#reader!);
  }

  /** The target wants to authenticate the connection: what follows on it would be taken for the same user's. */
  #isBound(): boolean {
    return this.lines.has(Kind.WwwAuthenticate) && bindsConnection(this.lines.get("www-authenticate") ?? "");
  }

  async #takeIdle(): Promise<WireConnection | null> {
    for (;;) {
      const idle = !this.#shares ? null : this.#repeatable ? this.#pool.take() : this.#pool.takeRecent();
      if (idle === null || await isStillOpen(idle, this.#pool.turn)) return idle;
    }
  }

  async #connect(): Promise<WireConnection | Failure> {
    const { connectTimeoutMs, cancellation, target } = this.#request;
    const controller = this.#connecting = new AbortController();
    const sinceMs = this.#pool.nowMs();
    let timedOut = false;
    const cancelDeadline = this.#shared.after(connectTimeoutMs, () => {
      timedOut = true;
      controller.abort();
    });
    const noteMicros = () => cancellation.connectMicros = Math.round((this.#pool.nowMs() - sinceMs) * 1000);
    try {
      const connection = await this.#pool.connect(controller.signal);
      const micros = noteMicros();
      if (controller.signal.aborted) connection.close();
      else {
        this.#pool.connected(target.slot, micros);
        return connection;
      }
    } catch (error) {
      noteMicros();
      if (!controller.signal.aborted) return connectFailure(error);
    } finally {
      cancelDeadline();
      this.#connecting = null;
    }
    const when = timedOut ? `within ${connectTimeoutMs} ms` : "before the request's deadline";
    return new Failure("connect_timeout", `No connection ${when}`);
  }

  /** Sends the request on a connection and reads up to the final response's head; `stale` if an idle connection was closed. */
  async #ask(
    connection: WireConnection,
    reused: boolean,
    interim: Interim,
  ): Promise<ResponseFacts | Failure | "stale"> {
    this.#connection = connection;
    const reader = this.#reader = new TargetReader(connection);
    try {
      this.#write(connection);
      return await this.#readHead(reader, interim);
    } catch (error) {
      const { over } = this.#request.cancellation;
      if (over !== null) return over;
      if (error instanceof Ended) {
        if (reused && !reader.heard && this.#repeatable) {
          connection.close();
          return "stale";
        }
        const { endedWith } = reader;
        const how = endedWith === null ? "closed the connection" : `broke the connection (${describeError(endedWith)})`;
        return new Failure("reset_before_headers", `The target ${how} before its headers were complete`);
      }
      if (error instanceof Malformed) return new Failure("bad_response", `The target ${error.message}`);
      return new Failure("bad_response", describeError(error));
    }
  }

  #write(connection: WireConnection): void {
    const { body, bodyLength } = this.#request;
    const whole = body instanceof Uint8Array ? body : null;
    const stream = body === null || whole !== null ? null : body as BodySource;
    const framing = { chunked: stream !== null && bodyLength < 0, close: !this.#shares };
    const spare = whole === null ? 0 : whole.length;
    const { bytes, length } = requestHeadBytes(this.#request, framing, { room: connection.room, spare });
    if (whole !== null) bytes.set(whole, length);
    const message = bytes.length === length + spare ? bytes : bytes.subarray(0, length + spare);
    if (stream === null) return connection.write(message);
    this.#sending = true;
    const source = stream;
    sendBody(connection, message, { source, length: bodyLength }).then((outcome) => {
      if (outcome === "whole") this.#sending = false;
      else if (outcome !== "refused") this.#request.cancellation.bodyBroken(outcome.broken);
    });
  }

  async #readHead(reader: TargetReader, interim: Interim): Promise<ResponseFacts> {
    const { connection } = reader;
    const finder = new HeadFinder();
    finder.restart(connection.start);
    for (let count = 0;;) {
      const end = finder.find(connection.bytes, connection.end);
      if (end < 0) {
        checkBeginning(connection.bytes, connection.start, connection.end);
        if (connection.start === connection.end) finder.restart(connection.rewind());
        if (await reader.more() === 0) throw new Ended();
        continue;
      }
      const facts = readResponseHead(connection.bytes, { start: connection.start, end, lines: this.lines });
      connection.start = end;
      if (facts.status >= 200 || facts.status === 101) return facts;
      if (++count > MAX_INTERIM) throw new Malformed(`sent more than ${MAX_INTERIM} interim responses`);
      await interim({ status: facts.status, phrase: phraseOf(connection.bytes, facts), lines: this.lines });
      finder.restart(connection.rewind());
    }
  }

  #begin(facts: ResponseFacts): TargetResponse | Failure {
    const { status } = facts;
    const { method, upgrade } = this.#request;
    if (status === 101) {
      const switched = this.lines.get("upgrade");
      if (upgrade === null || switched === null || !lists(switched, upgrade.toLowerCase())) {
        return this.#end(new Failure("bad_response", "The target switched protocols without being asked to"));
      }
    }
    this.#facts = facts;
    this.status = status;
    this.phrase = phraseOf(this.#connection!.bytes, facts);
    this.contentLength = facts.contentLength;
    const bodiless = method === "HEAD" || status === 101 || status === 204 || status === 304 ||
      facts.contentLength === 0;
    if (!bodiless) {
      const length = facts.chunked ? -1 : facts.contentLength < 0 ? Infinity : facts.contentLength;
      this.body = new ResponseBody(this.#reader!, length);
      if (length === Infinity) this.#facts = { ...facts, keepAlive: false };
    }
    return this;
  }

  #end(failure: Failure): Failure {
    this.#facts = null;
    this.close();
    return failure;
  }
}

/** The connection ended before the head was whole. */
class Ended extends Error {}

/** Stands for what ended a connection if sluice did. */
const ABORTED = new Error("Given up");
