import { Failure } from "./gateway_error.ts";

/** Bodies of a known length up to this many bytes are taken whole where they are there at once. */
const SMALL_BYTES = 65_536;
/** Most bytes of a body that are kept so that an attempt which sent nothing can be followed by another. */
const KEPT_BYTES = 262_144;

/** What a request body reports while it moves. */
export interface BodyEvents {
  /** A piece moved toward the target. */
  moved(bytes: number): void;
  /** The client broke off, or sent more than allowed: this attempt can't be completed. */
  broken(failure: Failure): void;
}

/**
 * A client's request body, given to one attempt after another: pieces that an attempt took before it failed are given to the
 * next one again, as long as they are few (they are kept until the first answer or until they grow beyond 256 KiB). Pieces
 * are never held back and never read ahead of the target, so back-pressure reaches the client.
 */
export class RequestBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #length: number;
  readonly #maxBytes: number;
  readonly #events: BodyEvents;
  #kept: Uint8Array<ArrayBuffer>[] | null = [];
  #keptBytes = 0;
  #readBytes = 0;
  #ended = false;
  #attempt = 0;

  /** @param length Content-Length, or -1 where the body is chunked. @param maxBytes MAX_BODY_BYTES; 0 no limit. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, length: number, maxBytes: number, events: BodyEvents) {
    this.#reader = stream.getReader();
    this.#length = length;
    this.#maxBytes = maxBytes;
    this.#events = events;
  }

  /** Bytes that came from the client so far. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /** Pieces were given away that can't be given again. */
  get spent(): boolean {
    return this.#kept === null;
  }

  /**
   * The body for the next attempt: the bytes themselves where a small one is there whole (which costs a request one read
   * and no stream), else a stream.
   */
  async next(): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | Failure> {
    const attempt = ++this.#attempt;
    if (this.#length >= 0 && this.#length <= SMALL_BYTES && !this.#ended && this.#readBytes === 0) {
      const failure = await this.#pull();
      if (failure !== null) return failure;
    }
    if (this.#kept !== null && this.#keptBytes === this.#length && this.#kept.length === 1) return this.#kept[0]!;
    let given = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        if (attempt !== this.#attempt) return controller.error(new Error("Superseded by another attempt"));
        if (this.#kept !== null && given < this.#kept.length) return controller.enqueue(this.#kept[given++]!);
        if (!this.#ended) {
          const failure = await this.#pull();
          if (failure !== null) {
            this.#events.broken(failure);
            return controller.error(new Error(failure.detail));
          }
        }
        if (this.#last === null) return controller.close();
        const piece = this.#last;
        this.#last = null;
        given++;
        controller.enqueue(piece);
      },
    }, { highWaterMark: 0 });
  }

  /** No further attempt will come: what was kept is let go. */
  forgetKept(): void {
    this.#kept = null;
  }

  /** Stops reading; the client's remaining body is not wanted. */
  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }

  #last: Uint8Array<ArrayBuffer> | null = null;

  /** Reads one piece into `#last` (null at the end), keeping it while that is cheap. */
  async #pull(): Promise<Failure | null> {
    let piece: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
    try {
      piece = await this.#reader.read();
    } catch (error) {
      return new Failure("client_closed", `The client broke off its body: ${error}`);
    }
    if (piece.done) {
      this.#ended = true;
      this.#last = null;
      // The platform ends a body that its client cut short with an error, but never trust a length to someone else.
      if (this.#length >= 0 && this.#readBytes !== this.#length) {
        return new Failure("client_closed", `The body ended after ${this.#readBytes} of ${this.#length} bytes`);
      }
      return null;
    }
    this.#last = piece.value;
    this.#readBytes += piece.value.length;
    this.#events.moved(piece.value.length);
    if (this.#maxBytes > 0 && this.#readBytes > this.#maxBytes) {
      return new Failure("body_too_large", `The body is larger than ${this.#maxBytes} bytes`);
    }
    if (this.#kept !== null) {
      this.#keptBytes += piece.value.length;
      if (this.#keptBytes > KEPT_BYTES) this.#kept = null;
      else this.#kept.push(piece.value);
    }
    return null;
  }
}
