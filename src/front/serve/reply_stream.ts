import type { Bytes } from "../../http1/bytes.ts";
import { letGo } from "../../http1/let_go.ts";

/**
 * How large a piece of a large body should be: each piece of a stream is a call into the platform and some promises.
 */
export const LARGE_PIECE_BYTES = 262_144;

/** Breaks a response's stream, so that the client sees a broken transfer; `Deno.serve` hands it to `onError`. */
export class CutTransfer extends Error {}

/** A response's body as a stream that takes a piece when the client wants it. */
export class ReplyStream {
  readonly readable: ReadableStream<Bytes>;
  #controller!: ReadableStreamDefaultController<Bytes>;
  /** The client wants a piece. */
  #wanted = false;
  #wake: PromiseWithResolvers<void> | null = null;
  #given: Bytes | null = null;
  #over = false;

  /**
   * @param first What has come already. @param left Called if the client leaves before the end.
   */
  constructor(first: Bytes | null, left: () => void) {
    this.readable = new ReadableStream<Bytes>({
      start: (controller) => void (this.#controller = controller),
      pull: () => {
        // The next piece is wanted, so the platform has taken the last one.
        if (this.#given !== null) letGo(this.#given);
        this.#given = null;
        if (first !== null && first.length > 0) {
          this.#controller.enqueue(first);
          first = null;
          return;
        }
        this.#wanted = true;
        this.#wake?.resolve();
      },
      cancel: () => {
        if (this.#over) return;
        this.#over = true;
        left();
        this.#wake?.reject(new CutTransfer("The client left"));
      },
    }, { highWaterMark: 0 });
  }

  /** Gives a piece when one is wanted; resolves when the next one is. */
  async write(piece: Bytes): Promise<void> {
    if (!this.#wanted) await this.#want();
    this.#give(piece);
    await this.#want();
  }

  /** Gives the last piece when one is wanted, and ends the stream. */
  async end(last: Bytes | null): Promise<void> {
    if (last !== null) {
      if (!this.#wanted) await this.#want();
      this.#give(last);
    } else if (this.#over) throw new CutTransfer("The client left");
    this.#over = true;
    this.#controller.close();
  }

  /** Breaks the stream off. */
  cut(): void {
    if (this.#over) return;
    this.#over = true;
    const error = new CutTransfer("Transfer cut");
    this.#controller.error(error);
    this.#wake?.reject(error);
  }

  async #want(): Promise<void> {
    if (this.#over) throw new CutTransfer("The client left");
    this.#wake = Promise.withResolvers();
    try {
      await this.#wake.promise;
    } finally {
      this.#wake = null;
    }
  }

  #give(piece: Bytes): void {
    this.#wanted = false;
    // The piece is lent, and the platform sends what it was given as it is then.
    this.#controller.enqueue(this.#given = piece.slice());
  }
}
