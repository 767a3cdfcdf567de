import {
  ErrorCode,
  FIRST_FRAME_BYTES,
  Flag,
  FRAME_HEADER_BYTES,
  frameFlags,
  frameLength,
  frameStream,
  frameType,
  readWord,
} from "../../http2/frame.ts";
import type { ClientSocket } from "../wire/client_socket.ts";
import { Http2Error } from "./http2_error.ts";

/** Takes frames out of what was read of a connection, one after the other, where they stand. */
export class FrameReader {
  type = 0;
  flags = 0;
  stream = 0;
  /** Where the payload stands in the socket's bytes, without padding. */
  start = 0;
  end = 0;
  /** Bytes of the payload as it came. */
  length = 0;
  /** Room that the frame that is not whole yet needs. */
  needed = FRAME_HEADER_BYTES;
  readonly #socket: ClientSocket;

  constructor(socket: ClientSocket) {
    this.#socket = socket;
  }

  /** Takes the next frame; false if it is not whole. Throws {@linkcode Http2Error} if it is larger than allowed. */
  next(): boolean {
    const socket = this.#socket;
    const { bytes, start: at, available } = socket;
    if (available < FRAME_HEADER_BYTES) {
      this.needed = FRAME_HEADER_BYTES;
      return false;
    }
    const length = frameLength(bytes, at);
    if (length > FIRST_FRAME_BYTES) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "sent a frame that is too large");
    if (available < FRAME_HEADER_BYTES + length) {
      this.needed = FRAME_HEADER_BYTES + length;
      return false;
    }
    this.type = frameType(bytes, at);
    this.flags = frameFlags(bytes, at);
    this.stream = frameStream(bytes, at);
    this.length = length;
    this.start = at + FRAME_HEADER_BYTES;
    this.end = this.start + length;
    socket.start = this.end;
    return true;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** The frame's payload as numbers of four bytes. */
  word(offset: number): number {
    return readWord(this.#socket.bytes, this.start + offset);
  }

  /** Leaves out the padding of a DATA or HEADERS frame (RFC 9113 section 6.1). */
  unpad(): void {
    if (!this.has(Flag.PADDED)) return;
    const padding = this.length === 0 ? 1 : 1 + this.#socket.bytes[this.start]!;
    if (padding > this.length) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "sent more padding than fits");
    this.end -= padding - 1;
    this.start++;
  }

  /** Leaves out what a HEADERS frame says of priority: its weight and on what it depends (RFC 9113 section 6.2). */
  skipPriority(): void {
    if (!this.has(Flag.PRIORITY)) return;
    if (this.end - this.start < 5) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "sent a HEADERS frame that is cut");
    this.start += 5;
  }
}
