import type { Bytes } from "../../http1/bytes.ts";
import { Lending } from "../../http1/lending.ts";

/** The smallest room: most heads fit, and each idle connection holds one. */
const LEAST_BYTES = 1_024;
/** Sizes, each double the one before: the largest holds the largest head. */
const SIZES = 7;
/** Bodies up to so many bytes are given room for all of them, alone or behind their heads: they come with one read. */
export const SMALL_BODY_BYTES = 8_000;

/**
 * Rooms for what clients send, by size. One is lent for each read that may wait long, and given back when the request
 * that came with it was answered: a connection holds one, and while it is served a second one for what comes next.
 */
export class ReadRooms {
  readonly #bySize = Array.from(
    { length: SIZES },
    (_, i) => new Lending<Bytes>(() => new Uint8Array(LEAST_BYTES << i)),
  );

  /** Lends the smallest room for more than `bytes`, if there is one that large, else the largest. */
  lend(bytes: number): Bytes {
    return this.of(bytes).lend();
  }

  /**
   * Lends a room for what is likely to come next, of 8 KB at most: who sends a large head on each of thousands of
   * connections, and then nothing, must not have them all hold room for another one.
   */
  lendAhead(bytes: number): Bytes {
    return this.lend(Math.min(bytes, SMALL_BODY_BYTES));
  }

  /** Gives what lends such rooms. */
  of(bytes: number): Lending<Bytes> {
    let size = 0;
    while (size < SIZES - 1 && LEAST_BYTES << size <= bytes) size++;
    return this.#bySize[size]!;
  }

  /** Takes a room back that no read, no write and no marks point to; those of other sizes are let go. */
  giveBack(room: Bytes): void {
    for (let size = 0; size < SIZES; size++) {
      if (room.length === LEAST_BYTES << size) return this.#bySize[size]!.giveBack(room);
    }
  }

  trim(): void {
    for (const lending of this.#bySize) lending.trim();
  }
}

/**
 * How much room the request after one like this should have, in bytes.
 *
 * @param bodyLength Content-Length; -1 if it is not known.
 */
export function roomFor(headBytes: number, bodyLength: number): number {
  return bodyLength > 0 && headBytes + bodyLength <= SMALL_BODY_BYTES ? headBytes + bodyLength : headBytes;
}
