/** Frames that say one thing. Each function writes a whole one and returns the place behind it. */
import type { Bytes } from "../http1/bytes.ts";
import { Flag, FRAME_HEADER_BYTES, FrameType, PING_BYTES, putFrameHeader, putWord } from "./frame.ts";
import { SETTING_BYTES } from "./settings.ts";

/** How many bytes each of these frames takes at most, SETTINGS apart. */
export const SMALL_FRAME_ROOM = FRAME_HEADER_BYTES + 8;

/** Writes SETTINGS with pairs of an identifier and a value; 9 bytes, and 6 for each (RFC 9113 section 6.5). */
export function putSettings(to: Bytes, at: number, settings: readonly (readonly [number, number])[]): number {
  let place = putFrameHeader(to, at, settings.length * SETTING_BYTES, FrameType.SETTINGS, 0, 0);
  for (const [id, value] of settings) {
    to[place++] = id >>> 8;
    to[place++] = id;
    place = putWord(to, place, value);
  }
  return place;
}

/** Writes the acknowledgement of SETTINGS (RFC 9113 section 6.5.3). */
export function putSettingsAck(to: Bytes, at: number): number {
  return putFrameHeader(to, at, 0, FrameType.SETTINGS, Flag.ACK, 0);
}

/** Writes a PING with a payload of 8 bytes (RFC 9113 section 6.7). */
export function putPing(to: Bytes, at: number, payload: Bytes): number {
  const place = putFrameHeader(to, at, PING_BYTES, FrameType.PING, 0, 0);
  to.set(payload, place);
  return place + PING_BYTES;
}

/** Writes the answer to a PING whose 8 bytes are in `from` (RFC 9113 section 6.7). */
export function putPingAck(to: Bytes, at: number, from: Bytes, start: number): number {
  const place = putFrameHeader(to, at, PING_BYTES, FrameType.PING, Flag.ACK, 0);
  for (let i = 0; i < PING_BYTES; i++) to[place + i] = from[start + i]!;
  return place + PING_BYTES;
}

/** Writes WINDOW_UPDATE, for the stream 0 that of the connection (RFC 9113 section 6.9). */
export function putWindowUpdate(to: Bytes, at: number, stream: number, bytes: number): number {
  return putWord(to, putFrameHeader(to, at, 4, FrameType.WINDOW_UPDATE, 0, stream), bytes);
}

/** Writes RST_STREAM with an error code (RFC 9113 section 6.4). */
export function putReset(to: Bytes, at: number, stream: number, code: number): number {
  return putWord(to, putFrameHeader(to, at, 4, FrameType.RST_STREAM, 0, stream), code);
}

/** Writes GOAWAY with the last stream that was or may be served, and an error code (RFC 9113 section 6.8). */
export function putGoAway(to: Bytes, at: number, lastStream: number, code: number): number {
  return putWord(to, putWord(to, putFrameHeader(to, at, 8, FrameType.GOAWAY, 0, 0), lastStream), code);
}
