/** Pieces of what a client of HTTP/2 may send or not, and what must come of it. */
import { Flag, frame, FrameType, get, headerBlock, joined, requestLines } from "./http2_client.ts";

/** One trial. */
export interface RuleTrial {
  readonly title: string;
  /** What the client sends, behind its preface and SETTINGS. */
  readonly frames: readonly Uint8Array[];
  /** What it sends first, if not the preface and SETTINGS. */
  readonly begin?: readonly Uint8Array[];
  /** The codes that the connection may end with. */
  readonly ends?: readonly number[];
  /** The codes that the stream 1 may be reset with, or the connection end with. The connection may live on. */
  readonly resets?: readonly number[];
}

/** A HEADERS frame that is a whole request. */
export const WHOLE = Flag.endStream | Flag.endHeaders;
/** Zeros. */
export const BYTES = (count: number) => new Uint8Array(count);
/** A POST whose body is still to come. */
export const OPEN = headers(Flag.endHeaders, 1, headerBlock(requestLines("/hang", { method: "POST" })));
/** The header block of a GET. */
export const HEAD = headerBlock(requestLines("/"));
/** A GET whose response does not come. */
export const HANGS = get(1, "/hang");

/** Writes HEADERS. */
export function headers(flags: number, stream: number, block: Uint8Array): Uint8Array {
  return frame(FrameType.headers, flags, stream, block);
}

/** Writes a payload with padding: `length` is what the first byte says. */
export function padded(length: number, payload: Uint8Array, padding: Uint8Array): Uint8Array {
  return joined(new Uint8Array([length]), payload, padding);
}

/** Writes DATA. */
export function data(flags: number, stream: number, payload: Uint8Array): Uint8Array {
  return frame(FrameType.data, flags, stream, payload);
}
