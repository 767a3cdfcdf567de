import type { BodySource } from "../../http1/body_source.ts";
import type { TunnelEnd } from "../../http1/tunnel_end.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { Malformed } from "../../http1/malformed.ts";
import { ByteLines } from "../../http1/field_lines.ts";
import { Kind } from "../../http1/field_kind.ts";
import { checkBeginning, phraseOf, readResponseHead, type ResponseFacts } from "../../http1/response_lines.ts";
import { lists } from "../../http1/request_head.ts";
import type { Lending } from "../../http1/lending.ts";
import { bindsConnection } from "../headers/connection_auth.ts";
import { isTlsAlert } from "../../dial/tls_failure.ts";
import { describeError } from "./connect_failure.ts";
import { connectTarget } from "./connect_target.ts";
import { Failure } from "../gateway_error.ts";
import { isIdempotent } from "../../http1/methods.ts";
import type { Interim, TargetRequest, TargetResponse } from "../target_request.ts";
import type { ConnectionOwner, WireConnection } from "./wire_connection.ts";
import type { TargetPool } from "./wire_pool.ts";
import { checkIdle } from "./idle_check.ts";
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
  /** Rooms for large bodies. */
  readonly large: Lending<Bytes>;
  /** Calls `run` when so many ms have passed; returns how to take that back. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * One request and its response, on one connection, or on a second if the first turned out to be closed.
 *
 * A connection that was used before may be closed by its target at any moment, and a request that meets that moment
 * gets no byte of a response. Whether the target acted on it is unknown; it may be sent again only if that is harmless:
 * if the method is idempotent (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1). So such a request whose body is at hand
 * takes an idle connection and is replayed once, on a fresh one. Every other is never replayed: it takes only a
 * connection that was used a moment ago, which its target hardly closes. With UPSTREAM_REUSE=safe it gets a connection
 * of its own, closed behind it, and never meets that moment.
 */
export class TargetExchange implements TargetResponse, ConnectionOwner {
  readonly lines: ByteLines;
  body: ResponseBody | null = null;
  status = 0;
  phrase: string | null = null;
  contentLength = -1;
  readonly #request: TargetRequest;
  readonly #pool: TargetPool;
  readonly #shared: WireShared;
  readonly #repeatable: boolean;
  readonly #shares: boolean;
  #resolve: (outcome: TargetResponse | Failure) => void = ignore;
  #interim: Interim = waitForNothing;
  #interims = 0;
  #connection: WireConnection | null = null;
  /** The connection was used before. */
  #reused = false;
  /** Something came since the request was sent. */
  #heard = false;
  /** Reads the body, or what follows a switch of protocols. */
  #reader: TargetReader | null = null;
  #connecting: AbortController | null = null;
  #facts: ResponseFacts | null = null;
  /** A body is still being sent. */
  #sending = false;
  #settled = false;
  /** The target wants to authenticate the connection: what follows on it would be taken for the same user's. */
  #bound = false;
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

  /**
   * Sends the request and reads up to the head of its response. What happens on the way is told by calls: each async
   * function would cost a request 500 bytes of memory and more.
   */
  send(interim: Interim): Promise<TargetResponse | Failure> {
    this.#interim = interim;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const { cancellation } = this.#request;
      if (cancellation.over !== null) return this.#fail(cancellation.over);
      cancellation.atWork = this;
      this.#take();
    });
  }

  received(): void {
    this.#heard = true;
    this.#readOn();
  }

  ended(error: unknown): void {
    if (this.#reused && !this.#heard && this.#repeatable) {
      this.#connection!.close();
      this.#reused = false;
      return void this.#connect();
    }
    // With TLS 1.3 a target refuses a certificate, or asks for one, only when its handshake is over for us.
    if (isTlsAlert(error)) return this.#fail(new Failure("tls_failed", describeError(error), { sent: true }));
    if (error instanceof Deno.errors.InvalidData) return this.#fail(new Failure("bad_response", describeError(error)));
    const how = error === null ? "closed the connection" : `broke the connection (${describeError(error)})`;
    this.#fail(new Failure("reset_before_headers", `The target ${how} before its headers were complete`));
  }

  abort(): void {
    if (this.#connecting !== null) return this.#connecting.abort();
    this.#connection?.close();
    if (this.#reader !== null) this.#reader.ended(new Error("Given up"));
    else this.#fail(this.#request.cancellation.over ?? new Failure("timeout", "Given up before its response"));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#request.cancellation.atWork = null;
    const connection = this.#connection;
    const facts = this.#facts;
    const done = facts !== null && (this.body === null || (this.body.done && !this.body.overran));
    if (connection !== null) {
      // Bytes behind the message's end close the connection; so does a response before its request was sent whole.
      const clean = done && this.#shares && facts.keepAlive && !this.#sending && connection.open &&
        connection.written &&
        !connection.reading && connection.start === connection.end &&
        (this.#reader === null || this.#reader.endedWith === undefined) && !this.#bound;
      if (clean) {
        this.body?.release();
        this.#pool.giveBack(connection);
      } else connection.close();
    }
    this.#shared.lines.giveBack(this.lines);
  }

  tunnel(): TunnelEnd {
    this.#closed = true;
    this.#request.cancellation.atWork = null;
    return targetTunnel(new TargetReader(this.#connection!));
  }

  /** Its body comes in pieces, and the response mostly behind the last of them: that may take long. */
  get #streams(): boolean {
    const { body } = this.#request;
    return body !== null && !(body instanceof Uint8Array);
  }

  /** Takes an idle connection that is still open, or makes one. */
  #take(): void {
    const idle = !this.#shares ? null : this.#repeatable ? this.#pool.take() : this.#pool.takeRecent();
    if (idle === null) return void this.#connect();
    this.#connection = idle;
    idle.patient = this.#streams;
    checkIdle(idle, this.#pool.turn).then(() => {
      if (this.#settled) return;
      if (!idle.open) return this.#take();
      this.#pool.turn.restore();
      this.#reused = true;
      this.#ask(idle);
    });
  }

  async #connect(): Promise<void> {
    const controller = this.#connecting = new AbortController();
    const { after } = this.#shared;
    const made = await connectTarget(this.#request, this.#pool, { controller, after });
    this.#connecting = null;
    if (made instanceof Failure) return this.#fail(made);
    made.patient = this.#streams;
    this.#ask(made);
  }

  /** Sends the request on a connection, from which the response is read. */
  #ask(connection: WireConnection): void {
    this.#connection = connection;
    connection.owner = this;
    connection.heads.restart(connection.start);
    try {
      this.#write(connection);
    } catch (error) {
      return this.#fail(new Failure("bad_response", describeError(error)));
    }
    connection.fill();
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
    sendBody(connection, connection.writeAll(message), { source, length: bodyLength }).then((outcome) => {
      if (outcome === "whole") this.#sending = false;
      else if (outcome !== "refused") this.#request.cancellation.bodyBroken(outcome.broken);
    });
  }

  #readOn(): void {
    try {
      this.#readHead(this.#connection!);
    } catch (error) {
      this.#fail(new Failure("bad_response", describeError(error)));
    }
  }

  /** Takes the response's head out of what was read, or reads on. */
  #readHead(connection: WireConnection): void {
    const end = connection.heads.find(connection.bytes, connection.end);
    if (end < 0) {
      checkBeginning(connection.bytes, connection.start, connection.end);
      if (connection.start === connection.end) connection.heads.restart(connection.rewind());
      return connection.fill();
    }
    const facts = readResponseHead(connection.bytes, { start: connection.start, end, lines: this.lines });
    connection.start = end;
    if (facts.status >= 200 || facts.status === 101) return this.#begin(facts, connection);
    if (++this.#interims > MAX_INTERIM) throw new Malformed(`sent more than ${MAX_INTERIM} interim responses`);
    void this.#passOn(facts, connection);
  }

  /** Passes an interim response on to the client, then reads what follows. */
  async #passOn(facts: ResponseFacts, connection: WireConnection): Promise<void> {
    try {
      await this.#interim({ status: facts.status, phrase: phraseOf(connection.bytes, facts), lines: this.lines });
    } catch (error) {
      return this.#fail(new Failure("bad_response", describeError(error)));
    }
    if (this.#settled) return;
    connection.heads.restart(connection.rewind());
    this.#readOn();
  }

  #begin(facts: ResponseFacts, connection: WireConnection): void {
    const { status } = facts;
    const { method, upgrade } = this.#request;
    if (status === 101) {
      const switched = this.lines.get("upgrade");
      if (upgrade === null || switched === null || !lists(switched, upgrade.toLowerCase())) {
        return this.#fail(new Failure("bad_response", "The target switched protocols without being asked to"));
      }
    }
    this.#facts = facts;
    connection.patient = false;
    this.status = status;
    this.phrase = phraseOf(connection.bytes, facts);
    this.contentLength = facts.contentLength;
    // Now: a body is read over the head.
    this.#bound = this.lines.has(Kind.WwwAuthenticate) && bindsConnection(this.lines.get("www-authenticate") ?? "");
    const bodiless = method === "HEAD" || status === 101 || status === 204 || status === 304 ||
      facts.contentLength === 0;
    if (!bodiless) {
      const length = facts.chunked ? -1 : facts.contentLength < 0 ? Infinity : facts.contentLength;
      this.#reader = new TargetReader(connection);
      this.body = new ResponseBody(this.#reader, length, this.#shared.large);
      if (length === Infinity) this.#facts = { ...facts, keepAlive: false };
    }
    this.#settled = true;
    this.#resolve(this);
  }

  #fail(failure: Failure): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#facts = null;
    this.close();
    this.#resolve(failure);
  }
}

function ignore(): void {}
function waitForNothing(): Promise<void> {
  return Promise.resolve();
}
