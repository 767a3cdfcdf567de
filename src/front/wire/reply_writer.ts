import { headRoom, put, writeHead } from "./head_writer.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { TunnelEnd } from "../../http1/body_source.ts";
import type { Reply, ResponseHead, TunnelEvents } from "../reply.ts";
import { passBothWays } from "./tunnel.ts";
import type { ClientSocket } from "./client_socket.ts";
import type { FrontRooms } from "./rooms.ts";

/** Pieces up to this many bytes are copied behind what waits in the room, so that they go out in one write. */
const COPIED_BYTES = 8_192;
const NO_BYTES: Bytes = new Uint8Array(0);
const LINE_END: Bytes = new Uint8Array([13, 10]);
const LAST_CHUNK: Bytes = new Uint8Array([48, 13, 10, 13, 10]);

/** What a reply needs of its connection. */
export interface ReplyOwner {
  readonly socket: ClientSocket;
  readonly rooms: FrontRooms;
  /** A write begins or ends: LISTENER_WRITE_TIMEOUT counts between. */
  writing(begins: boolean): void;
  /** The client took some of it. */
  readonly taken: () => void;
}

/** What a request says of how it may be answered. */
export interface ReplyTerms {
  readonly method: string;
  readonly minor: 0 | 1;
  /** The client lets its connection be used again. */
  readonly keepAlive: boolean;
  /** The client takes trailers (`TE: trailers`). */
  readonly takesTrailers: boolean;
  /** The request's body has been read, or can be skipped: the connection can go on behind it. */
  bodyIsRead(): boolean;
}

/** Writes one response to a client's connection: the head with the first piece of its body in one write. */
export class ReplyWriter implements Reply {
  begun = false;
  /** The whole response was given to the system. */
  ended = false;
  /** The connection may be used again behind this response. */
  keepAlive: boolean;
  readonly #owner: ReplyOwner;
  readonly #terms: ReplyTerms;
  #room: Bytes | null = null;
  /** Bytes of the room that wait to be written. */
  #have = 0;
  #chunked = false;
  #bodiless = false;
  #left = -1;
  /** A head that goes out before its body, which waits for it. */
  #flushing: Promise<void> | null = null;
  #upgrade: string | null = null;

  constructor(owner: ReplyOwner, terms: ReplyTerms) {
    this.#owner = owner;
    this.#terms = terms;
    this.keepAlive = terms.keepAlive;
  }

  /** Of HTTP/1. */
  get minor(): 0 | 1 {
    return this.#terms.minor;
  }

  async interim(head: ResponseHead): Promise<void> {
    // HTTP/1.0 knows no interim responses (RFC 9110 section 15.2).
    if (this.#terms.minor === 0) return;
    const place = new Uint8Array(headRoom(head));
    const length = writeHead(head, place, { chunked: false, connection: null, upgrade: null });
    await this.#send(place.subarray(0, length));
  }

  async tunnel(head: ResponseHead, protocol: string, target: TunnelEnd, events: TunnelEvents): Promise<void> {
    this.#upgrade = protocol;
    this.keepAlive = false;
    this.head(head);
    await this.#flush();
    this.#release();
    const { socket, rooms } = this.#owner;
    await passBothWays(socket, target, { rooms, events });
    this.ended = true;
  }

  head(head: ResponseHead): void {
    const { status, bodyLength } = head;
    const { method, minor } = this.#terms;
    this.begun = true;
    if (!this.#terms.bodyIsRead()) this.keepAlive = false;
    this.#bodiless = method === "HEAD" || status < 200 || status === 204 || status === 304;
    this.#chunked = !this.#bodiless && bodyLength < 0 && minor === 1;
    this.#left = bodyLength;
    if (!this.#bodiless && bodyLength < 0 && minor === 0) this.keepAlive = false;
    const room = headRoom(head);
    this.#room = this.#owner.rooms.out.lend();
    if (room > this.#room.length) {
      this.#owner.rooms.out.giveBack(this.#room);
      this.#room = new Uint8Array(room);
    }
    const connection = this.#upgrade !== null
      ? "upgrade"
      : !this.keepAlive
      ? "close"
      : minor === 0
      ? "keep-alive"
      : null;
    this.#have = writeHead(head, this.#room, { chunked: this.#chunked, connection, upgrade: this.#upgrade });
  }

  flush(): void {
    if (this.#have === 0 || this.#flushing !== null) return;
    this.#flushing = this.#flush().catch(() => {}).finally(() => this.#flushing = null);
  }

  async write(piece: Bytes): Promise<void> {
    if (this.#bodiless || piece.length === 0) return;
    if (this.#left >= 0) this.#left -= piece.length;
    if (this.#flushing !== null) await this.#flushing;
    await this.#put(piece, NO_BYTES);
  }

  async end(last: Bytes | null = null, trailers: Bytes | null = null): Promise<void> {
    const piece = this.#bodiless ? null : last;
    if (this.#flushing !== null) await this.#flushing;
    if (this.#chunked) {
      const ending = trailers !== null && this.#terms.takesTrailers ? endWith(trailers) : LAST_CHUNK;
      if (piece !== null && piece.length > 0) await this.#put(piece, ending);
      else await this.#put(null, ending);
    } else if (piece !== null && piece.length > 0) {
      await this.#put(piece, NO_BYTES);
    } else if (this.#have > 0) {
      await this.#flush();
    }
    this.ended = true;
    this.#release();
  }

  cut(): void {
    this.keepAlive = false;
    const { socket } = this.#owner;
    // A head that still waits for its body goes out, so that the client sees what broke off.
    if (this.#have === 0 || !socket.open) socket.close();
    else this.#flush().catch(() => {}).finally(() => socket.close());
  }

  /** Gives back what it borrowed, if the response did not come to its end. */
  abandon(): void {
    // A write that is under way may still read from the room: it is nobody's any more.
    this.#room = null;
  }

  /** Sends a piece, framed, with what waits before it and what comes behind it, in as few writes as its size allows. */
  async #put(piece: Bytes | null, behind: Bytes): Promise<void> {
    const room = this.#room!;
    const length = piece === null ? 0 : piece.length;
    if (this.#chunked && piece !== null) this.#have = put(room, this.#have, `${length.toString(16)}\r\n`);
    if (length <= COPIED_BYTES && this.#have + length + behind.length + 16 <= room.length) {
      let at = this.#have;
      if (piece !== null) {
        room.set(piece, at);
        at += length;
        if (this.#chunked) {
          room.set(LINE_END, at);
          at += 2;
        }
      }
      room.set(behind, at);
      this.#have = at + behind.length;
      return await this.#flush();
    }
    await this.#flush();
    if (piece !== null) await this.#send(piece);
    if (this.#chunked && piece !== null) {
      room.set(LINE_END);
      this.#have = 2;
    }
    if (this.#have + behind.length > room.length) {
      await this.#flush();
      return await this.#send(behind);
    }
    room.set(behind, this.#have);
    this.#have += behind.length;
    if (this.#have > 0) await this.#flush();
  }

  async #flush(): Promise<void> {
    const length = this.#have;
    if (length === 0) return;
    this.#have = 0;
    await this.#send(this.#room!.subarray(0, length));
  }

  async #send(bytes: Bytes): Promise<void> {
    const { socket } = this.#owner;
    this.#owner.writing(true);
    await socket.write(bytes, this.#owner.taken);
    this.#owner.writing(false);
  }

  #release(): void {
    const { out } = this.#owner.rooms;
    const room = this.#room;
    this.#room = null;
    if (room !== null && room.length === OUT_ROOM_BYTES) out.giveBack(room);
  }
}

const OUT_ROOM_BYTES = 16_384;

/** The last chunk, with trailers before the line that ends the message. */
function endWith(trailers: Bytes): Bytes {
  const bytes = new Uint8Array(3 + trailers.length + 2);
  bytes.set([48, 13, 10]);
  bytes.set(trailers, 3);
  bytes.set(LINE_END, 3 + trailers.length);
  return bytes;
}
