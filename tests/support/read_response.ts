import { Malformed } from "../../src/http1/malformed.ts";
import { bodyOf, type MessageBody } from "../../src/http1/message_body.ts";
import { hasNoBody } from "../../src/http1/framing.ts";
import { type ResponseHead, ResponseHeadReader } from "../../src/http1/response_head.ts";
import type { Bytes } from "../../src/http1/bytes.ts";
import { latin1, text } from "./raw_socket.ts";

/** What the parser made of a response's bytes. */
export interface ReadResponse {
  readonly head: ResponseHead;
  readonly body: string;
  /** The message's end was read. */
  readonly whole: boolean;
  /** How many bytes the message took. */
  readonly taken: number;
}

/**
 * Reads a response to GET out of pieces, each given to the parser as it comes; says "more" if the head does not end.
 */
export function readResponseIn(pieces: readonly string[]): ReadResponse | "more" {
  let bytes: Bytes = new Uint8Array(0);
  const reader = new ResponseHeadReader();
  let head: ResponseHead | null = null;
  let body: MessageBody | null = null;
  let at = 0;
  let data = "";
  for (const piece of pieces) {
    const larger = new Uint8Array(bytes.length + piece.length);
    larger.set(bytes);
    larger.set(latin1(piece), bytes.length);
    bytes = larger;
    if (head === null) {
      head = reader.read(bytes, bytes.length);
      if (head === null) continue;
      at = reader.start;
      body = bodyOf(head, hasNoBody(head.status, "GET"));
    }
    for (;;) {
      at = body!.frame(bytes, at, bytes.length);
      const count = Math.min(body!.dataLeft, bytes.length - at);
      if (body!.done || count === 0) break;
      data += text(bytes.subarray(at, at + count));
      at += count;
      body!.took(count);
    }
  }
  return head === null ? "more" : { head, body: data, whole: body!.done, taken: at };
}

/**
 * Cuts a message in all the ways that the suites feed it to a parser: whole, byte by byte, at every place, and into
 * three pieces at many.
 */
export function* cutsOf(message: string): Generator<string[]> {
  yield [message];
  yield [...message];
  for (let i = 0; i <= message.length; i++) {
    yield [message.slice(0, i), message.slice(i)];
    for (let j = i + 1; j <= message.length; j += 7) yield [message.slice(0, i), message.slice(i, j), message.slice(j)];
  }
}

/** What is wrong with a response; null if nothing is. */
export function problemOf(pieces: readonly string[]): string | null {
  try {
    readResponseIn(pieces);
    return null;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}
