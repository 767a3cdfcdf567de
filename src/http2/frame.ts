import type { Bytes } from "../http1/bytes.ts";

/** Types of frames (RFC 9113 section 6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags of frames (RFC 9113 section 6). */
export const Flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** Why a stream or a connection ends (RFC 9113 section 7). */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;

/** What a client sends first (RFC 9113 section 3.4). */
export const PREFACE: Bytes = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Bytes before the payload of a frame (RFC 9113 section 4.1). */
export const FRAME_HEADER_BYTES = 9;
/** The longest payload that everybody must take, and the first value of SETTINGS_MAX_FRAME_SIZE. */
export const FIRST_FRAME_BYTES = 16_384;
/** Bytes of a PING's payload. */
export const PING_BYTES = 8;

/** Reads the length of the payload of a frame that begins at `at`. */
export function frameLength(from: Bytes, at: number): number {
  return from[at]! << 16 | from[at + 1]! << 8 | from[at + 2]!;
}

/** Reads the type of a frame that begins at `at`. */
export function frameType(from: Bytes, at: number): number {
  return from[at + 3]!;
}

/** Reads the flags of a frame that begins at `at`. */
export function frameFlags(from: Bytes, at: number): number {
  return from[at + 4]!;
}

/** Reads the stream of a frame that begins at `at`; 0: the connection. */
export function frameStream(from: Bytes, at: number): number {
  return readWord(from, at + 5) & 0x7fffffff;
}

/** Reads a number of four bytes, without a sign. */
export function readWord(from: Bytes, at: number): number {
  return (from[at]! << 24 | from[at + 1]! << 16 | from[at + 2]! << 8 | from[at + 3]!) >>> 0;
}

/** Writes a number of four bytes, and returns the place behind it. */
export function putWord(to: Bytes, at: number, value: number): number {
  to[at] = value >>> 24;
  to[at + 1] = value >>> 16;
  to[at + 2] = value >>> 8;
  to[at + 3] = value;
  return at + 4;
}

/** Writes the nine bytes before a payload of `length` bytes, and returns the place behind them. */
export function putFrameHeader(
  to: Bytes,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  putWord(to, at, length << 8 | type);
  to[at + 4] = flags;
  return putWord(to, at + 5, stream);
}
