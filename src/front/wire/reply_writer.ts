import { headRoom, put, writeHead } from "./head_writer.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { TunnelEnd } from "../../http1/tunnel_end.ts";
import type { Reply, ResponseHead, TunnelEvents } from "../reply.ts";
import { Farewell } from "./farewell.ts";
import { passBothWays } from "./tunnel.ts";
import type { ClientSocket } from "./client_socket.ts";
import { type FrontRooms, OUT_BYTES } from "./rooms.ts";

/** Pieces up to this many bytes are copied behind what waits in the room, so that they go out in one write. */
const COPIED_BYTES = 16_384;
const NO_BYTES: Bytes = new Uint8Array(0);
const LINE_END: Bytes = new Uint8Array([13, 10]);
const LAST_CHUNK: Bytes = new Uint8Array([48, 13, 10, 13, 10]);

/** What a reply needs of its connection. */
export interface ReplyOwner {
  readonly socket: ClientSocket;
  readonly rooms: FrontRooms;
  /** Writes bytes to the client within LISTENER_WRITE_TIMEOUT. */
  send(bytes: Bytes): Promise<void>;
  /** WebSockets are closed, also those that open from now on: sluice is going away. */
  readonly closesWebSockets: () => boolean;
}

/** What a request says of how it may be answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Of HTTP/1. */
  readonly minor: 0 | 1;
  /** The client takes trailers (`TE: trailers`). */
  readonly takesTrailers: boolean;
  /** Its body, which must be read or skipped before the connection can go on behind it. */
  readonly body: { readonly done: boolean; skip(): boolean } | null;
}

/** Writes one response to a client's connection: the head with the first piece of its body in one write. */
export class ReplyWriter implements Reply {
  begun = false;
  /** All of the response was given to the socket. If the client does not take it, the connection is closed. */
  ended = false;
  readonly sent = null;
  /** The connection may be used again behind this response. */
  keepAlive: boolean;
  readonly #owner: ReplyOwner;
  readonly #request: AnsweredRequest;
  #room: Bytes | null = null;
  /** Bytes of the room that wait to be written. */
  #have = 0;
  #chunked = false;
  #bodiless = false;
  #left = -1;
  /** A head that goes out before its body, which waits for it. */
  #flushing: Promise<void> | null = null;
  #upgrade: string | null = null;
  #farewell: Farewell | null = null;

  /** @param keepAlive The client lets its connection be used again. */
  constructor(owner: ReplyOwner, request: AnsweredRequest, keepAlive: boolean) {
    this.#owner = owner;
    this.#request = request;
    this.keepAlive = keepAlive;
  }

  /** Of HTTP/1. */
  get minor(): 0 | 1 {
    return this.#request.minor;
  }

  async interim(head: ResponseHead): Promise<void> {
    // HTTP/1.0 knows no interim responses (RFC 9110 section 15.2).
    if (this.#request.minor === 0) return;
    const place = new Uint8Array(headRoom(head));
    const length = writeHead(head, place, { chunked: false, connection: null, upgrade: null });
    await this.#owner.send(place.subarray(0, length));
  }

  async tunnel(head: ResponseHead, protocol: string, target: TunnelEnd, events: TunnelEvents): Promise<void> {
    if (target.kind !== "bytes") throw new TypeError("This engine passes bytes");
    this.#upgrade = protocol;
    this.keepAlive = false;
    this.head(head);
    await this.#flush();
    this.release();
    const { socket, rooms } = this.#owner;
    const farewell = protocol.toLowerCase() === "websocket"
      ? new Farewell({
        client: (bytes) => socket.write(bytes),
        target: (bytes) => target.write(bytes),
        begins: () => events.halfClosed(),
      })
      : null;
    this.#farewell = farewell;
    if (this.#owner.closesWebSockets()) farewell?.begin();
    await passBothWays(socket, target, { rooms, events, farewell });
    this.ended = true;
  }

  /** Closes its WebSocket, if it has become one. */
  closeWebSocket(): void {
    this.#farewell?.begin();
  }

  head(head: ResponseHead): number {
    const { status, bodyLength } = head;
    const { method, minor, body } = this.#request;
    this.begun = true;
    if (body !== null && !body.done && !body.skip()) this.keepAlive = false;
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
    return status;
  }

  flush(): void {
    if (this.#have === 0 || this.#flushing !== null) return;
    this.#flushing = this.#flush().catch(() => {}).finally(() => this.#flushing = null);
  }

  write(piece: Bytes): Promise<void> {
    if (this.#bodiless || piece.length === 0) return DONE;
    if (this.#left >= 0) this.#left -= piece.length;
    const sent = this.#flushing === null ? this.#put(piece, NO_BYTES) : this.#putLater(piece, NO_BYTES);
    const turn = this.#owner.rooms.turns.spend(piece.length);
    return turn === null ? sent : sent.then(() => turn);
  }

  end(last: Bytes | null = null, trailers: Bytes | null = null): Promise<void> {
    const piece = this.#bodiless ? null : last;
    const takesTrailers = this.#chunked && trailers !== null && this.#request.takesTrailers;
    const behind = !this.#chunked ? NO_BYTES : takesTrailers ? endWith(trailers) : LAST_CHUNK;
    this.ended = true;
    return this.#flushing === null ? this.#put(piece, behind) : this.#putLater(piece, behind);
  }

  cut(): void {
    this.keepAlive = false;
    const { socket } = this.#owner;
    // A head that still waits for its body goes out, so that the client sees what broke off.
    if (this.#have === 0 || !socket.open) socket.close();
    else this.#flush().catch(() => {}).finally(() => socket.close());
  }

  /** Gives back what it borrowed. Nothing may be being written any more. */
  release(): void {
    const room = this.#room;
    this.#room = null;
    if (room !== null && room.length === OUT_BYTES) this.#owner.rooms.out.giveBack(room);
  }

  async #putLater(piece: Bytes | null, behind: Bytes): Promise<void> {
    await this.#flushing;
    await this.#put(piece, behind);
  }

  /** Sends a piece, framed, with what waits before it and what comes behind it: in one write if it is small. */
  #put(piece: Bytes | null, behind: Bytes): Promise<void> {
    const room = this.#room ??= this.#owner.rooms.out.lend();
    const length = piece === null ? 0 : piece.length;
    if (this.#chunked && length > 0) this.#have = put(room, this.#have, `${length.toString(16)}\r\n`);
    if (length > COPIED_BYTES || this.#have + length + behind.length + LINE_END.length > room.length) {
      return this.#putApart(piece, behind);
    }
    let at = this.#have;
    if (length > 0) {
      room.set(piece!, at);
      at += length;
      if (this.#chunked) {
        room.set(LINE_END, at);
        at += LINE_END.length;
      }
    }
    if (behind.length > 0) room.set(behind, at);
    this.#have = at + behind.length;
    return this.#flush();
  }

  /** Sends a piece that is not worth copying, or what has no room. */
  async #putApart(piece: Bytes | null, behind: Bytes): Promise<void> {
    await this.#flush();
    // The client may take the piece slowly.
    this.release();
    const length = piece === null ? 0 : piece.length;
    if (length > 0) await this.#owner.send(piece!);
    if (!this.#chunked && behind.length === 0) return;
    const room = this.#room = this.#owner.rooms.out.lend();
    if (this.#chunked && length > 0) {
      room.set(LINE_END);
      this.#have = LINE_END.length;
    }
    if (this.#have + behind.length > room.length) {
      await this.#flush();
      return await this.#owner.send(behind);
    }
    room.set(behind, this.#have);
    this.#have += behind.length;
    await this.#flush();
  }

  #flush(): Promise<void> {
    const length = this.#have;
    if (length === 0) return DONE;
    this.#have = 0;
    return this.#owner.send(this.#room!.subarray(0, length));
  }
}

const DONE = Promise.resolve();

/** The last chunk, with trailers before the line that ends the message. */
function endWith(trailers: Bytes): Bytes {
  const bytes = new Uint8Array(3 + trailers.length + 2);
  bytes.set([48, 13, 10]);
  bytes.set(trailers, 3);
  bytes.set(LINE_END, 3 + trailers.length);
  return bytes;
}
