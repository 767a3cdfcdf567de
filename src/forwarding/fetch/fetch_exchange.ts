import type { BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { TextLines } from "../../http1/field_lines.ts";
import { Kind } from "../../http1/field_kind.ts";
import { hasNoBody } from "../../http1/framing.ts";
import { FetchTransport } from "./fetch_transport.ts";
import { Failure } from "../gateway_error.ts";
import type { Interim, TargetRequest, TargetResponse, Transport } from "../target_request.ts";
import type { UpstreamResponse } from "../transport.ts";
import { headersForFetch } from "../wire/wire_transport.ts";

/** Room for one read of a body: grows while reads come back full. */
const FIRST_READ_BYTES = 16_384;
const LARGEST_READ_BYTES = 262_144;

/** Speaks to targets through `fetch`, for engines that read from and write to sockets themselves. */
export class FetchExchangeTransport implements Transport {
  readonly #fetch: FetchTransport;

  /** @param unknown Hears of failures that nobody foresaw, of each kind once. */
  constructor(unknown: (text: string) => void) {
    this.#fetch = new FetchTransport(unknown);
  }

  async send(request: TargetRequest, _interim: Interim): Promise<TargetResponse | Failure> {
    const { method, body, bodyLength, lines } = request;
    if (request.upgrade !== null) return new Failure("bad_response", "fetch can't pass an upgrade on");
    if (body !== null && (method === "GET" || method === "HEAD")) {
      return new Failure("bad_request", "fetch drops the body of GET and HEAD");
    }
    const pairs: [string, string][] = [["host", request.host]];
    for (let line = 0; line < lines.count; line++) {
      const kind = lines.kind(line);
      // The body follows unasked: `fetch` knows no 100.
      if (lines.isDropped(line) || kind === Kind.Expect) continue;
      pairs.push([lines.name(line), lines.value(line)]);
    }
    for (const [name, value] of request.own) pairs.push([name.toLowerCase(), value]);
    let response: UpstreamResponse;
    try {
      response = await this.#fetch.send({
        target: request.target,
        method,
        path: request.path,
        headers: headersForFetch(pairs),
        body: body === null ? null : body instanceof Uint8Array ? body.slice() : streamOf(body, request),
        bodyLength,
        ownConnection: request.ownConnection,
        connectTimeoutMs: request.connectTimeoutMs,
        cancellation: request.cancellation,
      });
    } catch (error) {
      return this.#fetch.failure(error);
    }
    return new FetchResponse(response, method);
  }

  close(): void {
    this.#fetch.close();
  }
}

/** A body as the kind of stream that `fetch` takes: pieces are its own, so each is copied. */
function streamOf(source: BodySource, request: TargetRequest): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const piece = await source.read();
        if (piece === null) controller.close();
        else controller.enqueue(piece.slice());
      } catch (error) {
        request.cancellation.bodyBroken(error);
        controller.error(error);
      }
    },
  }, { highWaterMark: 0 });
}

/** A response of `fetch`. */
class FetchResponse implements TargetResponse {
  readonly status: number;
  readonly phrase = null;
  readonly lines = new TextLines();
  readonly contentLength: number;
  readonly body: FetchBody | null;

  constructor(response: UpstreamResponse, method: string) {
    this.status = response.status;
    response.headers.forEach((value, name) => this.lines.add(name, value));
    const length = response.headers.get("content-length");
    this.contentLength = length === null ? -1 : Number(length);
    const stream = response.body as ReadableStream<Bytes> | null;
    const none = stream === null || hasNoBody(response.status, method) || this.contentLength === 0;
    if (none && stream !== null) stream.cancel().catch(() => {});
    this.body = none ? null : new FetchBody(stream!, this.contentLength);
  }

  close(): void {
    this.body?.cancel();
  }

  tunnel(): never {
    throw new TypeError("fetch switches no protocols");
  }
}

/** A body of `fetch`, read into room that is used again and again. */
class FetchBody implements BodySource {
  readonly trailers = null;
  done = false;
  readonly #reader: ReadableStreamBYOBReader;
  #left: number;
  #room: Bytes = new Uint8Array(FIRST_READ_BYTES);

  constructor(stream: ReadableStream<Bytes>, length: number) {
    this.#reader = stream.getReader({ mode: "byob" });
    this.#left = length;
  }

  async read(): Promise<Bytes | null> {
    if (this.done) return null;
    const { value, done } = await this.#reader.read(this.#room);
    if (done || value === undefined) {
      this.done = true;
      if (this.#left > 0) throw new Error("The body ended before its length");
      return null;
    }
    const full = value.length === value.buffer.byteLength;
    this.#room = full && value.length < LARGEST_READ_BYTES
      ? new Uint8Array(value.length * 2)
      : new Uint8Array(value.buffer as ArrayBuffer);
    if (this.#left >= 0) {
      this.#left -= value.length;
      if (this.#left === 0) {
        this.done = true;
        // All of it was read: this lets the connection go back to its pool.
        this.#reader.cancel().catch(() => {});
      }
    }
    return value as Bytes;
  }

  cancel(): void {
    if (!this.done) this.#reader.cancel().catch(() => {});
    this.done = true;
  }
}
