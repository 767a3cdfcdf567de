import { Malformed } from "../../http1/malformed.ts";
import { BodyBroken, type BodySource, type BodyWaiter } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { ChunkedReads } from "./chunked_reads.ts";
import type { ClientSocket, Taker } from "./client_socket.ts";
import { GrowingRoom } from "./growing_room.ts";
import { SMALL_BODY_BYTES } from "./read_rooms.ts";
import type { FrontRooms } from "./rooms.ts";

/**
 * Microtasks until a read settles for which something has already come (see `idle_check.ts`), and its waiter knows of
 * it.
 */
const MICROTASKS = 5;

/** What a request's body needs of its connection. */
export interface BodyOwner {
  readonly socket: ClientSocket;
  readonly rooms: FrontRooms;
  /** Waiting for the client begins and ends: LISTENER_BODY_TIMEOUT counts between. */
  waiting(begins: boolean): void;
  /** The limit passed while it waited. */
  readonly timedOut: boolean;
}

/**
 * A request's body, read from its connection: by its length, or in chunks. Never reads behind its end.
 *
 * Thousands of bodies may come a byte at a time, and each byte is waited for. So nothing is made for that wait: what
 * lives a second outlives the young generation of V8's heap, and costs a hundred times what it cost to make.
 */
export class RequestBody implements BodySource {
  readonly #owner: BodyOwner;
  readonly #chunks: ChunkedReads | null;
  readonly #length: number;
  #left: number;
  readonly #room: GrowingRoom;
  /** Room for all of a small body. */
  #small: Bytes | null = null;
  done = false;
  /** A read may still write to its room, or what it brought was not passed on. */
  #reading = false;
  /** Where that read writes to, if the body's length is known. */
  #place: Bytes = NO_BYTES;
  /** What it brought while nobody waited; 0 if nothing will come, null while it goes on. */
  #brought: number | null = null;
  /** It is not passed on yet: a moment is waited for it. */
  #isHeld = false;
  #waiter: BodyWaiter | null = null;
  /** The next piece, or why there is none, if that is known. */
  #piece: Bytes | null = null;
  #failure: unknown = null;

  /** @param length Content-Length, above 0; -1 for a chunked body. */
  constructor(owner: BodyOwner, length: number) {
    this.#owner = owner;
    this.#room = new GrowingRoom(owner.rooms);
    this.#length = this.#left = length;
    this.#chunks = length < 0 ? new ChunkedReads(owner.socket, owner.rooms) : null;
  }

  get trailers(): Bytes | null {
    return this.#chunks === null || !this.done ? null : this.#chunks.trailers;
  }

  read(): Promise<Bytes | null> {
    return new Promise((resolve, reject) => {
      const came = () => {
        try {
          resolve(this.readNow());
        } catch (error) {
          reject(error);
        }
      };
      this.wait({ came });
    });
  }

  readNow(): Bytes | null {
    if (this.#failure !== null) throw this.#failure;
    const piece = this.#piece;
    this.#piece = null;
    return piece ?? (this.done || this.#chunks !== null ? null : this.#takeAvailable());
  }

  wait(waiter: BodyWaiter): void {
    this.#waiter = waiter;
    if (this.#failure !== null) return this.#notify();
    if (this.done) this.release();
    else if (this.#reading) return this.#waitForRest();
    else if (this.#chunks !== null) return this.#takeChunks(this.#chunks);
    else this.#piece ??= this.#takeAvailable();
    if (this.done || this.#piece !== null) return this.#notify();
    if (this.#isSmall) return this.#readSmall();
    const place = this.#room.place();
    this.#read(this.#left < place.length ? place.subarray(0, this.#left) : place);
  }

  /** Skips an unread body as far as it has come; returns whether that was all of it. */
  skip(): boolean {
    const { socket } = this.#owner;
    if (this.#reading) return false;
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
    if (this.#reading) this.#room.abandon();
    else this.#room.release();
    if (this.#small !== null && !this.#reading) this.#owner.rooms.reads.giveBack(this.#small);
    this.#small = null;
    this.#chunks?.release();
  }

  readonly #received: Taker = (count) => {
    if (this.#waiter === null || this.#isHeld) this.#brought = count;
    else {
      this.#owner.waiting(false);
      this.#arrived(count);
    }
  };

  /** Reads to a place, or behind what stands in the connection's room, for the one who waits. */
  #read(place: Bytes | null): void {
    this.#reading = true;
    this.#place = place ?? NO_BYTES;
    this.#owner.waiting(true);
    this.#owner.socket.take(place, this.#received);
  }

  #arrived(count: number): void {
    const { socket, rooms } = this.#owner;
    if (count === 0) {
      // A read that was given up may still write to its room.
      this.#reading = socket.reading;
      return this.#fail(this.#broken());
    }
    if (this.#chunks === null && this.#small?.buffer !== this.#place.buffer) this.#room.came(count);
    const turn = rooms.turns.spend(this.#chunks === null ? count : this.#chunks.takeCost());
    // What came stands in its room, which is not lent again meanwhile.
    if (turn === null) this.#passOn(count);
    else turn.then(() => this.#passOn(count));
  }

  #passOn(count: number): void {
    this.#reading = false;
    if (this.#chunks !== null) return this.#takeChunks(this.#chunks);
    this.#piece = this.#took(this.#place.subarray(0, count));
    this.#notify();
  }

  /** Takes what stands in the connection's room. */
  #takeAvailable(): Bytes | null {
    const { socket } = this.#owner;
    // The rest may be here too.
    if (socket.available === 0 || (this.#isSmall && socket.available < this.#left)) return null;
    const count = Math.min(this.#left, socket.available);
    const piece = socket.bytes.subarray(socket.start, socket.start + count);
    socket.start += count;
    if (count < this.#length) socket.lends = true;
    return this.#took(piece);
  }

  /** Nothing was read of a body that fits into a room of its own. */
  get #isSmall(): boolean {
    return this.#left === this.#length && this.#length <= SMALL_BODY_BYTES;
  }

  /**
   * Gives a small body as one piece, if all of it is here: only then can its request be sent again by itself, on a new
   * connection. If not, what is here is not held back.
   */
  #readSmall(): void {
    const { socket, rooms } = this.#owner;
    const room = this.#small = rooms.reads.lend(this.#length);
    const had = socket.available;
    if (had === 0) return this.#read(room.subarray(0, this.#length));
    room.set(socket.bytes.subarray(socket.start, socket.end));
    socket.start = socket.end;
    this.#reading = true;
    this.#place = room.subarray(had, this.#length);
    this.#isHeld = true;
    socket.take(this.#place, this.#received);
    void this.#join(room, had);
  }

  /** Gives what has come of a small body, with what a read may bring in a moment. */
  async #join(room: Bytes, had: number): Promise<void> {
    for (let i = 0; i < MICROTASKS && this.#brought === null; i++) await null;
    this.#isHeld = false;
    const came = this.#brought ?? 0;
    if (came > 0) {
      this.#brought = null;
      this.#reading = false;
    }
    this.#piece = this.#took(room.subarray(0, had + came));
    this.#notify();
  }

  /** Waits for the rest of a small body, whose read is under way or has ended. */
  #waitForRest(): void {
    const brought = this.#brought;
    this.#brought = null;
    if (brought === null) this.#owner.waiting(true);
    else this.#arrived(brought);
  }

  #took(piece: Bytes): Bytes {
    this.#left -= piece.length;
    if (this.#left === 0) this.#end();
    return piece;
  }

  /** Takes the data that are here, for the one who waits, or waits for more. */
  #takeChunks(chunks: ChunkedReads): void {
    try {
      this.#piece = chunks.take();
    } catch (error) {
      return this.#fail(
        error instanceof Malformed ? new BodyBroken("malformed", `The client ${error.message}`) : error,
      );
    }
    if (chunks.done) this.#end();
    if (this.done || this.#piece !== null) return this.#notify();
    chunks.makeRoom();
    this.#read(null);
  }

  /** All of it was read. From now on a read ahead finds out whether the client leaves. */
  #end(): void {
    this.done = true;
    this.#owner.socket.readAhead();
  }

  #fail(failure: unknown): void {
    this.#failure = failure;
    this.#notify();
  }

  #notify(): void {
    const waiter = this.#waiter!;
    this.#waiter = null;
    waiter.came();
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

const NO_BYTES: Bytes = new Uint8Array(0);
