import { type SocketOps, socketOps } from "../../dial/socket_ops.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { AcceptedConn } from "../acceptor.ts";
import type { ReadRooms } from "./read_rooms.ts";

/** What counts a thread's socket operations (the runtime lets so many succeed in a turn of its event loop). */
export interface OperationCount {
  spend(): void;
}

/** Hears of what is written to a client. */
export interface WriteWatcher {
  /** The client took some of it. */
  taken(): void;
  /** It took all. */
  wrote(): void;
}

/** Is told how many bytes a read has brought; 0 if none will come. Must not throw. */
export type Taker = (count: number) => void;

/** How reading from a client ended. */
export type ClientEnd = "closed its side" | "left" | "stopped" | "closed here";

/**
 * A client's connection as bytes: what was read and not taken stands from `start` to `end` of `bytes`. One read is
 * under way at a time; one may be begun before anybody needs what it brings, which is how a client's leaving is
 * noticed.
 */
export class ClientSocket {
  bytes: Bytes;
  start = 0;
  end = 0;
  /** What ended reading; null while there may be more. */
  ended: ClientEnd | null = null;
  open = true;
  /** The last response is sent, and what the client still sends is dropped. */
  lingers = false;
  /** Room that the next request is likely to need. */
  nextBytes = 0;
  /**
   * Views of `bytes` were given away that may be written from when the request is over: the room is not lent again.
   */
  lends = false;
  /** Called once when the client's connection breaks while nobody reads. */
  onLeft: (() => void) | null = null;
  readonly #conn: AcceptedConn;
  readonly #ops: SocketOps;
  readonly #operations: OperationCount;
  readonly #rooms: ReadRooms;
  /** The room of the request that is served, if what comes next has one of its own. */
  #served: Bytes | null = null;
  #reading = false;
  /** Its room is given back when no read is under way. */
  #leaves = false;
  #place: Bytes | null = null;
  #got = 0;
  /** Who waits for bytes, and where they are to stand; null: in `bytes`. */
  #taker: Taker | null = null;
  #wanted: Bytes | null = null;
  /** What is being written. */
  #given: Bytes | null = null;
  #watcher: WriteWatcher | null = null;
  #writing: Promise<void> | null = null;

  constructor(conn: AcceptedConn, operations: OperationCount, rooms: ReadRooms) {
    this.#conn = conn;
    this.#rooms = rooms;
    this.bytes = rooms.lend(0);
    this.#ops = socketOps(conn);
    this.#operations = operations;
    // A head and the body behind it would else wait for the client's acknowledgement (Nagle's algorithm).
    try {
      (conn as Partial<Deno.TcpConn>).setNoDelay?.(true);
    } catch {
      // Broken already: its first read says so.
    }
  }

  /** A read is under way: it may still write to the place that it was begun for. */
  get reading(): boolean {
    return this.#reading;
  }

  /** Bytes that were read and not taken. */
  get available(): number {
    return this.end - this.start;
  }

  /** Lets what is left stand at the beginning, so that there is room behind it; returns by how many places it moved. */
  rewind(): number {
    const by = this.start;
    if (by === 0 || this.#reading) return 0;
    if (this.start < this.end) this.bytes.copyWithin(0, this.start, this.end);
    this.end -= by;
    this.start = 0;
    return by;
  }

  /** Doubles the room. No read may be under way. */
  grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes.subarray(0, this.end));
    this.bytes = larger;
  }

  /**
   * Goes on in a new room, unless a read is under way: what was read before, a head that marks point to, stays in the
   * old one.
   */
  moveTo(room: Bytes): void {
    if (this.#reading) return;
    room.set(this.bytes.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
    this.bytes = room;
  }

  /** The request was answered: nobody points to what was read of it any more. */
  rest(): void {
    const served = this.#served;
    this.#served = null;
    if (served !== null && !this.lends) this.#rooms.giveBack(served);
    this.lends = false;
    if (this.available === 0) this.rewind();
  }

  /** Gives back its room, if nobody points to it, once no read may fill it: the connection is about to be closed. */
  release(): void {
    if (this.lends) return;
    this.#leaves = true;
    if (!this.#reading) this.#giveBack();
  }

  /**
   * Begins a read of what may come next, unless one is under way. Nothing that was read moves: a head that marks point
   * to stays in the room that it was read to. So what comes next gets a room of its own, in which it stands at the
   * beginning; but if some of it is there already, it is read behind that, as far as there is room.
   */
  readAhead(): void {
    if (this.#reading || this.ended !== null) return;
    if (this.available === 0) {
      this.#served = this.bytes;
      // Half of the room before, at least: requests with bodies may come between others without.
      this.bytes = this.#rooms.lendAhead(Math.max(this.nextBytes, this.bytes.length / 4));
      this.start = this.end = 0;
    }
    if (this.end < this.bytes.length) this.#begin(null);
  }

  /**
   * Tells `taker` once how many bytes came to `place`, if nothing stands in `bytes`, or to `bytes`, behind what stands
   * there. Besides the read itself, nothing is made that lives as long as the client makes it wait.
   */
  take(place: Bytes | null, taker: Taker): void {
    if (this.ended !== null || !this.open) return taker(0);
    this.#taker = taker;
    this.#wanted = place;
    if (!this.#reading) this.#begin(place);
  }

  /** Waits until more bytes stand in `bytes`; resolves with how many came, 0 if none will. */
  more(): Promise<number> {
    return new Promise((resolve) => this.take(null, resolve));
  }

  /** Reads into a place of the caller's, when nothing stands in `bytes`; resolves with 0 if nothing will come. */
  readInto(place: Bytes): Promise<number> {
    return new Promise((resolve) => this.take(place, resolve));
  }

  /**
   * Throws away what was read, waits for more and throws that away too; resolves with how many bytes came, 0 if none
   * will.
   */
  discard(): Promise<number> {
    if (!this.#reading) this.start = this.end = 0;
    return this.more();
  }

  /** Writes all bytes, behind what is being written. Rejects if the client takes no more. */
  write(bytes: Bytes, watcher: WriteWatcher | null = null): Promise<void> {
    if (this.#given !== null) return this.#writeBehind(bytes, watcher);
    this.#given = bytes;
    this.#watcher = watcher;
    return this.#writing = this.#writeOn();
  }

  /** Ends the sending side. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Wakes who waits for bytes, as if none came: a limit passed. What a read that is under way brings is lost. */
  stopReading(): void {
    this.ended ??= "stopped";
    this.#notify();
  }

  /** @param inOrder Nothing is missing that the client waits for. */
  close(inOrder = false): void {
    if (!this.open) return;
    this.open = false;
    // Who waits for bytes gets none: what stands in its place is from the read before.
    this.ended ??= "closed here";
    this.onLeft = null;
    try {
      if (inOrder && this.#conn.closeInOrder !== undefined) this.#conn.closeInOrder();
      else this.#conn.close();
    } catch {
      // Already closed by the platform.
    }
    this.#notify();
  }

  async #writeBehind(bytes: Bytes, watcher: WriteWatcher | null): Promise<void> {
    while (this.#given !== null) await this.#writing!;
    await this.write(bytes, watcher);
  }

  #writeOn(): Promise<void> {
    this.#operations.spend();
    return this.#ops.write(this.#given!).then(this.#wrote, this.#unwritten);
  }

  readonly #wrote = (count: number): void | Promise<void> => {
    const given = this.#given!;
    const watcher = this.#watcher;
    if (count < given.length) {
      watcher?.taken();
      this.#given = given.subarray(count);
      return this.#writeOn();
    }
    this.#given = this.#watcher = null;
    watcher?.wrote();
  };

  readonly #unwritten = (error: unknown): never => {
    this.#given = this.#watcher = null;
    throw error;
  };

  #takeInto(place: Bytes): number {
    const count = Math.min(place.length, this.end - this.start);
    place.set(this.bytes.subarray(this.start, this.start + count));
    this.start += count;
    return count;
  }

  #begin(place: Bytes | null): void {
    this.#reading = true;
    this.#place = place;
    this.#ops.read(place ?? (this.end === 0 ? this.bytes : this.bytes.subarray(this.end))).then(
      this.#read,
      this.#broken,
    );
  }

  readonly #read = (count: number): void => {
    this.#reading = false;
    if (this.#leaves) return this.#giveBack();
    this.#operations.spend();
    if (count === 0) this.ended ??= "closed its side";
    else {
      this.#got = count;
      if (this.#place === null) this.end += count;
    }
    this.#notify();
  };

  readonly #broken = (): void => {
    this.#reading = false;
    if (this.#leaves) return this.#giveBack();
    this.ended ??= "left";
    const { onLeft } = this;
    this.onLeft = null;
    this.#notify();
    onLeft?.();
  };

  #giveBack(): void {
    this.#rooms.giveBack(this.bytes);
    this.bytes = NO_BYTES;
    this.start = this.end = 0;
  }

  #notify(): void {
    const taker = this.#taker;
    if (taker === null) return;
    const place = this.#wanted;
    this.#taker = this.#wanted = null;
    if (this.ended !== null) return taker(0);
    // A read that was under way before has brought it to `bytes`.
    taker(place !== null && this.#place === null ? this.#takeInto(place) : this.#got);
  }
}

const NO_BYTES: Bytes = new Uint8Array(0);
