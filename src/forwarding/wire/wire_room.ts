import type { Bytes } from "../../http1/bytes.ts";
import { Lending } from "../../http1/lending.ts";

/** Room for what a target sends in one read: most heads with their small bodies fit. */
const ANSWER_BYTES = 16_384;
/** Room for a request's head, and a small body behind it. */
const REQUEST_BYTES = 8_192;

/** Room for one large read of a body, if nothing else is asked for. */
const LARGE_BYTES = 65_536;

/** Places for the bytes of one exchange. */
export interface WireRoom {
  readonly answer: Bytes;
  readonly request: Bytes;
}

/**
 * Rooms of one thread, lent to connections while they are at work. The one given back last is lent first: so as many
 * are in use as there are requests under way, warm in the processor's caches, however many connections there are.
 */
export class WireRooms {
  /** Rooms for large reads of bodies. */
  readonly large: Lending<Bytes>;
  readonly #free: WireRoom[] = [];
  /** The fewest that were free since the last `trim`: so many were not needed. */
  #unused = 0;

  constructor(largeBytes = LARGE_BYTES) {
    this.large = new Lending<Bytes>(() => new Uint8Array(largeBytes));
  }

  lend(): WireRoom {
    const room = this.#free.pop() ?? { answer: new Uint8Array(ANSWER_BYTES), request: new Uint8Array(REQUEST_BYTES) };
    if (this.#free.length < this.#unused) this.#unused = this.#free.length;
    return room;
  }

  /** Takes a room back that no read and no write is using any more: the next bytes in it are another client's. */
  giveBack(room: WireRoom): void {
    this.#free.push(room);
  }

  /** Frees those that were not needed since the last call: a moment of many requests holds no memory for long. */
  trim(): void {
    this.large.trim();
    this.#free.splice(0, this.#unused);
    this.#unused = this.#free.length;
  }
}
