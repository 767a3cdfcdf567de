import type { Bytes } from "./answer_head.ts";

/** Room for what a target sends in one read: most heads with their small bodies fit. */
const ANSWER_BYTES = 16_384;
/** Room for a request's head, and a small body behind it. */
const REQUEST_BYTES = 4_096;
/** Rooms kept for the next exchanges, 5 MB at most: what a moment of many requests needed more is not held for ever. */
const MAX_FREE = 256;

/** Places for the bytes of one exchange. */
export interface WireRoom {
  readonly answer: Bytes;
  readonly request: Bytes;
}

/**
 * Rooms of one thread, lent to connections while they are at work. The one given back last is lent first: so as many are in use
 * as there are requests under way, warm in the processor's caches, however many connections there are.
 */
export class WireRooms {
  readonly #free: WireRoom[] = [];

  lend(): WireRoom {
    return this.#free.pop() ?? { answer: new Uint8Array(ANSWER_BYTES), request: new Uint8Array(REQUEST_BYTES) };
  }

  /** Takes a room back that no read and no write is using any more: the next bytes in it are another client's. */
  giveBack(room: WireRoom): void {
    if (this.#free.length < MAX_FREE) this.#free.push(room);
  }
}
