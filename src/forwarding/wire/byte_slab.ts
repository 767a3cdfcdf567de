import type { Bytes } from "../../http1/bytes.ts";

const SLAB_BYTES = 65_536;
/** Longer ones get memory of their own: a slab lives as long as any of its pieces. */
const LARGEST_PIECE_BYTES = 2_048;

/**
 * Memory for many small pieces. The platform takes 700 ns and more to make a buffer and to collect it again; a piece of a larger
 * one costs a fifth. No place in it is ever given out twice.
 */
export class ByteSlab {
  #slab: Bytes = new Uint8Array(0);
  #at = 0;

  /** Copies `bytes` from `start` to `end`. */
  copy(bytes: Bytes, start: number, end: number): Bytes {
    const length = end - start;
    if (length > LARGEST_PIECE_BYTES) return bytes.slice(start, end);
    if (this.#at + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#at = 0;
    }
    const piece = this.#slab.subarray(this.#at, this.#at += length);
    piece.set(bytes.subarray(start, end));
    return piece;
  }
}
