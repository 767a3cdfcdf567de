import type { Bytes } from "../../http1/bytes.ts";
import { hasNoBody } from "../../http1/framing.ts";
import { MessageBody, takeData } from "../../http1/message_body.ts";
import { isIdempotent } from "../../http1/methods.ts";
import { type ResponseHead, ResponseHeadReader } from "../../http1/response_head.ts";
import { AnswerStream } from "./answer_stream.ts";
import type { ByteSlab } from "./byte_slab.ts";
import { bindsConnection } from "../headers/connection_auth.ts";
import { connectFailure, describeError } from "./connect_failure.ts";
import { Failure } from "../gateway_error.ts";
import { encodeRequest, requestHeadText } from "./request_head_bytes.ts";
import { sendInPieces } from "./send_stream.ts";
import type { UpstreamRequest, UpstreamResponse } from "../transport.ts";
import type { ConnectionOwner, WireConnection } from "./wire_connection.ts";
import type { TargetPool } from "./wire_pool.ts";

/** Bodies up to this many bytes are handed over whole where they come at once. */
const SMALL_BYTES = 65_536;

/** Calls `run` at the next tick of a timer that runs anyway; returns how to take that back. */
export type NextTick = (run: () => void) => () => void;

/** Calls `run` when so many ms have passed; returns how to take that back. */
export type After = (delayMs: number, run: () => void) => () => void;

/** What all exchanges of one thread share. */
export interface WireShared {
  /** Requests that must not be sent twice share connections too (UPSTREAM_REUSE=always). */
  readonly shareAll: boolean;
  readonly nextTick: NextTick;
  readonly after: After;
  readonly slab: ByteSlab;
}

/** A connection that is being made; an object of its own, so that requests on connections that stand have no room for it. */
interface Connecting {
  readonly controller: AbortController;
  /** Monotonic ms. */
  readonly sinceMs: number;
  readonly cancelDeadline: () => void;
}

/**
 * One request and its answer, on one connection, or on a second where the first turned out to be closed.
 *
 * A connection that was used before may be closed by its target at any moment, and a request that meets that moment gets no
 * byte of an answer. Whether it was acted on, nobody knows; it may be sent again by itself only where that is harmless: where
 * the method is idempotent (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1). So such a request whose body is at hand takes an
 * idle connection and is replayed once, on a fresh one. Every other is never replayed: it takes only a connection that was used
 * a moment ago, which its target hardly closes, and fails where it does. With UPSTREAM_REUSE=safe it gets a connection of its
 * own from the start, closed behind it, and never meets that moment.
 */
export class WireExchange implements ConnectionOwner {
  readonly #request: UpstreamRequest;
  readonly #pool: TargetPool;
  readonly #shared: WireShared;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (failure: Failure) => void;
  readonly #reader = new ResponseHeadReader();
  /** Its request may be sent twice. */
  readonly #repeatable: boolean;
  /** It may take a connection that was used before, and leave it behind for others. */
  readonly #shares: boolean;
  /** A body in pieces is still being sent. */
  #sending = false;
  #connection: WireConnection | null = null;
  #connecting: Connecting | null = null;
  #reused = false;
  #heard = false;
  #over = false;
  #head: ResponseHead | null = null;
  /** A small body that is still coming. */
  #whole: Bytes | null = null;
  #have = 0;
  #cancelTick: (() => void) | null = null;
  #stream: AnswerStream | null = null;

  constructor(
    request: UpstreamRequest,
    parts: { readonly pool: TargetPool; readonly shared: WireShared },
    settle: { resolve(response: UpstreamResponse): void; reject(failure: Failure): void },
  ) {
    this.#request = request;
    this.#pool = parts.pool;
    this.#shared = parts.shared;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
    this.#repeatable = isIdempotent(request.method) && !(request.body instanceof ReadableStream);
    this.#shares = !request.ownConnection && (this.#repeatable || parts.shared.shareAll);
  }

  /** Sends the request. */
  start(): void {
    const { cancellation } = this.#request;
    if (cancellation.over !== null) return this.#fail(cancellation.over);
    cancellation.atWork = this;
    this.#take();
  }

  /** Takes an idle connection, or makes one. */
  #take(): void {
    const idle = !this.#shares ? null : this.#repeatable ? this.#pool.take() : this.#pool.takeRecent();
    this.#reused = idle !== null;
    if (idle === null) return this.#connect();
    this.#connection = idle;
    void this.#sendUnlessHeard(idle);
  }

  /**
   * What came to an idle connection since its last answer, its end too, is found before anything is sent on it, by a read that
   * brings it within the next microtasks, and to the connection's idle owner, who closes it. Where a read has been waiting all
   * the time, what it finds comes with the next turn of the event loop.
   */
  async #sendUnlessHeard(idle: WireConnection): Promise<void> {
    const { turn } = this.#pool;
    if (idle.reading) {
      await turn.next();
    } else {
      while (turn.isFull) await turn.next();
      if (this.#over) return;
      turn.spend();
      idle.fill();
      await READ_NOW;
      await READ_NOW;
      await READ_NOW;
      if (idle.open) turn.restore();
    }
    if (this.#over) return;
    if (idle.open) this.#send(idle);
    else this.#take();
  }

  /** The deadline passed or the client left: the connection is closed at once. */
  abort(): void {
    if (this.#stream !== null) return this.#stream.abort();
    this.#fail(
      this.#connecting === null
        ? new Failure("timeout", "Given up before its answer")
        : new Failure("connect_timeout", "No connection before the request's deadline"),
    );
  }

  received(count: number): void {
    this.#heard = true;
    try {
      if (this.#whole === null) return this.#readHead();
      this.#have += count;
      this.#continueWhole();
    } catch (error) {
      this.#fail(error);
    }
  }

  ended(error: unknown): void {
    if (this.#reused && !this.#heard && this.#repeatable) {
      this.#connection!.close();
      this.#reused = false;
      return this.#connect();
    }
    if (this.#head === null) {
      const how = error === null ? "closed the connection" : `broke the connection (${error})`;
      return this.#fail(new Failure("reset_before_headers", `The target ${how} before its headers were complete`));
    }
    // A small body breaks off: its head is the answer, and whoever reads the body sees it break.
    this.#answerStreamed(null)?.ended(error);
  }

  #connect(): void {
    const { connectTimeoutMs } = this.#request;
    const connecting = this.#connecting = {
      controller: new AbortController(),
      sinceMs: this.#pool.nowMs(),
      cancelDeadline: this.#shared.after(
        connectTimeoutMs,
        () => this.#fail(new Failure("connect_timeout", `No connection within ${connectTimeoutMs} ms`)),
      ),
    };
    this.#pool.connect(connecting.controller.signal).then((connection) => {
      if (this.#over) return connection.close();
      this.#pool.connected(this.#request.target.slot, this.#noteConnect(connecting));
      this.#send(connection);
    }, (error) => this.#fail(connectFailure(error)));
  }

  /** Tells the attempt how long connecting took, or was tried; returns that. The clock is asked only here and at its start. */
  #noteConnect({ sinceMs, cancelDeadline }: Connecting): number {
    this.#connecting = null;
    cancelDeadline();
    return this.#request.cancellation.connectMicros = Math.round((this.#pool.nowMs() - sinceMs) * 1000);
  }

  #send(connection: WireConnection): void {
    this.#connection = connection;
    connection.owner = this;
    this.#reader.restart(0);
    const { body, bodyLength } = this.#request;
    const stream = body instanceof ReadableStream ? body : null;
    try {
      const text = requestHeadText(this.#request, {
        chunked: stream !== null && bodyLength < 0,
        close: !this.#shares,
      });
      const bytes = encodeRequest(text, stream === null ? body as Bytes | null : null, connection.room);
      if (stream === null) connection.write(bytes);
      else this.#sendInPieces(connection, bytes, stream);
    } catch (error) {
      return this.#fail(error);
    }
    connection.fill();
  }

  #sendInPieces(connection: WireConnection, head: Bytes, stream: ReadableStream<Bytes>): void {
    this.#sending = true;
    sendInPieces(connection, head, { stream, length: this.#request.bodyLength }).then((outcome) => {
      if (outcome === "whole") this.#sending = false;
      if (outcome !== "broken") return;
      // What was not sent whole must not look whole: a target that is still reading sees the connection end.
      const { owner } = connection;
      connection.close();
      owner?.ended(new Error("The request's body broke off"));
    });
  }

  #readHead(): void {
    const connection = this.#connection!;
    const reader = this.#reader;
    const head = reader.read(connection.bytes, connection.end);
    connection.start = reader.start;
    if (head !== null) return this.#readBody(head);
    // What was read whole, interim responses, gives its place to what comes next.
    if (connection.start === connection.end) reader.restart(connection.rewind());
    connection.fill();
  }

  #readBody(head: ResponseHead): void {
    this.#head = head;
    const connection = this.#connection!;
    const { status } = head;
    const available = connection.end - connection.start;
    if (head.contentLength === 0 || hasNoBody(status, this.#request.method)) {
      return this.#answer(null);
    }
    if (head.contentLength > 0 && head.contentLength <= available) {
      const end = connection.start + head.contentLength;
      const whole = this.#shared.slab.copy(connection.bytes, connection.start, end);
      connection.start = end;
      return this.#answer(whole);
    }
    if (head.contentLength > 0 && head.contentLength <= SMALL_BYTES) {
      // One byte more than there may be: a read that fills it tells of an answer that is too long.
      const whole = this.#whole = new Uint8Array(head.contentLength + 1);
      this.#have = Math.min(available, head.contentLength);
      whole.set(connection.bytes.subarray(connection.start, connection.start + this.#have));
      connection.start += this.#have;
      return this.#continueWhole();
    }
    if (!head.chunked) return void this.#answerStreamed(null);
    // A short chunked answer that came with its head is whole too.
    const body = new MessageBody("chunked");
    const data = new Uint8Array(available);
    const length = takeData(body, connection, data);
    if (!body.done) return void this.#answerStreamed(body, data.subarray(0, length));
    this.#answer(length === 0 ? null : data.subarray(0, length));
  }

  /** Reads on until a small body is whole, but at most until the next tick: headers wait no longer for it. */
  #continueWhole(): void {
    const whole = this.#whole!;
    const { contentLength } = this.#head!;
    if (this.#have > contentLength) this.#head!.closes = true;
    if (this.#have >= contentLength) return this.#answer(whole.subarray(0, contentLength));
    this.#connection!.readInto(this.#have === 0 ? whole : whole.subarray(this.#have));
    this.#cancelTick ??= this.#shared.nextTick(() => {
      this.#cancelTick = null;
      const stream = this.#answerStreamed(null);
      if (stream !== null) stream.reading = true;
    });
  }

  /** The message is whole. */
  #answer(body: Bytes | null): void {
    const head = this.#head!;
    this.#finish();
    this.#resolve({ status: head.status, headers: head, body });
  }

  #answerStreamed(chunks: MessageBody | null, held: Bytes = EMPTY): AnswerStream | null {
    if (this.#over) return null;
    this.#over = true;
    this.#cancelTick?.();
    const head = this.#head!;
    const connection = this.#connection!;
    const length = head.contentLength;
    const body = chunks ?? new MessageBody(length < 0 ? "until close" : "length", length);
    if (body.framing === "until close") head.closes = true;
    if (this.#whole !== null) body.took(this.#have);
    const stream = this.#stream = new AnswerStream(connection, body, {
      place: this.#whole ?? held,
      have: this.#whole === null ? held.length : this.#have,
      ended: (whole) => {
        this.#request.cancellation.atWork = null;
        if (whole) this.#release();
        else connection.close();
      },
    });
    connection.owner = stream;
    this.#resolve({ status: head.status, headers: head, body: stream.readable });
    return stream;
  }

  #finish(): void {
    this.#over = true;
    this.#cancelTick?.();
    this.#request.cancellation.atWork = null;
    this.#release();
  }

  /**
   * The message's end has been read. Bytes behind it end the connection; so does an answer that is there before its request was
   * sent, whose rest nobody waits for.
   */
  #release(): void {
    const connection = this.#connection!;
    const head = this.#head!;
    // An HTTP/1.0 target's `keep-alive` changes nothing: its connection is used once.
    const clean = this.#shares && !head.closes && head.minor === 1 && !this.#sending && connection.written &&
      !connection.reading && connection.start === connection.end;
    if (clean && !isBound(head)) this.#pool.giveBack(connection);
    else connection.close();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTick?.();
    this.#request.cancellation.atWork = null;
    const connecting = this.#connecting;
    if (connecting !== null) {
      this.#noteConnect(connecting);
      connecting.controller.abort();
    }
    this.#connection?.close();
    this.#reject(error instanceof Failure ? error : new Failure("bad_response", describeError(error)));
  }
}

/** Tells whether the target wants to authenticate the connection: what follows on it would be taken for the same user's. */
function isBound(head: ResponseHead): boolean {
  const challenge = head.get("www-authenticate");
  return challenge !== null && bindsConnection(challenge);
}

const EMPTY: Bytes = new Uint8Array(0);
/** Awaited three times, this is longer than a read takes that finds something at once (two in Deno 2.9), in a turn that is not full. */
const READ_NOW = Promise.resolve();
