import { ChunkReader } from "../../http1/chunked.ts";
import { Malformed } from "../../http1/malformed.ts";
import { BodyBroken, type BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { ClientSocket } from "./client_socket.ts";
import { GrowingRoom } from "./growing_room.ts";
import { SMALL_BODY_BYTES } from "./read_rooms.ts";
import { type FrontRooms, LARGE_BYTES, SMALL_BYTES } from "./rooms.ts";

/** A run of data in a chunked body that is passed on where it stands; shorter ones are copied together. */
const RUN_BYTES = 4_096;

/** Room for one read of a chunked body that comes fast; its data can't be read straight to their place. */
const CHUNKED_READ_BYTES = 16_384;

/**
 * Microtasks until a read settles for which something has already come (see `idle_check.ts`), and its waiter knows of
 * it.
 */
const MICROTASKS = 5;

/**
 * A byte between data (sizes, extensions, trailers) is looked at by itself, and costs a turn of the event loop as much
 * as this many that are only passed on.
 */
const FRAMING_COST = 16;

/** What a request's body needs of its connection. */
export interface BodyOwner {
  readonly socket: ClientSocket;
  readonly rooms: FrontRooms;
  /** Waiting for the client begins and ends: LISTENER_BODY_TIMEOUT counts between. */
  waiting(begins: boolean): void;
  /** The limit passed while it waited. */
  readonly timedOut: boolean;
}

/** A request's body, read from its connection: by its length, or in chunks. Never reads behind its end. */
export class RequestBody implements BodySource {
  readonly #owner: BodyOwner;
  readonly #chunks: ChunkReader | null;
  readonly #length: number;
  #left: number;
  readonly #room: GrowingRoom;
  /** Room for all of a small body. */
  #small: Bytes | null = null;
  /** The read that is to bring the rest of a small body, if that was not here yet. */
  #rest: Promise<number | null> | null = null;
  /** What short runs of a chunked body are put together in. */
  #large: Bytes | null = null;
  /** Where a chunked body is read to. */
  #reads: Bytes | null = null;
  /** Bytes between data that were looked at since the last turn was asked for. */
  #framing = 0;
  done = false;
  /** A read waits for the client, or for its turn to be passed on. */
  #reading = false;

  /** @param length Content-Length, above 0; -1 for a chunked body. */
  constructor(owner: BodyOwner, length: number) {
    this.#owner = owner;
    this.#room = new GrowingRoom(owner.rooms);
    this.#length = this.#left = length;
    this.#chunks = length < 0 ? new ChunkReader("client") : null;
  }

  get trailers(): Bytes | null {
    return this.#chunks === null || !this.done ? null : this.#chunks.trailers;
  }

  read(): Promise<Bytes | null> {
    if (this.done) {
      this.release();
      return END;
    }
    return this.#chunks === null ? this.#readByLength() : this.#readChunks(this.#chunks);
  }

  /** Skips an unread body as far as it has come; returns whether that was all of it. */
  skip(): boolean {
    const { socket } = this.#owner;
    if (this.#reading || this.#rest !== null) return false;
    if (this.#chunks === null) {
      const count = Math.min(this.#left, socket.available);
      socket.start += count;
      this.#left -= count;
      this.done = this.#left === 0;
    }
    return this.done;
  }

  /** Gives back what it borrowed. The last piece may not be used any more. */
  release(): void {
    // A pending read may still write to the room, or what it brought may still be passed on from it.
    const pending = this.#reading || this.#rest !== null;
    if (pending) this.#room.abandon();
    else this.#room.release();
    if (this.#small !== null && !pending) this.#owner.rooms.reads.giveBack(this.#small);
    this.#small = null;
    if (this.#large !== null) this.#owner.rooms.large.giveBack(this.#large);
    this.#large = null;
  }

  readNow(): Bytes | null {
    const { socket } = this.#owner;
    if (this.#chunks !== null || this.done || socket.available === 0) return null;
    // The rest may be here too.
    if (this.#isSmall && socket.available < this.#left) return null;
    const count = Math.min(this.#left, socket.available);
    const piece = socket.bytes.subarray(socket.start, socket.start + count);
    socket.start += count;
    if (count < this.#length) socket.lends = true;
    return this.#took(piece);
  }

  async #readByLength(): Promise<Bytes> {
    const now = this.readNow();
    if (now !== null) return now;
    if (this.#isSmall) return await this.#readSmall();
    if (this.#rest !== null) return await this.#readRest(this.#rest);
    const place = this.#room.place();
    const count = await this.#wait(
      this.#owner.socket.readInto(this.#left < place.length ? place.subarray(0, this.#left) : place),
    );
    if (count === null) throw this.#broken();
    this.#room.came(count);
    const turn = this.#turn(count);
    if (turn !== null) await turn;
    return this.#took(place.subarray(0, count));
  }

  /** Nothing was read of a body that fits into a room of its own. */
  get #isSmall(): boolean {
    return this.#left === this.#length && this.#length <= SMALL_BODY_BYTES;
  }

  /**
   * Gives a small body as one piece, if all of it is here: only then can its request be sent again by itself, on a new
   * connection. If not, what is here is not held back.
   */
  async #readSmall(): Promise<Bytes> {
    const { socket, rooms } = this.#owner;
    const place = this.#small = rooms.reads.lend(this.#length);
    const had = socket.available;
    place.set(socket.bytes.subarray(socket.start, socket.end));
    socket.start = socket.end;
    const rest = this.#rest = socket.readInto(place.subarray(had, this.#length));
    if (had === 0) return await this.#readRest(rest);
    let count: number | null = null;
    rest.then((came) => count = came);
    for (let i = 0; i < MICROTASKS && count === null; i++) await null;
    if (count === null) return this.#took(place.subarray(0, had));
    this.#rest = null;
    return this.#took(place.subarray(0, had + count));
  }

  /** Gives what a read brings to the room of a small body, behind what stands there. */
  async #readRest(rest: Promise<number | null>): Promise<Bytes> {
    const room = this.#small!;
    const count = await this.#wait(rest);
    this.#rest = null;
    if (count === null) throw this.#broken();
    const turn = this.#turn(count);
    if (turn !== null) await turn;
    const from = this.#length - this.#left;
    return this.#took(room.subarray(from, from + count));
  }

  #took(piece: Bytes): Bytes {
    this.#left -= piece.length;
    if (this.#left === 0) this.#end();
    return piece;
  }

  async #readChunks(chunks: ChunkReader): Promise<Bytes | null> {
    const { socket } = this.#owner;
    let length = 0;
    for (;;) {
      try {
        const { start } = socket;
        socket.start = chunks.frame(socket.bytes, start, socket.end);
        this.#framing += socket.start - start;
      } catch (error) {
        if (error instanceof Malformed) throw new BodyBroken("malformed", `The client ${error.message}`);
        throw error;
      }
      if (chunks.done) {
        this.#end();
        break;
      }
      const count = Math.min(chunks.dataLeft, socket.available, LARGE_BYTES - length);
      if (count > 0) {
        const run = socket.bytes.subarray(socket.start, socket.start + count);
        socket.start += count;
        chunks.took(count);
        if (length === 0 && count >= RUN_BYTES) {
          socket.lends = true;
          return run;
        }
        (this.#large ??= this.#owner.rooms.large.lend()).set(run, length);
        length += count;
        continue;
      }
      if (length > 0) break;
      // It may wait for long.
      this.release();
      this.#makeReadRoom();
      if (!await this.#wait(socket.more())) throw this.#broken();
      const turn = this.#turn(socket.available + this.#framing * FRAMING_COST);
      if (turn !== null) await turn;
      this.#framing = 0;
    }
    return length === 0 ? null : this.#large!.subarray(0, length);
  }

  /**
   * Makes room for the next read of a chunked body: never in that of the head, whose lines another attempt may send
   * once more.
   */
  #makeReadRoom(): void {
    const { socket } = this.#owner;
    const isOwn = socket.bytes === this.#reads;
    const isFull = isOwn && socket.end === socket.bytes.length;
    if (isFull && socket.end < CHUNKED_READ_BYTES) this.#reads = new Uint8Array(CHUNKED_READ_BYTES);
    else if (isOwn) return void socket.rewind();
    socket.moveTo(this.#reads ??= new Uint8Array(SMALL_BYTES));
  }

  /** All of it was read. From now on a read ahead finds out whether the client leaves. */
  #end(): void {
    this.done = true;
    this.#owner.socket.readAhead();
  }

  async #wait<T>(pending: Promise<T>): Promise<T> {
    this.#reading = true;
    this.#owner.waiting(true);
    const result = await pending;
    this.#owner.waiting(false);
    this.#reading = false;
    return result;
  }

  /**
   * Waits for the next turn of the event loop if in this one much was passed on. What came stands in its room, which
   * is not lent again meanwhile.
   */
  #turn(count: number): Promise<void> | null {
    const turn = this.#owner.rooms.turns.spend(count);
    if (turn === null) return null;
    this.#reading = true;
    return turn.then(() => {
      this.#reading = false;
    });
  }

  #broken(): BodyBroken {
    const { socket, timedOut } = this.#owner;
    if (timedOut) return new BodyBroken("timeout", "The client sent nothing more of its body");
    if (socket.ended === "closed its side") {
      return new BodyBroken("malformed", "The client ended its side before the end of its body");
    }
    return new BodyBroken("left", "The client left before the end of its body");
  }
}

const END = Promise.resolve(null);
