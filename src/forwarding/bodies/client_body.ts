import { BodyBroken, type BodySource, type BodyWaiter, Superseded, UNANNOUNCED } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { Failure } from "../gateway_error.ts";
import type { AttemptBody } from "../target_request.ts";
import { KeptPieces } from "./kept_pieces.ts";

/** Bodies of a known length up to this many bytes are taken whole if they are there at once. */
const SMALL_BYTES = 65_536;
/** Most bytes of memory that what is kept of a body may take, so that another attempt can follow. */
const KEPT_BYTES = 262_144;

/** What a client's body reports while it moves. */
export interface BodyEvents {
  /** A piece came from the client. */
  bodyMoved(bytes: number): void;
  /** Waiting for the client begins and ends: the target's deadline stands still between. */
  bodyWaits(begins: boolean): void;
}

/** Who a piece of the body is given to. */
interface PieceTaker {
  /** Null at the end, or if the body has failed. */
  took(piece: Bytes | null): void;
  /** Another attempt has the body now. */
  superseded(): void;
}

/**
 * A client's request body, given to one attempt after another: what an attempt took before it failed is given to the
 * next one again, as long as it is little (it is kept until the first response, until no other attempt can follow, or
 * until it takes more than 256 KiB). Pieces are never held back and never read ahead of the target, so back-pressure
 * reaches the client.
 */
export class ClientBody implements BodyWaiter {
  readonly #source: BodySource;
  readonly #length: number;
  readonly #awaited: boolean;
  readonly #maxBytes: number;
  readonly #events: BodyEvents;
  /** Null as long as nothing is kept: most bodies are one piece, which stays where it is. */
  #kept: KeptPieces | null = null;
  #spent = false;
  #attempt = 0;
  #readBytes = 0;
  #arrived = false;
  /** The source was asked for a piece: for an attempt, or one before it, since its piece must not be lost. */
  #asked = false;
  #taker: PieceTaker | null = null;
  /** All of it, if it came as one piece. Nothing is read behind it, so the piece stays valid. */
  #whole: Bytes | null = null;
  /** Why the rest can't be read. */
  #failure: Failure | null = null;

  /**
   * @param length Content-Length; -1 if it is not known, {@linkcode UNANNOUNCED} if there may be no body.
   * @param awaited The client sends it when the target asks for it (`Expect: 100-continue`), so that nothing may wait
   * for it.
   * @param maxBytes MAX_BODY_BYTES; 0 for no limit.
   */
  constructor(
    source: BodySource,
    { length, awaited, maxBytes, events }: {
      readonly length: number;
      readonly awaited: boolean;
      readonly maxBytes: number;
      readonly events: BodyEvents;
    },
  ) {
    this.#awaited = awaited;
    this.#source = source;
    this.#length = length;
    this.#maxBytes = maxBytes;
    this.#events = events;
  }

  /** Pieces were given away that can't be given again. */
  get spent(): boolean {
    return this.#spent;
  }

  /**
   * Waits, if it has to, for the first piece of a small body, and of one that may be none. Called before the first
   * attempt, which begins when it may be sent: a client that does not bring its body is no target's matter. Returns why
   * no attempt can follow, or null.
   */
  arrive(): Failure | null | Promise<Failure | null> {
    if (this.#arrived || this.#awaited || !(this.#isSmall || this.#length === UNANNOUNCED)) return null;
    this.#arrived = true;
    const piece = this.#source.readNow?.() ?? null;
    return piece === null
      ? new Promise((resolve) => {
        const took = (piece: Bytes | null) => resolve(this.#begin(piece));
        this.pull({ took, superseded: () => {} });
      })
      : this.#begin(this.#take(piece));
  }

  /**
   * The body for the next attempt: the bytes themselves if a small one is there whole, null if there is none after all,
   * else something to read from.
   *
   * @param last No attempt can follow this one, so nothing has to be kept.
   */
  next(last: boolean): AttemptBody | Failure {
    const attempt = ++this.#attempt;
    this.#taker?.superseded();
    this.#taker = null;
    if (this.#whole !== null) return this.#whole;
    if (this.#spent) return new Failure("reset_before_headers", "The body can't be given a second time");
    if (this.#length === UNANNOUNCED && this.#readBytes === 0 && this.#source.done) return null;
    const kept = this.#kept ??= new KeptPieces();
    if (kept.length === this.#length && this.#length > 0) {
      const whole = kept.from(0);
      if (whole.length === this.#length) return whole;
    }
    return new AttemptReader(this, { attempt, last, kept });
  }

  /** The exchange is over: a read that waits for a piece ends with this failure. */
  giveUp(failure: Failure): void {
    this.#failure ??= failure;
    this.#give(null);
  }

  /** No further attempt will come: what was kept is let go. */
  forgetKept(): void {
    this.#spent = true;
    this.#kept = null;
  }

  /** This attempt is the last that was given the body. */
  isAt(attempt: number): boolean {
    return attempt === this.#attempt;
  }

  /** Has the next piece given to the one reader that waits for it. */
  pull(taker: PieceTaker): void {
    this.#taker = taker;
    if (this.#failure !== null) return this.#give(null);
    if (this.#asked) return;
    this.#asked = true;
    this.#events.bodyWaits(true);
    const source = this.#source;
    if (source.wait !== undefined) source.wait(this);
    else source.read().then((piece) => this.#got(piece), (error) => this.#broke(error));
  }

  came(): void {
    let piece: Bytes | null;
    try {
      piece = this.#source.readNow!();
    } catch (error) {
      return this.#broke(error);
    }
    this.#got(piece);
  }

  /** Why the rest can't be read; null if it can. */
  get failure(): Failure | null {
    return this.#failure;
  }

  get done(): boolean {
    return this.#source.done;
  }

  get trailers(): Bytes | null {
    return this.#source.trailers;
  }

  #broke(error: unknown): void {
    this.#failure ??= failureOfBody(error);
    this.#got(null);
  }

  #got(piece: Bytes | null): void {
    this.#asked = false;
    this.#events.bodyWaits(false);
    this.#give(piece === null || this.#failure !== null ? null : this.#take(piece));
  }

  #give(piece: Bytes | null): void {
    const taker = this.#taker;
    this.#taker = null;
    taker?.took(piece);
  }

  get #isSmall(): boolean {
    return this.#length >= 0 && this.#length <= SMALL_BYTES;
  }

  /** Looks at the first piece; returns why no attempt can follow, or null. */
  #begin(piece: Bytes | null): Failure | null {
    if (this.#failure !== null) return this.#failure;
    if (piece === null && this.#isSmall) return new Failure("client_closed", "The body ended before it began");
    if (piece !== null && piece.length === this.#length) this.#whole = piece;
    return null;
  }

  /** Counts a piece, and keeps it if another attempt may need it; null if the body is now too large. */
  #take(piece: Bytes): Bytes | null {
    this.#readBytes += piece.length;
    this.#events.bodyMoved(piece.length);
    if (this.#maxBytes > 0 && this.#readBytes > this.#maxBytes) {
      this.#failure = new Failure("body_too_large", `The body is larger than ${this.#maxBytes} bytes`);
      return null;
    }
    if (this.#spent || (piece.length === this.#length && this.#source.done)) return piece;
    const kept = this.#kept ??= new KeptPieces();
    // The piece is lent, and what is kept must stay as it is.
    const copy = kept.add(piece.slice());
    if (kept.heldBytes > KEPT_BYTES) this.forgetKept();
    return copy;
  }
}

/** One attempt's way through a body: first what was kept, then what comes. */
class AttemptReader implements BodySource, PieceTaker {
  readonly #body: ClientBody;
  readonly #attempt: number;
  readonly #last: boolean;
  /** What the body keeps; null once it keeps nothing any more, and all that it kept was given. */
  #kept: KeptPieces | null;
  #given = 0;
  #resolve: (piece: Bytes | null) => void = ignore;
  #reject: (error: unknown) => void = ignore;

  constructor(
    body: ClientBody,
    { attempt, last, kept }: { readonly attempt: number; readonly last: boolean; readonly kept: KeptPieces },
  ) {
    this.#body = body;
    this.#attempt = attempt;
    this.#last = last;
    this.#kept = kept;
  }

  /** A slow client makes it wait again and again: this is the one promise that is made for that. */
  read(): Promise<Bytes | null> {
    // Another attempt has the body: this one must not look whole.
    if (!this.#body.isAt(this.#attempt)) return Promise.reject(new Superseded());
    if (this.#last) this.#body.forgetKept();
    const again = this.#takeKept();
    if (again !== null || this.#body.done) return Promise.resolve(again);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#body.pull(this);
    });
  }

  took(piece: Bytes | null): void {
    const { failure } = this.#body;
    if (piece === null) return failure === null ? this.#resolve(null) : this.#reject(failure);
    const kept = this.#takeKept();
    if (kept === null) this.#kept = null;
    this.#resolve(kept ?? piece);
  }

  superseded(): void {
    this.#reject(new Superseded());
  }

  get done(): boolean {
    return this.#body.done && (this.#kept === null || this.#given >= this.#kept.length);
  }

  get trailers(): Bytes | null {
    return this.#body.trailers;
  }

  #takeKept(): Bytes | null {
    if (this.#kept === null || this.#given >= this.#kept.length) return null;
    const piece = this.#kept.from(this.#given);
    this.#given += piece.length;
    return piece;
  }
}

function ignore(): void {}

/** Says in the words of the closed list why a client's body can't be read. */
export function failureOfBody(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof BodyBroken) {
    const reason = ({ left: "client_closed", malformed: "bad_request", timeout: "body_timeout" } as const)[error.how];
    return new Failure(reason, error.message);
  }
  return new Failure("client_closed", `The client broke off its body: ${error}`);
}
