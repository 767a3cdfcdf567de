import { BodyBroken, type BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { ReadRooms } from "../wire/read_rooms.ts";

/** Rooms up to this many bytes are lent. */
const LARGEST_LENT = 65_536;

/** What a body needs of its stream. */
export interface StreamBodyOwner {
  readonly rooms: ReadRooms;
  /** Waiting for the client begins and ends: LISTENER_BODY_TIMEOUT counts between. */
  waiting(begins: boolean): void;
  /** So many bytes were passed on: the client may send as many again. */
  passed(bytes: number): void;
}

/**
 * The body of a request of HTTP/2. What comes is copied out of the connection's room, on which other streams wait, into
 * a room of the stream's own; its reader is lent that one while the next is filled. Both together hold no more than the
 * stream's window.
 */
export class StreamBody implements BodySource {
  done = false;
  trailers: Bytes | null = null;
  readonly #owner: StreamBodyOwner;
  /** What came and was not read. */
  #room: Bytes = NO_BYTES;
  #length = 0;
  /** What the reader has, and how much of it. */
  #lent: Bytes = NO_BYTES;
  #lentLength = 0;
  /** Its last byte has come. */
  #ended = false;
  #broken: BodyBroken | null = null;
  #wake: ((piece: Promise<Bytes | null> | Bytes | null) => void) | null = null;

  constructor(owner: StreamBodyOwner) {
    this.#owner = owner;
  }

  /** Bytes that have come and were not read. */
  get length(): number {
    return this.#length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Takes data that came. */
  push(bytes: Bytes, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#room.length) this.#grow(this.#length + length);
    this.#room.set(bytes.subarray(start, end), this.#length);
    this.#length += length;
    this.#notify();
  }

  /** The client has sent all of it. */
  end(trailers: Bytes | null = null): void {
    this.#ended = true;
    this.trailers = trailers;
    this.#notify();
  }

  /** Nothing more will come. */
  break(how: BodyBroken["how"], why: string): void {
    if (this.#ended || this.#broken !== null) return;
    this.#broken = new BodyBroken(how, why);
    this.#notify();
  }

  read(): Promise<Bytes | null> {
    const now = this.readNow();
    if (now !== null) return Promise.resolve(now);
    if (this.#ended) {
      this.done = true;
      return END;
    }
    if (this.#broken !== null) return Promise.reject(this.#broken);
    this.#owner.waiting(true);
    return new Promise((resolve) => this.#wake = resolve);
  }

  readNow(): Bytes | null {
    this.#takeBack();
    return this.#length === 0 ? null : this.#lend();
  }

  /**
   * Lets go of what it holds; returns how many bytes of it were never passed on. @param reusable Nobody reads from its
   * rooms any more.
   */
  release(reusable: boolean): number {
    const bytes = this.#lentLength + this.#length;
    if (reusable) {
      this.#giveBack(this.#lent);
      this.#giveBack(this.#room);
    }
    this.#lent = this.#room = NO_BYTES;
    this.#lentLength = this.#length = 0;
    return bytes;
  }

  #lend(): Bytes {
    const [room, length] = [this.#room, this.#length];
    this.#room = this.#lent;
    this.#length = 0;
    this.#lent = room;
    this.#lentLength = length;
    if (this.#ended) this.done = true;
    return length === room.length ? room : room.subarray(0, length);
  }

  /** The reader is done with its piece. */
  #takeBack(): void {
    const length = this.#lentLength;
    if (length === 0) return;
    this.#lentLength = 0;
    this.#owner.passed(length);
  }

  #grow(length: number): void {
    const larger = length <= LARGEST_LENT
      ? this.#owner.rooms.lend(length - 1)
      : new Uint8Array(Math.max(length, this.#room.length * 2));
    if (this.#length > 0) larger.set(this.#room.subarray(0, this.#length));
    this.#giveBack(this.#room);
    this.#room = larger;
  }

  #giveBack(room: Bytes): void {
    if (room.length > 0) this.#owner.rooms.giveBack(room);
  }

  #notify(): void {
    const wake = this.#wake;
    if (wake === null) return;
    this.#wake = null;
    this.#owner.waiting(false);
    if (this.#length > 0) return wake(this.#lend());
    if (this.#broken !== null) return wake(Promise.reject(this.#broken));
    this.done = true;
    wake(null);
  }
}

const NO_BYTES: Bytes = new Uint8Array(0);
const END = Promise.resolve(null);
