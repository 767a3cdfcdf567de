import { ChunkReader } from "../../http1/chunked.ts";
import { Malformed } from "../../http1/malformed.ts";
import type { BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { TargetReader } from "./target_reader.ts";

/** A run of data in a chunked body that is passed on where it stands; shorter ones are copied together. */
const RUN_BYTES = 2_048;
/** Room in which short runs of a chunked body are put together, and for large reads. */
const ROOM_BYTES = 65_536;
/** Bodies with at least so much still to come are read in large pieces. */
const LARGE_BYTES = 32_768;

/** Thrown when a target's body breaks off. */
export class ResponseBroken extends Error {}

/** A target's body, read from its connection: by its length, in chunks, or until the connection ends. */
export class ResponseBody implements BodySource {
  readonly #reader: TargetReader;
  readonly #chunks: ChunkReader | null;
  /** Bytes still to come; Infinity if only the connection's end tells. */
  #left: number;
  #room: Bytes | null = null;
  done = false;

  /** @param length Content-Length above 0; -1 for chunks; Infinity for a body that ends with its connection. */
  constructor(reader: TargetReader, length: number) {
    this.#reader = reader;
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

  async #readRun(): Promise<Bytes | null> {
    const { connection } = this.#reader;
    let piece: Bytes;
    if (connection.start < connection.end) {
      const count = Math.min(this.#left, connection.end - connection.start);
      piece = connection.bytes.subarray(connection.start, connection.start += count);
    } else {
      const count = this.#left >= LARGE_BYTES
        ? await this.#reader.readInto(this.#place(Math.min(this.#left, ROOM_BYTES)))
        : await this.#reader.more();
      if (count === 0) {
        if (this.#left !== Infinity) throw new ResponseBroken("The target closed the connection before its body's end");
        // Only an orderly end tells that such a body is whole: a reset, or TLS without close_notify, cut it off.
        if (this.#reader.endedWith !== null) throw new ResponseBroken("The target broke the connection");
        this.done = true;
        return null;
      }
      if (this.#left < LARGE_BYTES) return await this.#readRun();
      piece = this.#room!.subarray(0, count);
    }
    this.#left -= piece.length;
    if (this.#left === 0) this.done = true;
    return piece;
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
        (this.#room ??= new Uint8Array(ROOM_BYTES)).set(run, length);
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

  #place(length: number): Bytes {
    this.#room ??= new Uint8Array(ROOM_BYTES);
    return length === ROOM_BYTES ? this.#room : this.#room.subarray(0, length);
  }
}
