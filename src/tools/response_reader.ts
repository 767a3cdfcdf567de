import type { Bytes } from "../http1/bytes.ts";
import { hasNoBody } from "../http1/framing.ts";
import { bodyOf, type MessageBody } from "../http1/message_body.ts";
import { ResponseHeadReader } from "../http1/response_head.ts";

/** Characters of `X-Served-By` that are kept. */
const LONGEST_NAME = 64;
const NOTHING: Bytes = new Uint8Array(0);

/**
 * Finds the end of one response after another in the bytes of a connection, and tells what a load test needs: the
 * status, whether the connection stays open, and which target answered. A body's data are passed over. Nothing is
 * copied if a response's head arrives in one piece, which is the usual case. Malformed responses throw
 * {@linkcode Malformed}.
 */
export class ResponseReader {
  status = 0;
  /** The connection can carry another request after this response. */
  reusable = false;
  /** Value of `X-Served-By`, or null. */
  servedBy: string | null = null;
  /** The first bytes of the body that came together with the head: a view, good until the next `push`. */
  bodyStart: Bytes = NOTHING;
  #method = "GET";
  #heads = new ResponseHeadReader();
  /** Null while the head is unfinished. */
  #body: MessageBody | null = null;
  #partial: Bytes = NOTHING;

  /** Prepares for a response to this method. */
  expect(method: string): void {
    this.#method = method;
    this.#heads = new ResponseHeadReader();
    this.#body = null;
    this.#partial = NOTHING;
    this.bodyStart = NOTHING;
  }

  /** Takes the bytes that arrived and returns true when the response is whole. */
  push(bytes: Bytes): boolean {
    if (this.#body !== null) return this.#pass(this.#body, bytes, 0);
    const before = this.#partial.length;
    const joined = before === 0 ? bytes : join(this.#partial, bytes);
    const head = this.#heads.read(joined, joined.length);
    if (head === null) {
      // The caller uses its buffer again.
      this.#partial = before === 0 ? bytes.slice() : joined;
      return false;
    }
    const { start } = this.#heads;
    this.#partial = NOTHING;
    this.status = head.status;
    this.servedBy = head.get("x-served-by")?.slice(0, LONGEST_NAME) ?? null;
    this.bodyStart = joined.subarray(start);
    const body = this.#body = bodyOf(head, hasNoBody(head.status, this.#method));
    this.reusable = head.persistent && body.framing !== "until close";
    return this.#pass(body, joined, start);
  }

  /** Takes the end of the connection and returns true if that is a proper end of the response. */
  end(): boolean {
    return this.#body?.wholeAtClose() ?? false;
  }

  #pass(body: MessageBody, bytes: Bytes, from: number): boolean {
    let at = from;
    while (!body.done) {
      at = body.frame(bytes, at, bytes.length);
      const count = Math.min(body.dataLeft, bytes.length - at);
      if (count === 0) break;
      at += count;
      body.took(count);
    }
    // Bytes beyond the response belong to no request: the connection can't be trusted any more.
    if (body.done && at < bytes.length) this.reusable = false;
    return body.done;
  }
}

function join(a: Bytes, b: Bytes): Bytes {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
