import { Failure } from "./gateway_error.ts";
import { letGo } from "./let_go.ts";

/** Bodies of a known length up to this many bytes are taken whole where they are there at once. */
const SMALL_BYTES = 65_536;
/** Most bytes of a body that are kept so that an attempt which sent nothing can be followed by another. */
const KEPT_BYTES = 262_144;

/**
 * A body's length where neither Content-Length nor Transfer-Encoding came. In HTTP/1.1 there is no body then; but Deno.serve
 * speaks HTTP/2 too, to clients that begin with it, and there a body needs neither: only reading tells.
 */
export const UNANNOUNCED = -2;

/** A read's outcome: bytes, the end, or why there are none. */
type Piece = Uint8Array<ArrayBuffer> | null | Failure;

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
  readonly #announced: boolean;
  readonly #maxBytes: number;
  readonly #events: BodyEvents;
  #kept: Uint8Array<ArrayBuffer>[] | null = [];
  #keptBytes = 0;
  #readBytes = 0;
  #ended = false;
  #attempt = 0;
  /** The one read under way: a read that an attempt began before it failed is shared with the next, or its piece were lost. */
  #pulling: Promise<Piece> | null = null;
  #givenUp: Failure | null = null;

  /** @param length Content-Length, -1 where the body is chunked, or {@linkcode UNANNOUNCED}. @param maxBytes MAX_BODY_BYTES; 0 no limit. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, length: number, maxBytes: number, events: BodyEvents) {
    this.#reader = stream.getReader();
    this.#length = Math.max(length, -1);
    this.#announced = length !== UNANNOUNCED;
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
   * and no stream), null where an unannounced one turns out to be none, else a stream.
   */
  async next(): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null | Failure> {
    const attempt = ++this.#attempt;
    const small = this.#length >= 0 && this.#length <= SMALL_BYTES;
    if ((small || !this.#announced) && !this.#ended && this.#readBytes === 0) {
      const piece = await this.#pull();
      if (piece instanceof Failure) return piece;
    }
    if (this.#kept === null) return new Failure("reset_before_headers", "The body can't be given a second time");
    if (!this.#announced && this.#ended && this.#keptBytes === 0) return null;
    if (this.#keptBytes === this.#length && this.#kept.length === 1) return this.#kept[0]!;
    // As it grows: a read that an attempt before this one began may bring its piece at any moment.
    const kept = this.#kept;
    let given = 0;
    let sent: Uint8Array<ArrayBuffer> | null = null;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        // The next piece is wanted, so the last one is on its way; what is kept is needed again.
        if (sent !== null) letGo(sent);
        sent = null;
        if (attempt === this.#attempt && given < kept.length) return controller.enqueue(kept[given++]!);
        const piece = attempt === this.#attempt && !this.#ended ? await this.#pull() : null;
        // Another attempt took over meanwhile: it has the piece, and this one must not look like a whole body.
        if (attempt !== this.#attempt) return controller.error(new Error("Superseded by another attempt"));
        if (piece === null) return controller.close();
        if (!(piece instanceof Failure)) {
          if (kept[given] === piece) given++;
          if (this.#kept === null) {
            // All that was kept has been given, and no other attempt will come.
            kept.length = given = 0;
            sent = piece;
          }
          return controller.enqueue(piece);
        }
        this.#events.broken(piece);
        controller.error(new Error(piece.detail));
      },
    }, { highWaterMark: 0 });
  }

  /** No further attempt will come: what was kept is let go. */
  forgetKept(): void {
    this.#kept = null;
  }

  /** Stops reading: the client's remaining body is not wanted, and whoever waits for a piece gets this failure. */
  giveUp(failure: Failure): void {
    this.#givenUp ??= failure;
    this.#reader.cancel().catch(() => {});
  }

  /**
   * The exchange is over: what the client has not sent by now (an answer came before it) nobody will read. The platform has to hear
   * that, or it keeps the client's socket after its end until garbage is collected: a file for each such request.
   */
  notWanted(): void {
    if (!this.#ended) this.giveUp(new Failure("client_closed", "The exchange was over before the body"));
  }

  /**
   * All that was announced is there. The platform has to hear that nobody waits for more: it would close the client's
   * connection behind the answer, and keep its socket until garbage is collected.
   */
  #close(): void {
    this.#ended = true;
    this.#reader.cancel().catch(() => {});
  }

  /** Gives the next piece, null at the end; whoever asks while a read is under way gets the same piece. */
  #pull(): Promise<Piece> {
    return this.#pulling ??= this.#read().finally(() => this.#pulling = null);
  }

  /** Reads one piece, keeping it while that is cheap. */
  async #read(): Promise<Piece> {
    let piece: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
    try {
      // The platform gives an empty piece where there is no body at all.
      do piece = await this.#reader.read(); while (!piece.done && piece.value.length === 0);
    } catch (error) {
      if (this.#givenUp !== null) return this.#givenUp;
      return new Failure("client_closed", `The client broke off its body: ${error}`);
    }
    if (this.#givenUp !== null) return this.#givenUp;
    if (piece.done) {
      this.#ended = true;
      // The platform ends a body that its client cut short with an error, but never trust a length to someone else.
      if (this.#length >= 0 && this.#readBytes !== this.#length) {
        return new Failure("client_closed", `The body ended after ${this.#readBytes} of ${this.#length} bytes`);
      }
      return null;
    }
    this.#readBytes += piece.value.length;
    this.#events.moved(piece.value.length);
    if (this.#maxBytes > 0 && this.#readBytes > this.#maxBytes) {
      return new Failure("body_too_large", `The body is larger than ${this.#maxBytes} bytes`);
    }
    if (this.#readBytes === this.#length) this.#close();
    if (this.#kept !== null) {
      this.#keptBytes += piece.value.length;
      // The last one too, for an attempt that is still being given what was kept.
      this.#kept.push(piece.value);
      if (this.#keptBytes > KEPT_BYTES) this.#kept = null;
    }
    return piece.value;
  }
}
