import { AnswerBody } from "../../src/forwarding/answer_body.ts";
import {
  type AnswerHead,
  BadAnswer,
  type Bytes,
  HeadFinder,
  parseAnswerHead,
} from "../../src/forwarding/answer_head.ts";
import { latin1, text } from "./raw_socket.ts";

/** What the parser made of an answer's bytes. */
export interface ReadAnswer {
  readonly head: AnswerHead;
  readonly body: string;
  /** The message's end was read. */
  readonly whole: boolean;
  /** How many bytes the message took. */
  readonly taken: number;
}

/** Reads an answer to GET out of pieces, each given to the parser as it comes; says "more" where the head does not end. */
export function readAnswer(pieces: readonly string[]): ReadAnswer | "more" {
  let bytes: Bytes = new Uint8Array(0);
  const finder = new HeadFinder();
  finder.restart(0);
  let head: AnswerHead | null = null;
  let body: AnswerBody | null = null;
  let at = 0;
  let data = "";
  for (const piece of pieces) {
    const larger = new Uint8Array(bytes.length + piece.length);
    larger.set(bytes);
    larger.set(latin1(piece), bytes.length);
    bytes = larger;
    if (head === null) {
      const end = finder.find(bytes, bytes.length);
      if (end < 0) continue;
      head = parseAnswerHead(bytes, 0, at = end);
      body = bodyOf(head);
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

function bodyOf(head: AnswerHead): AnswerBody {
  if (head.status === 204 || head.status === 304) return new AnswerBody("length", 0);
  if (head.chunked) return new AnswerBody("chunked");
  return head.contentLength < 0 ? new AnswerBody("until close") : new AnswerBody("length", head.contentLength);
}

/** What is wrong with an answer; null where nothing is. */
export function problemOf(answer: string): string | null {
  try {
    readAnswer([answer]);
    return null;
  } catch (error) {
    if (error instanceof BadAnswer) return error.message;
    throw error;
  }
}
