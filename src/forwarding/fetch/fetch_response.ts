import type { BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { Kind } from "../../http1/field_kind.ts";
import { TextLines } from "../../http1/field_lines.ts";
import { Framing, hasNoBody } from "../../http1/framing.ts";
import { Malformed } from "../../http1/malformed.ts";
import { Failure } from "../gateway_error.ts";
import type { TargetResponse } from "../target_request.ts";

/** Room for the first read of a body whose length is not known, or large. */
const FIRST_READ_BYTES = 16_384;
/** Bodies up to this many bytes are read into room of their size. */
const SMALL_BYTES = 65_536;
/** Room grows up to this while reads come back full. */
const LARGEST_READ_BYTES = 262_144;

/**
 * Reads the head of a response of `fetch`, whose parser lets more through than sluice's own, and hides the version.
 * What can't be passed on unchanged is a failure.
 */
export function readFetched(response: Response, method: string): FetchResponse | Failure {
  const { status } = response;
  const lines = new TextLines();
  const framing = new Framing(1);
  try {
    if (status < 200 || status > 599) throw new Malformed(`sent the status ${status}`);
    response.headers.forEach((value, name) => {
      const kind = lines.add(name, value);
      if (kind === Kind.ContentLength) framing.readLength(value);
      else if (kind === Kind.TransferEncoding) framing.readCoding(value);
    });
    framing.check();
  } catch (error) {
    response.body?.cancel().catch(ignore);
    if (error instanceof Malformed) return new Failure("bad_response", `The target ${error.message}`);
    throw error;
  }
  return new FetchResponse({ status, lines, contentLength: framing.contentLength }, bodyOf(response, method, framing));
}

function bodyOf({ status, body }: Response, method: string, { contentLength }: Framing): FetchBody | null {
  if (body === null) return null;
  if (!hasNoBody(status, method) && contentLength !== 0) {
    return new FetchBody(body as ReadableStream<Bytes>, contentLength);
  }
  body.cancel().catch(ignore);
  return null;
}

/** A response of `fetch`. */
class FetchResponse implements TargetResponse {
  readonly status: number;
  readonly phrase = null;
  readonly lines: TextLines;
  readonly contentLength: number;
  readonly body: FetchBody | null;

  constructor(
    { status, lines, contentLength }: Pick<FetchResponse, "status" | "lines" | "contentLength">,
    body: FetchBody | null,
  ) {
    this.status = status;
    this.lines = lines;
    this.contentLength = contentLength;
    this.body = body;
  }

  /** Breaks the body off. All else of a `fetch` is over when its response is there. */
  abort(): void {
    this.body?.abort();
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
  /** Bytes still to come; below 0 if the length is not known. */
  #left: number;
  #room: Bytes;
  #aborted = false;

  constructor(stream: ReadableStream<Bytes>, length: number) {
    this.#reader = stream.getReader({ mode: "byob" });
    this.#left = length;
    this.#room = new Uint8Array(length > 0 && length <= SMALL_BYTES ? length : FIRST_READ_BYTES);
  }

  async read(): Promise<Bytes | null> {
    if (this.done) return null;
    const { value, done } = await this.#reader.read(this.#room);
    if (this.#aborted) throw new Error("Given up");
    if (done || value === undefined) {
      this.done = true;
      if (this.#left > 0) throw new Error("The body ended before its length");
      return null;
    }
    if (this.#left >= 0) this.#left -= value.length;
    if (this.#left === 0) {
      this.done = true;
      // All of it was read: this lets the connection go back to its pool.
      this.#reader.cancel().catch(ignore);
    } else {
      const full = value.length === value.buffer.byteLength;
      this.#room = full && value.length < LARGEST_READ_BYTES
        ? new Uint8Array(value.length * 2)
        : new Uint8Array(value.buffer as ArrayBuffer);
    }
    return value as Bytes;
  }

  /** Ends a read that is under way with an error. */
  abort(): void {
    this.#aborted = true;
    this.cancel();
  }

  cancel(): void {
    if (!this.done) this.#reader.cancel().catch(ignore);
    this.done = true;
  }
}

function ignore(): void {}
