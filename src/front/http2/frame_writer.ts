import type { Bytes } from "../../http1/bytes.ts";
import type { FieldEncoder } from "../../http2/field_encoder.ts";
import { FIRST_FRAME_BYTES, Flag, FRAME_HEADER_BYTES, FrameType, putFrameHeader } from "../../http2/frame.ts";
import {
  putGoAway,
  putPing,
  putPingAck,
  putReset,
  putSettings,
  putSettingsAck,
  putWindowUpdate,
  SMALL_FRAME_ROOM,
} from "../../http2/small_frames.ts";
import type { ClientSocket, WriteWatcher } from "../wire/client_socket.ts";
import { type FrontRooms, LARGE_BYTES, OUT_BYTES } from "../wire/rooms.ts";
import type { ResponseFields } from "./response_fields.ts";
import { type Sender, Turn } from "./sender.ts";
import { splitBlock } from "./split_block.ts";

/** Room that is kept free for answers to frames of the client, and for what must be said of the connection. */
const RESERVED_BYTES = 1_024;
/** Room that an answer, and a goodbye behind it, need. */
const ANSWER_BYTES = 128;
/** A DATA frame is not begun for fewer bytes than these, if there are more and room is what is missing. */
const LEAST_DATA = 1_024;

/** Hears of what is written. */
export interface WriterOwner extends WriteWatcher {
  /** A write begins. */
  writes(): void;
  /** The client takes no more. */
  failed(): void;
}

/**
 * Writes the frames of one connection. What streams have to send is put together in one room, each stream in its turn
 * with one DATA frame at most, and goes out in one write; the next room is filled meanwhile. Nothing else is queued
 * here: streams keep their pieces, and the connection reads nothing while its answers have no room.
 */
export class FrameWriter {
  /** What the client lets be sent on all streams together (RFC 9113 section 5.2). */
  window = 65_535;
  readonly #socket: ClientSocket;
  readonly #rooms: FrontRooms;
  readonly #encoder: FieldEncoder;
  readonly #owner: WriterOwner;
  #room: Bytes | null = null;
  #have = 0;
  /** What is being written. */
  #written: Bytes | null = null;
  #scheduled = false;
  #first: Sender<FrameWriter> | null = null;
  #last: Sender<FrameWriter> | null = null;
  /** Streams that wait for the connection's window. */
  #stuck: Sender<FrameWriter>[] = [];
  /** The last room was too small. */
  #wantsLarge = false;
  #waiter: (() => void) | null = null;
  #closed = false;

  constructor(
    owner: WriterOwner,
    { socket, rooms, encoder }: {
      readonly socket: ClientSocket;
      readonly rooms: FrontRooms;
      readonly encoder: FieldEncoder;
    },
  ) {
    this.#owner = owner;
    this.#socket = socket;
    this.#rooms = rooms;
    this.#encoder = encoder;
  }

  /** There is room for the answer to one more frame of the client. */
  get takesAnswers(): boolean {
    return this.#room === null || this.#room.length - this.#have > ANSWER_BYTES;
  }

  /** Something is still to be written. */
  get busy(): boolean {
    return !this.#closed && (this.#written !== null || this.#have > 0 || this.#first !== null);
  }

  /** Resolves when the next write has ended, or the connection is closed. Something must be still to be written. */
  written(): Promise<void> {
    return new Promise((resolve) => this.#waiter = resolve);
  }

  /** A stream has something to send, perhaps other than data, for which it waits. */
  wants(sender: Sender<FrameWriter>): void {
    if (this.#closed || (sender.queued && !this.#unstick(sender))) return;
    sender.queued = true;
    this.#enqueue(sender);
    this.#fill();
    this.#schedule();
  }

  /** The client lets more be sent on all streams. */
  widen(by: number): void {
    this.window += by;
    const stuck = this.#stuck;
    if (stuck.length === 0) return;
    this.#stuck = [];
    for (const sender of stuck) this.#enqueue(sender);
    this.#fill();
    this.#schedule();
  }

  /** Writes nothing any more. */
  close(): void {
    this.#closed = true;
    this.#first = this.#last = this.#room = null;
    this.#have = 0;
    this.#stuck = [];
    this.#notify();
  }

  /** Writes SETTINGS: pairs of an identifier and a value. */
  settings(pairs: readonly (readonly [number, number])[]): void {
    this.#have = putSettings(this.#small(), this.#have, pairs);
  }

  settingsAck(): void {
    this.#have = putSettingsAck(this.#small(), this.#have);
  }

  ping(payload: Bytes): void {
    this.#have = putPing(this.#small(), this.#have, payload);
  }

  /** Answers a PING whose payload begins at `start`. */
  pingAck(from: Bytes, start: number): void {
    this.#have = putPingAck(this.#small(), this.#have, from, start);
  }

  reset(stream: number, code: number): void {
    this.#have = putReset(this.#small(), this.#have, stream, code);
  }

  windowUpdate(stream: number, bytes: number): void {
    this.#have = putWindowUpdate(this.#small(), this.#have, stream, bytes);
  }

  goAway(lastStream: number, code: number): void {
    this.#have = putGoAway(this.#small(), this.#have, lastStream, code);
  }

  /** There is room for a small frame of a stream's. */
  get takesSmall(): boolean {
    return this.#freeBytes() >= SMALL_FRAME_ROOM;
  }

  /** How many bytes of so many a DATA frame may have now. */
  dataRoom(wanted: number): number {
    const free = this.#freeBytes() - FRAME_HEADER_BYTES;
    if (free < Math.min(wanted, LEAST_DATA)) {
      this.#wantsLarge = true;
      return 0;
    }
    return Math.min(wanted, free, FIRST_FRAME_BYTES);
  }

  /** Writes a DATA frame, for which there must be room. @param last It ends the stream. */
  data(stream: number, piece: Bytes, last: boolean): void {
    const room = this.#room ??= this.#lend();
    const at = putFrameHeader(room, this.#have, piece.length, FrameType.DATA, last ? Flag.END_STREAM : 0, stream);
    if (piece.length > 0) room.set(piece, at);
    this.#have = at + piece.length;
    this.window -= piece.length;
  }

  /** Writes the fields of a response, or of its trailers; false if they have to wait for room. */
  fields(stream: number, fields: ResponseFields, last: boolean): boolean {
    const most = fields.mostBytes;
    const needed = most + FRAME_HEADER_BYTES * (1 + Math.ceil(most / FIRST_FRAME_BYTES));
    if (this.#freeBytes() < needed && !this.#makeRoom(needed)) return false;
    const room = this.#room!;
    const start = this.#have;
    const from = start + FRAME_HEADER_BYTES;
    const end = fields.encode(this.#encoder, room, from);
    const length = end - from;
    const flags = last ? Flag.END_STREAM : 0;
    if (length <= FIRST_FRAME_BYTES) {
      putFrameHeader(room, start, length, FrameType.HEADERS, flags | Flag.END_HEADERS, stream);
      this.#have = end;
    } else this.#have = splitBlock(room, start, { flags, stream, length });
    return true;
  }

  /** Gives the room, in which a small frame always has its place, and has it written. */
  #small(): Bytes {
    this.#schedule();
    return this.#room ??= this.#lend();
  }

  #freeBytes(): number {
    const room = this.#room ??= this.#lend();
    return room.length - RESERVED_BYTES - this.#have;
  }

  #lend(): Bytes {
    const large = this.#wantsLarge;
    this.#wantsLarge = false;
    return large ? this.#rooms.large.lend() : this.#rooms.out.lend();
  }

  /** Makes room for a head; false if what stands in the room must be written before. */
  #makeRoom(needed: number): boolean {
    const most = LARGE_BYTES - RESERVED_BYTES;
    this.#wantsLarge = true;
    if (needed <= most && this.#have > 0) return false;
    const before = this.#room!;
    this.#room = needed <= most ? this.#lend() : new Uint8Array(this.#have + needed + RESERVED_BYTES);
    if (this.#have > 0) this.#room.set(before.subarray(0, this.#have));
    this.#giveBack(before);
    return true;
  }

  #giveBack(room: Bytes): void {
    if (room.length === OUT_BYTES) this.#rooms.out.giveBack(room);
    else if (room.length === LARGE_BYTES) this.#rooms.large.giveBack(room);
  }

  #enqueue(sender: Sender<FrameWriter>): void {
    sender.nextSender = null;
    if (this.#last === null) this.#first = sender;
    else this.#last.nextSender = sender;
    this.#last = sender;
  }

  /** Lets streams write, each in its turn, until there is no room. */
  #fill(): void {
    for (let sender = this.#first; sender !== null; sender = this.#first) {
      const turn = sender.fill(this);
      if (turn === Turn.room) return;
      this.#first = sender.nextSender;
      if (this.#first === null) this.#last = null;
      if (turn === Turn.again) this.#enqueue(sender);
      else if (turn === Turn.window) this.#stuck.push(sender);
      else sender.queued = false;
    }
  }

  /** Takes a stream out of those that wait for the connection's window; false if it is none of them. */
  #unstick(sender: Sender<FrameWriter>): boolean {
    const place = this.#stuck.indexOf(sender);
    if (place < 0) return false;
    this.#stuck.splice(place, 1);
    return true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#written !== null || this.#closed) return;
    this.#scheduled = true;
    queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#written !== null || this.#closed) return;
    this.#fill();
    const room = this.#room;
    if (this.#have === 0) {
      if (room !== null) this.#giveBack(room);
      this.#room = null;
      return this.#notify();
    }
    const length = this.#have;
    this.#written = room;
    this.#room = null;
    this.#have = 0;
    this.#owner.writes();
    this.#socket.write(room!.subarray(0, length), this.#owner).then(this.#wrote, this.#broken);
  };

  readonly #wrote = (): void => {
    this.#giveBack(this.#written!);
    this.#written = null;
    this.#flush();
    this.#notify();
  };

  readonly #broken = (): void => {
    this.#written = null;
    this.close();
    this.#owner.failed();
  };

  #notify(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.();
  }
}
