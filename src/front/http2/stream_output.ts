import type { Bytes } from "../../http1/bytes.ts";
import { ErrorCode } from "../../http2/frame.ts";
import { LARGEST_WINDOW } from "../../http2/settings.ts";
import type { ResponseHead } from "../reply.ts";
import type { FrameWriter } from "./frame_writer.ts";
import { headFields, type ResponseFields, trailerFields } from "./response_fields.ts";
import { type Sender, Turn } from "./sender.ts";

/** No code of an error. */
const NONE = -1;

/** What the output of a stream needs of its connection. */
export interface OutputOwner {
  readonly writer: FrameWriter;
  /** Some of a response's body was written. @param whole It was all that there was. */
  moved(bytes: number, whole: boolean): void;
  /** A stream waits for the client to open a window, or waits no more. */
  waits(begins: boolean): void;
}

/** Hears what becomes of a stream. */
export interface OutputEvents {
  /** By how much the client's window for the stream opens now; 0 for not at all. */
  opensBy(): number;
  /** The response is written whole; returns whether the request has ended too. */
  answered(): boolean;
  /** A reset is written: the stream is closed. */
  wasReset(): void;
}

/**
 * What one stream has to send, in the order in which it goes out: interim response, head, body, trailers. It holds one
 * piece of the body, which is its owner's until it is written, as far as the client's windows allow.
 */
export class StreamOutput implements Sender<FrameWriter> {
  nextSender: Sender<FrameWriter> | null = null;
  queued = false;
  /** END_STREAM or RST_STREAM is still to be written. */
  open = true;
  readonly #id: number;
  readonly #owner: OutputOwner;
  readonly #events: OutputEvents;
  /** What the client lets be sent. */
  #window: number;
  #interim: ResponseFields | null = null;
  #head: ResponseFields | null = null;
  #piece: Bytes | null = null;
  /** Bytes of the piece that were written. */
  #at = 0;
  #ends = false;
  #trailers: ResponseFields | null = null;
  /** With what the stream is to be reset; `NONE` for not at all. */
  #reset = NONE;
  /** With what it is to be reset behind its response, instead of ending in order. */
  #endsWith = NONE;
  #opensWindow = false;
  #takes: PromiseWithResolvers<void> | null = null;
  #stuck = false;

  /** @param window What the client lets be sent at first. */
  constructor(
    owner: OutputOwner,
    { id, window, events }: { readonly id: number; readonly window: number; readonly events: OutputEvents },
  ) {
    this.#owner = owner;
    this.#id = id;
    this.#window = window;
    this.#events = events;
  }

  /** Nothing more of the response is written. */
  get over(): boolean {
    return !this.open || this.#reset !== NONE;
  }

  /** The client lets more be sent, or less; false if that is more than there can be. */
  widen(by: number): boolean {
    this.#window += by;
    if (this.#window > LARGEST_WINDOW) return false;
    if (this.#stuck && this.#window > 0) this.#owner.writer.wants(this);
    return true;
  }

  /** The client is to be told that it may send more. */
  openWindow(): void {
    this.#opensWindow = true;
    this.#owner.writer.wants(this);
  }

  interim(head: ResponseHead): Promise<void> {
    this.#interim = headFields(head);
    return this.#send();
  }

  /**
   * Takes the head, which waits for what follows it, or for {@linkcode flush}. Its lines are read now: the next read of
   * the body may take their place.
   */
  head(head: ResponseHead): void {
    this.#head = headFields(head);
  }

  flush(): void {
    if (this.#head !== null) this.#owner.writer.wants(this);
  }

  write(piece: Bytes): Promise<void> {
    this.#piece = piece;
    this.#at = 0;
    return this.#send();
  }

  end(last: Bytes | null, trailers: Bytes | null): Promise<void> {
    this.#piece = last;
    this.#at = 0;
    this.#trailers = trailers === null ? null : trailerFields(trailers);
    this.#ends = true;
    return this.#send();
  }

  /** Behind its response the stream is reset, for a rule that its request broke (RFC 9113 section 8.1.1). */
  endWith(code: number): void {
    this.#endsWith = code;
  }

  /** Breaks the response off, and resets the stream. */
  reset(code: number): void {
    this.#reset = this.#endsWith === NONE ? code : this.#endsWith;
    this.#drop();
    this.#owner.writer.wants(this);
  }

  /** The stream is closed: nothing more is written. */
  close(): void {
    const stuck = this.#stuck;
    this.open = false;
    this.#drop();
    // It has a place among those that wait for the connection's window, and gives it up.
    if (stuck) this.#owner.writer.wants(this);
  }

  fill(writer: FrameWriter): Turn {
    if (!this.open) return Turn.over;
    if (this.#reset !== NONE) return this.#writeReset(writer);
    if (this.#opensWindow) {
      if (!writer.takesSmall) return Turn.room;
      this.#opensWindow = false;
      const by = this.#events.opensBy();
      if (by > 0) writer.windowUpdate(this.#id, by);
    }
    if (this.#interim !== null) {
      if (!writer.fields(this.#id, this.#interim, false)) return Turn.room;
      this.#interim = null;
    }
    if (this.#head !== null) {
      const last = this.#ends && this.#piece === null && this.#endsInOrder;
      if (!writer.fields(this.#id, this.#head, last)) return Turn.room;
      this.#head = null;
      if (last) return this.#finish(writer);
    }
    return this.#piece === null ? this.#writeEnd(writer) : this.#writePiece(writer, this.#piece);
  }

  #send(): Promise<void> {
    if (this.over) return Promise.reject(new StreamGone());
    this.#owner.writer.wants(this);
    if (this.#piece === null && this.#interim === null && (!this.#ends || !this.open)) return DONE;
    this.#takes = Promise.withResolvers();
    return this.#takes.promise;
  }

  #writePiece(writer: FrameWriter, piece: Bytes): Turn {
    const left = piece.length - this.#at;
    const window = Math.min(this.#window, writer.window);
    if (window <= 0) {
      this.#wait(true);
      return this.#window <= 0 ? Turn.over : Turn.window;
    }
    this.#wait(false);
    const count = writer.dataRoom(Math.min(left, window));
    if (count === 0) return Turn.room;
    const whole = count === left;
    const last = whole && this.#ends && this.#endsInOrder;
    const some = count === piece.length ? piece : piece.subarray(this.#at, this.#at + count);
    writer.data(this.#id, some, last);
    this.#at += count;
    this.#window -= count;
    this.#owner.moved(count, whole);
    if (!whole) return Turn.again;
    this.#piece = null;
    return last ? this.#finish(writer) : this.#writeEnd(writer);
  }

  /** Everything before the response's end is written. */
  #writeEnd(writer: FrameWriter): Turn {
    if (!this.#ends) return this.#taken();
    if (this.#endsWith !== NONE) {
      this.#reset = this.#endsWith;
      return this.#writeReset(writer);
    }
    if (this.#trailers !== null) {
      if (!writer.fields(this.#id, this.#trailers, true)) return Turn.room;
    } else {
      if (!writer.takesSmall) return Turn.room;
      writer.data(this.#id, NO_BYTES, true);
    }
    return this.#finish(writer);
  }

  /** END_STREAM is written. What the client still sends of its request is not wanted (RFC 9113 section 8.1). */
  #finish(writer: FrameWriter): Turn {
    if (!this.#events.answered()) {
      this.#reset = ErrorCode.NO_ERROR;
      return this.#writeReset(writer);
    }
    this.open = false;
    return this.#taken();
  }

  #writeReset(writer: FrameWriter): Turn {
    if (!writer.takesSmall) return Turn.room;
    writer.reset(this.#id, this.#reset);
    this.open = false;
    this.#events.wasReset();
    return this.#taken();
  }

  get #endsInOrder(): boolean {
    return this.#trailers === null && this.#endsWith === NONE;
  }

  #taken(): Turn {
    const takes = this.#takes;
    this.#takes = null;
    takes?.resolve();
    return Turn.over;
  }

  /** Lets go of what waits. */
  #drop(): void {
    this.#head = this.#interim = this.#piece = null;
    this.#wait(false);
    const takes = this.#takes;
    this.#takes = null;
    takes?.reject(new StreamGone());
  }

  #wait(begins: boolean): void {
    if (this.#stuck === begins) return;
    this.#stuck = begins;
    this.#owner.waits(begins);
  }
}

/** The stream is closed: nothing more can be sent on it. */
class StreamGone extends Error {}

const DONE = Promise.resolve();
const NO_BYTES: Bytes = new Uint8Array(0);
