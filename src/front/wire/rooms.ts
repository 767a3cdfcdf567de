import type { Bytes } from "../../http1/bytes.ts";
import { ByteLines } from "../../http1/field_lines.ts";
import { Lending } from "../../http1/lending.ts";
import { ReadRooms } from "./read_rooms.ts";
import { PieceTurns } from "./piece_turns.ts";

/**
 * Room for a response's head with the first piece of its body (one read of 16 KB), and for the small pieces of a
 * chunked one.
 */
export const OUT_BYTES = 20_480;
/** Room for one read of a body that comes slowly, of which there may be thousands. */
export const SMALL_BYTES = 2_048;
/** Room for one read of a large body. */
export const LARGE_BYTES = 65_536;

/** What the connections of one thread borrow and share. */
export class FrontRooms {
  readonly turns = new PieceTurns();
  readonly reads = new ReadRooms();
  readonly out = new Lending<Bytes>(() => new Uint8Array(OUT_BYTES));
  readonly small = new Lending<Bytes>(() => new Uint8Array(SMALL_BYTES));
  readonly large = new Lending<Bytes>(() => new Uint8Array(LARGE_BYTES));
  readonly lines = new Lending(() => new ByteLines());

  trim(): void {
    this.reads.trim();
    this.out.trim();
    this.small.trim();
    this.large.trim();
    this.lines.trim();
  }
}
