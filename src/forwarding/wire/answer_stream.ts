import type { Bytes } from "../../http1/bytes.ts";
import { type MessageBody, takeData } from "../../http1/message_body.ts";
import type { ConnectionOwner, WireConnection } from "./wire_connection.ts";

/** Room for a reader that brings none of its own. */
const OWN_ROOM_BYTES = 16_384;

/**
 * A body that comes as a byte stream: it reads from its connection only when somebody takes, straight into the taker's
 * place where it can. Ends when the message does; breaks where the connection ends before.
 */
export class AnswerStream implements ConnectionOwner {
  readonly readable: ReadableStream<Bytes>;
  /** A read into the held place is under way. */
  reading = false;
  readonly #connection: WireConnection;
  readonly #body: MessageBody;
  /** Told once: whether the message came whole. */
  readonly #ended: (whole: boolean) => void;
  /** Data that came before somebody took them, `taken` to `have`. */
  #held: Bytes;
  #taken = 0;
  #have: number;
  #controller!: ReadableByteStreamController;
  #wake: (() => void) | null = null;
  #count = 0;
  #atEnd = false;
  #error: unknown = null;
  #over = false;

  constructor(
    connection: WireConnection,
    body: MessageBody,
    start: { readonly place: Bytes; readonly have: number; ended(whole: boolean): void },
  ) {
    this.#connection = connection;
    this.#body = body;
    this.#held = start.place;
    this.#have = start.have;
    this.#ended = start.ended;
    this.readable = new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: OWN_ROOM_BYTES,
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => this.#end(false),
    });
  }

  received(count: number): void {
    if (this.reading) {
      this.reading = false;
      this.#have += count;
      this.#body.took(count);
    }
    this.#count = count;
    this.#wake?.();
  }

  ended(error: unknown): void {
    this.reading = false;
    this.#atEnd = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Breaks the stream off and closes the connection. */
  abort(): void {
    if (this.#over) return;
    this.#end(false);
    this.#controller.error(new Error("Given up"));
    this.#wake?.();
  }

  async #pull(): Promise<void> {
    const request = this.#controller.byobRequest!;
    const view = request.view as Bytes;
    try {
      const count = await this.#take(view);
      if (this.#over) return;
      if (this.#body.done && this.#taken === this.#have) {
        this.#end(true);
        if (count > 0) request.respond(count);
        this.#controller.close();
        if (count === 0) request.respond(0);
      } else {
        request.respond(count);
      }
    } catch (error) {
      if (this.#over) return;
      this.#end(false);
      this.#controller.error(error);
    }
  }

  /** Brings data into `place`: at least a byte, none only at the end of the message. */
  async #take(place: Bytes): Promise<number> {
    const connection = this.#connection;
    const body = this.#body;
    for (;;) {
      if (this.#taken < this.#have) return this.#takeHeld(place);
      if (this.#over) return 0;
      if (!this.reading) {
        const count = takeData(body, connection, place);
        if (count > 0 || body.done) return count;
        if (this.#atEnd) return this.#endOfConnection();
        // Few bytes until the next chunk's size: better read together with it.
        const direct = Math.min(body.dataLeft, place.length);
        if (direct > 0 && (body.framing !== "chunked" || direct === place.length)) {
          connection.readInto(direct < place.length ? place.subarray(0, direct) : place);
          await this.#woken();
          if (this.#atEnd) return this.#endOfConnection();
          if (this.#over) return 0;
          body.took(this.#count);
          return this.#count;
        }
        connection.fill();
      }
      await this.#woken();
    }
  }

  #takeHeld(place: Bytes): number {
    const count = Math.min(place.length, this.#have - this.#taken);
    place.set(this.#held.subarray(this.#taken, this.#taken + count));
    this.#taken += count;
    return count;
  }

  #endOfConnection(): number {
    const cut = this.#error !== null || !this.#body.wholeAtClose();
    if (cut) throw new Error(`The target broke off its body${this.#error === null ? "" : ` (${this.#error})`}`);
    this.#body.done = true;
    return 0;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  #end(whole: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended(whole);
  }
}
