type Bytes = Uint8Array<ArrayBuffer>;

/** Smallest and largest place that small pieces are copied into: it doubles as a body grows. */
const FIRST_PLACE_BYTES = 1_024;
const LARGEST_PLACE_BYTES = 65_536;
/** Pieces below so many bytes are always copied: an object of its own costs more than they do. */
const COPIED_BYTES = 4_096;

/**
 * The pieces of a body that may have to be given again. `Deno.serve` hands each chunk out as a view of a buffer of 64
 * KiB, so that keeping a piece of one byte would cost 64 KiB: a small piece, and one that fills less than half of its
 * buffer, is copied behind the others.
 */
export class KeptPieces {
  readonly #places: Bytes[] = [];
  /** How much of the last place is filled; the others are cut to what they hold. */
  #filled = 0;
  #heldBytes = 0;
  #length = 0;

  /** Bytes of the body that are kept. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that they take. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Keeps a piece behind the others, and gives the kept one: the same, or its copy where its own buffer is not kept.
   */
  add(piece: Bytes): Bytes {
    this.#length += piece.length;
    if (piece.length >= COPIED_BYTES && piece.length * 2 >= piece.buffer.byteLength) {
      this.#addPlace(piece, piece.buffer.byteLength);
      this.#filled = piece.length;
      return piece;
    }
    const last = this.#places.at(-1);
    const place = last !== undefined && last.length - this.#filled >= piece.length
      ? last
      : this.#addPlace(new Uint8Array(this.#nextSize(piece.length)));
    place.set(piece, this.#filled);
    return place.subarray(this.#filled, this.#filled += piece.length);
  }

  /**
   * What is kept from the `at`th byte on, as far as it lies in one place; `at` is below `length`. The bytes stay as
   * they are.
   */
  from(at: number): Bytes {
    let start = 0;
    for (let i = 0; i < this.#places.length; i++) {
      const place = this.#places[i]!;
      const end = start + (i === this.#places.length - 1 ? this.#filled : place.length);
      if (at < end) return place.subarray(at - start, end - start);
      start = end;
    }
    throw new RangeError(`Cannot give byte ${at} of ${this.#length}`);
  }

  /** The first place is as large as its piece: most bodies are one small piece. */
  #nextSize(wanted: number): number {
    if (this.#places.length === 0) return wanted;
    const size = Math.max(FIRST_PLACE_BYTES, this.#length);
    return Math.max(wanted, size < LARGEST_PLACE_BYTES ? size : LARGEST_PLACE_BYTES);
  }

  #addPlace(place: Bytes, heldBytes = place.length): Bytes {
    // What is left of the place before is not filled any more.
    const before = this.#places.length - 1;
    if (before >= 0) this.#places[before] = this.#places[before]!.subarray(0, this.#filled);
    this.#places.push(place);
    this.#filled = 0;
    this.#heldBytes += heldBytes;
    return place;
  }
}
