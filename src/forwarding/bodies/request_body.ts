import { Failure } from "../gateway_error.ts";
import { KeptPieces } from "./kept_pieces.ts";
import { letGo } from "./let_go.ts";

/** Bodies of a known length up to this many bytes are taken whole where they are there at once. */
const SMALL_BYTES = 65_536;
/** Most bytes of memory that what is kept of a body may take, so that another attempt can follow. */
const KEPT_BYTES = 262_144;

/**
 * Pieces below so many bytes, of a body that is not kept, are copied out of their buffers, which take 64 KiB each: on its way to
 * `fetch` a body waits in a queue of up to 1,024 pieces.
 */
const COPIED_BYTES = 4_096;

/**
 * A body's length where neither Content-Length nor Transfer-Encoding came. In HTTP/1.1 there is no body then; but Deno.serve
 * speaks HTTP/2 too, to clients that begin with it, and there a body needs neither: only reading tells.
 */
export const UNANNOUNCED = -2;

type Bytes = Uint8Array<ArrayBuffer>;

/** A read's outcome: bytes, the end, or why there are none. */
type Piece = Bytes | null | Failure;

/** What a request body reports while it moves. */
export interface BodyEvents {
  /** The client's next bytes are waited for; `came` follows in any case. */
  waits(): void;
  /** So many bytes came, to go to the target; 0 at the end, or where it broke. */
  came(bytes: number): void;
  /** The client broke off, or sent what may not be: this attempt can't be completed. */
  broken(failure: Failure): void;
}

/**
 * A client's request body, given to one attempt after another: pieces that an attempt took before it failed are given to the
 * next one again, as long as they are few (they are kept until the first answer, until no other attempt can follow, or until they
 * take more than 256 KiB). Pieces are never held back and never read ahead of the target, so back-pressure reaches the client.
 */
export class RequestBody {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #length: number;
  readonly #announced: boolean;
  readonly #maxBytes: number;
  readonly #events: BodyEvents;
  #kept: KeptPieces | null = new KeptPieces();
  #readBytes = 0;
  #ended = false;
  #attempt = 0;
  /** The one read under way: a read that an attempt began before it failed is shared with the next, or its piece were lost. */
  #pulling: Promise<Piece> | null = null;
  #givenUp: Failure | null = null;

  /**
   * @param length Content-Length, -1 where the body is chunked, or {@linkcode UNANNOUNCED}.
   * @param maxBytes MAX_BODY_BYTES; 0 no limit.
   */
  constructor(
    stream: ReadableStream<Bytes>,
    length: number,
    maxBytes: number,
    events: BodyEvents,
  ) {
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

  /** All that was announced has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Waits for the first piece of a small body, and of one that may be none; called before the first attempt, which begins when it
   * may be sent. Gives why no attempt can follow, or null.
   */
  async arrive(): Promise<Failure | null> {
    if (this.#length > SMALL_BYTES || (this.#length < 0 && this.#announced)) return null;
    const piece = await this.#pull();
    return piece instanceof Failure ? piece : null;
  }

  /**
   * The body for the next attempt: the bytes themselves where a small one is there whole (which costs a request one read
   * and no stream), null where an unannounced one turns out to be none, else a stream.
   *
   * @param last No attempt follows one that has begun to take the stream, so that nothing is kept from then on.
   */
  next(last = false): Bytes | ReadableStream<Bytes> | null | Failure {
    const attempt = ++this.#attempt;
    if (this.#kept === null) return new Failure("reset_before_headers", "The body can't be given a second time");
    let kept: KeptPieces = this.#kept;
    if (!this.#announced && this.#ended && kept.length === 0) return null;
    if (kept.length === this.#length && kept.length > 0) {
      const whole = kept.from(0);
      if (whole.length === this.#length) return whole;
    }
    // Of what is kept as it grows: a read that an attempt before this one began may bring its piece at any moment.
    let given = 0;
    let sent: Bytes | null = null;
    return new ReadableStream<Bytes>({
      pull: async (controller) => {
        // The next piece is wanted, so the last one is on its way.
        if (sent !== null) letGo(sent);
        sent = null;
        if (last && attempt === this.#attempt) this.#kept = null;
        if (attempt === this.#attempt && given < kept.length) {
          const again = kept.from(given);
          given += again.length;
          return controller.enqueue(again);
        }
        if (this.#kept === null && given > 0) {
          // All that was kept has been given, and no other attempt will come.
          kept = new KeptPieces();
          given = 0;
        }
        const piece = attempt === this.#attempt && !this.#ended ? await this.#pull() : null;
        // Another attempt took over meanwhile: it has the piece, and this one must not look like a whole body.
        if (attempt !== this.#attempt) return controller.error(new Error("Superseded by another attempt"));
        if (piece === null) return controller.close();
        if (!(piece instanceof Failure)) {
          if (kept.length > given) given += piece.length;
          else if (piece.length >= COPIED_BYTES) sent = piece;
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
    let piece: ReadableStreamReadResult<Bytes>;
    this.#events.waits();
    try {
      // The platform gives an empty piece where there is no body at all.
      do piece = await this.#reader.read(); while (!piece.done && piece.value.length === 0);
    } catch (error) {
      this.#events.came(0);
      return this.#givenUp ?? whyBroken(error);
    }
    this.#events.came(piece.done ? 0 : piece.value.length);
    if (this.#givenUp !== null) return this.#givenUp;
    if (piece.done) {
      this.#ended = true;
      // The platform ends a body that its client cut short with an error, but never trust a length to someone else.
      if (this.#length >= 0 && this.#readBytes !== this.#length) {
        return new Failure("bad_request", `The body ended after ${this.#readBytes} of ${this.#length} bytes`);
      }
      return null;
    }
    this.#readBytes += piece.value.length;
    if (this.#maxBytes > 0 && this.#readBytes > this.#maxBytes) {
      return new Failure("body_too_large", `The body is larger than ${this.#maxBytes} bytes`);
    }
    if (this.#readBytes === this.#length) this.#close();
    return this.#keep(piece.value);
  }

  /** Gives the piece to pass on: the one that is kept, or one whose buffer is no larger than it is worth. */
  #keep(piece: Bytes): Bytes {
    const kept = this.#kept;
    if (kept === null && piece.length >= COPIED_BYTES) return piece;
    // The last one is kept too, for an attempt that is still being given what was kept.
    const compact = kept === null ? piece.slice() : kept.add(piece);
    if (kept !== null && kept.heldBytes > KEPT_BYTES) this.#kept = null;
    if (compact.buffer !== piece.buffer) letGo(piece);
    return compact;
  }
}

/**
 * Tells a client that left from one that may be there still, and is to be told that its body is broken. Text is all that the
 * platform gives: a body that is malformed is `invalid`, and one whose client ended its side is a resource that is gone.
 */
function whyBroken(error: unknown): Failure {
  const text = String(error);
  const broken = error instanceof Deno.errors.BadResource || text.includes("invalid");
  return broken
    ? new Failure("bad_request", `The request's body is broken: ${text}`)
    : new Failure("client_closed", `The client broke off its body: ${text}`);
}
