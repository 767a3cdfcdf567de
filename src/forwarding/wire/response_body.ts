import { ChunkReader } from "../../http1/chunked.ts";
import { Malformed } from "../../http1/malformed.ts";
import type { BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { Lending } from "../../http1/lending.ts";
import type { TargetReader } from "./target_reader.ts";

/** A run of data in a chunked body that is passed on where it stands; shorter ones are copied together. */
const RUN_BYTES = 2_048;
/** The least room in which short runs of a chunked body are put together, and for large reads. */
export const ROOM_BYTES = 65_536;
/** Bodies with at least so much still to come are read in large pieces. */
const LARGE_BYTES = 32_768;

/** Thrown when a target's body breaks off. */
class ResponseBroken extends Error {}

/** A target's body, read from its connection: by its length, in chunks, or until the connection ends. */
export class ResponseBody implements BodySource {
  readonly #reader: TargetReader;
  readonly #rooms: Lending<Bytes>;
  readonly #chunks: ChunkReader | null;
  /** Bytes still to come; Infinity if only the connection's end tells. */
  #left: number;
  #room: Bytes | null = null;
  done = false;
  /** More came than the body has: nothing else may follow on its connection. */
  overran = false;

  /**
   * @param length Content-Length above 0; -1 for chunks; Infinity for a body that ends with its connection.
   * @param rooms Lends rooms of {@linkcode ROOM_BYTES} or more.
   */
  constructor(reader: TargetReader, length: number, rooms: Lending<Bytes>) {
    this.#reader = reader;
    this.#rooms = rooms;
    this.#left = length;
    this.#chunks = length < 0 ? new ChunkReader("server") : null;
  }

  get trailers(): Bytes | null {
    return this.#chunks === null || !this.done ? null : this.#chunks.trailers;
  }

  read(): Promise<Bytes | null> {
    if (this.done) return Promise.resolve(null);
    return this.#chunks === null ? this.#readRun() : this.#readChunks(this.#chunks);
  }

  readNow(): Bytes | null {
    const { connection } = this.#reader;
    if (this.done || this.#chunks !== null || connection.start === connection.end) return null;
    const count = Math.min(this.#left, connection.end - connection.start);
    const piece = connection.bytes.subarray(connection.start, connection.start += count);
    this.#left -= count;
    if (this.#left === 0) this.done = true;
    return piece;
  }

  async #readRun(): Promise<Bytes | null> {
    const now = this.readNow();
    if (now !== null) return now;
    const large = this.#left >= LARGE_BYTES;
    // With room for a byte more than may come, the system need not be asked once more whether that was all.
    const count = large ? await this.#reader.readInto(this.#place(this.#left + 1)) : await this.#reader.more();
    if (count === 0) {
      if (this.#left !== Infinity || this.#reader.endedWith !== null) throw this.#broken();
      this.done = true;
      return null;
    }
    if (!large) return this.readNow();
    const length = Math.min(count, this.#left);
    this.overran = count > length;
    this.#left -= length;
    if (this.#left === 0) this.done = true;
    return this.#room!.subarray(0, length);
  }

  async #readChunks(chunks: ChunkReader): Promise<Bytes | null> {
    const { connection } = this.#reader;
    let length = 0;
    for (;;) {
      try {
        connection.start = chunks.frame(connection.bytes, connection.start, connection.end);
      } catch (error) {
        throw error instanceof Malformed ? new ResponseBroken(`The target ${error.message}`) : error;
      }
      if (chunks.done) {
        this.done = true;
        break;
      }
      const available = connection.end - connection.start;
      const count = Math.min(chunks.dataLeft, available, ROOM_BYTES - length);
      if (count > 0) {
        const run = connection.bytes.subarray(connection.start, connection.start += count);
        chunks.took(count);
        if (length === 0 && count >= RUN_BYTES && count === available) return run;
        (this.#room ??= this.#rooms.lend()).set(run, length);
        length += count;
        continue;
      }
      if (length > 0) break;
      if (await this.#reader.more() === 0) {
        throw new ResponseBroken("The target closed the connection before its body's end");
      }
    }
    return length === 0 ? null : this.#room!.subarray(0, length);
  }

  /** Gives back what it borrowed. The last piece may not be used any more. */
  release(): void {
    if (this.#room !== null) this.#rooms.giveBack(this.#room);
    this.#room = null;
  }

  /** Room for at most `length` bytes. */
  #place(length: number): Bytes {
    const room = this.#room ??= this.#rooms.lend();
    return length >= room.length ? room : room.subarray(0, length);
  }

  #broken(): ResponseBroken {
    // Only an orderly end tells that a body without a length is whole: a reset, or TLS without close_notify, cut it
    // off.
    return new ResponseBroken(
      this.#left === Infinity
        ? "The target broke the connection"
        : "The target closed the connection before its body's end",
    );
  }
}
