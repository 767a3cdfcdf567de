import type { Bytes } from "../../http1/bytes.ts";
import type { Lending } from "../../http1/lending.ts";
import { type FrontRooms, SMALL_BYTES } from "./rooms.ts";

/**
 * Borrowed room for reads, as large as what comes asks for: 2 KiB, 20 KiB once a read has filled that, then 64 KiB.
 * Whoever sends may stop at any moment and leave a read waiting for hours, and holds at most some ten times as much
 * as it has sent.
 */
export class GrowingRoom {
  readonly #rooms: FrontRooms;
  #room: Bytes | null = null;
  /** What lent the room, and what lends the next one. */
  #lender: Lending<Bytes>;
  #next: Lending<Bytes>;

  constructor(rooms: FrontRooms) {
    this.#rooms = rooms;
    this.#lender = this.#next = rooms.small;
  }

  /** Room for the next read. What the last one brought is not used any more. */
  place(): Bytes {
    if (this.#lender !== this.#next) this.release();
    this.#lender = this.#next;
    return this.#room ??= this.#lender.lend();
  }

  /** A read brought `count` bytes: chooses the room for the next one. */
  came(count: number): void {
    const { small, out, large } = this.#rooms;
    if (count === this.#room?.length) this.#next = this.#lender === small ? out : large;
    else if (count < SMALL_BYTES) this.#next = small;
  }

  /** Gives the room back. No read may be under way, and what the last one brought is not used any more. */
  release(): void {
    if (this.#room !== null) this.#lender.giveBack(this.#room);
    this.#room = null;
  }

  /** Lets go of the room, into which a read may still be under way: it is not lent again. */
  abandon(): void {
    this.#room = null;
  }
}
