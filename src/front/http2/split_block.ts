import type { Bytes } from "../../http1/bytes.ts";
import { FIRST_FRAME_BYTES, Flag, FRAME_HEADER_BYTES, FrameType, putFrameHeader } from "../../http2/frame.ts";

/**
 * Cuts a header block into a HEADERS frame and CONTINUATION frames (RFC 9113 section 6.10); returns the place behind
 * them. The block begins nine bytes behind `start`, and there must be room for nine more for each frame behind the
 * first.
 *
 * @param flags END_STREAM, or none.
 */
export function splitBlock(
  room: Bytes,
  start: number,
  { flags, stream, length }: { readonly flags: number; readonly stream: number; readonly length: number },
): number {
  const frames = Math.ceil(length / FIRST_FRAME_BYTES);
  const block = start + FRAME_HEADER_BYTES;
  // From behind, so that nothing is overwritten that is still to be moved.
  for (let i = frames - 1; i >= 0; i--) {
    const from = block + i * FIRST_FRAME_BYTES;
    const size = Math.min(FIRST_FRAME_BYTES, block + length - from);
    const at = from + i * FRAME_HEADER_BYTES;
    if (i > 0) room.copyWithin(at, from, from + size);
    const type = i === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    const ends = i === frames - 1 ? Flag.END_HEADERS : 0;
    putFrameHeader(room, at - FRAME_HEADER_BYTES, size, type, i === 0 ? flags | ends : ends, stream);
  }
  return block + length + (frames - 1) * FRAME_HEADER_BYTES;
}
