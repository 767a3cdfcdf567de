import type { Http2Stream } from "./http2_stream.ts";

/** Streams that we reset last: their client may not know yet, and goes on sending. More than may be open. */
const REMEMBERED = 256;

/**
 * The streams of a connection that are open, in no order. There are few, so that looking through them is cheaper than a
 * table that is filled and emptied all the time.
 */
export class OpenStreams {
  /** The highest number of a stream that the client has opened. */
  lastId = 0;
  readonly #open: Http2Stream[] = [];
  readonly #reset = new Uint32Array(REMEMBERED);
  #resets = 0;

  get size(): number {
    return this.#open.length;
  }

  /** Finds an open stream; null if it is closed, or was never opened. */
  find(id: number): Http2Stream | null {
    const open = this.#open;
    for (let i = open.length - 1; i >= 0; i--) if (open[i]!.id === id) return open[i]!;
    return null;
  }

  add(stream: Http2Stream): void {
    this.#open.push(stream);
  }

  remove(stream: Http2Stream): void {
    const place = this.#open.indexOf(stream);
    if (place < 0) return;
    const last = this.#open.pop()!;
    if (last !== stream) this.#open[place] = last;
    if (stream.ignores) this.ignore(stream.id);
  }

  /** What comes for this stream from now on is dropped. */
  ignore(id: number): void {
    this.#reset[this.#resets++ % REMEMBERED] = id;
  }

  /** Tells whether the client may not know yet that the stream is closed. */
  ignores(id: number): boolean {
    return this.#reset.includes(id);
  }

  /** Those that are open now, whatever becomes of them meanwhile. */
  all(): Http2Stream[] {
    return this.#open.slice();
  }
}
