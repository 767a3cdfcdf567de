import { ChunkReader } from "../../http1/chunked.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { ClientSocket } from "./client_socket.ts";
import { type FrontRooms, LARGE_BYTES, SMALL_BYTES } from "./rooms.ts";

/** A run of data that is passed on where it stands; shorter ones are copied together. */
const RUN_BYTES = 4_096;

/** Room for one read of a body that comes fast; its data can't be read straight to their place. */
const CHUNKED_READ_BYTES = 16_384;

/**
 * A byte between data (sizes, extensions, trailers) is looked at by itself, and costs a turn of the event loop as much
 * as this many that are only passed on.
 */
const FRAMING_COST = 16;

/** Takes the data of a chunked body out of its connection's room. */
export class ChunkedReads {
  readonly #socket: ClientSocket;
  readonly #rooms: FrontRooms;
  readonly #chunks = new ChunkReader("client");
  /** What short runs are put together in. */
  #large: Bytes | null = null;
  /** Where the body is read to. */
  #reads: Bytes | null = null;
  /** Bytes between data that were looked at since the last turn was asked for. */
  #framing = 0;

  constructor(socket: ClientSocket, rooms: FrontRooms) {
    this.#socket = socket;
    this.#rooms = rooms;
  }

  /** The body's end was taken. */
  get done(): boolean {
    return this.#chunks.done;
  }

  get trailers(): Bytes | null {
    return this.#chunks.trailers;
  }

  /** Takes what a turn of the event loop is asked for, in bytes that are only passed on. */
  takeCost(): number {
    const cost = this.#socket.available + this.#framing * FRAMING_COST;
    this.#framing = 0;
    return cost;
  }

  /** Takes the data that are here; null if there are none. Throws {@linkcode Malformed}. */
  take(): Bytes | null {
    const socket = this.#socket;
    const chunks = this.#chunks;
    let length = 0;
    for (;;) {
      const { start } = socket;
      socket.start = chunks.frame(socket.bytes, start, socket.end);
      this.#framing += socket.start - start;
      const count = Math.min(chunks.dataLeft, socket.available, LARGE_BYTES - length);
      if (chunks.done || count === 0) return length === 0 ? null : this.#large!.subarray(0, length);
      const run = socket.bytes.subarray(socket.start, socket.start + count);
      socket.start += count;
      chunks.took(count);
      if (length === 0 && count >= RUN_BYTES) {
        socket.lends = true;
        return run;
      }
      (this.#large ??= this.#rooms.large.lend()).set(run, length);
      length += count;
    }
  }

  /**
   * Makes room for the next read: never in that of the head, whose lines another attempt may send once more. Lets go of
   * what is not needed while that read waits.
   */
  makeRoom(): void {
    this.release();
    const socket = this.#socket;
    const isOwn = socket.bytes === this.#reads;
    const isFull = isOwn && socket.end === socket.bytes.length;
    if (isFull && socket.end < CHUNKED_READ_BYTES) this.#reads = new Uint8Array(CHUNKED_READ_BYTES);
    else if (isOwn) return void socket.rewind();
    socket.moveTo(this.#reads ??= new Uint8Array(SMALL_BYTES));
  }

  /** Gives back what was borrowed. The last piece may not be used any more. */
  release(): void {
    if (this.#large !== null) this.#rooms.large.giveBack(this.#large);
    this.#large = null;
  }
}
