import type { Bytes } from "./bytes.ts";
import { ChunkReader } from "./chunked.ts";
import type { Framing } from "./framing.ts";

/** How a message's end is found (RFC 9112 section 6.3). */
export type BodyFraming = "length" | "chunked" | "until close";

/**
 * Where the data of a body stand among its bytes. Data are taken in runs of `dataLeft` bytes; what stands between them
 * goes through {@linkcode MessageBody.frame}. Nothing behind the message's end is ever touched.
 */
export class MessageBody {
  readonly framing: BodyFraming;
  /** Bytes of data that come next, whatever they are. */
  dataLeft: number;
  /** The message's end has been read. */
  done: boolean;
  readonly #chunks: ChunkReader | null;

  /** @param length Content-Length, for that framing. */
  constructor(framing: BodyFraming, length = 0) {
    this.framing = framing;
    this.dataLeft = framing === "length" ? length : framing === "until close" ? Infinity : 0;
    this.done = framing === "length" && length === 0;
    this.#chunks = framing === "chunked" ? new ChunkReader("server") : null;
  }

  /** Notes that `count` bytes of data were taken, at most `dataLeft`. */
  took(count: number): void {
    this.dataLeft -= count;
    if (this.#chunks !== null) this.#chunks.took(count);
    else if (this.dataLeft === 0) this.done = true;
  }

  /** Tells whether the body is whole when the connection ends here. */
  wholeAtClose(): boolean {
    return this.done || this.framing === "until close";
  }

  /**
   * Reads what stands between the data of a chunked body, from `from` on; returns where it stopped: at data, at the
   * message's end, or at `end` because more is needed. Throws {@linkcode Malformed}.
   */
  frame(bytes: Bytes, from: number, end: number): number {
    const chunks = this.#chunks;
    if (chunks === null || this.dataLeft > 0) return from;
    const at = chunks.frame(bytes, from, end);
    this.dataLeft = chunks.dataLeft;
    this.done = chunks.done;
    return at;
  }
}

/** Gives the body that a response's head announces; `bodyless` as {@linkcode hasNoBody} says. */
export function bodyOf(head: Framing, bodyless: boolean): MessageBody {
  if (bodyless) return new MessageBody("length", 0);
  if (head.chunked) return new MessageBody("chunked");
  return head.contentLength < 0 ? new MessageBody("until close") : new MessageBody("length", head.contentLength);
}
