import type { Bytes } from "../../http1/bytes.ts";
import type { WireConnection } from "./wire_connection.ts";

const encoder = new TextEncoder();
const LINE_END = encoder.encode("\r\n");
/** Pieces up to this many bytes are copied into one write with their size and end; larger ones are not copied. */
const COPIED_BYTES = 16_384;

/** Writes a whole chunk, including its end, since the reader may wait for that. */
export async function writeChunk(connection: WireConnection, piece: Bytes): Promise<void> {
  const size = encoder.encode(`${piece.length.toString(16)}\r\n`);
  if (piece.length > COPIED_BYTES) {
    await connection.writeAll(size);
    await connection.writeAll(piece);
    return await connection.writeAll(LINE_END);
  }
  const chunk = new Uint8Array(size.length + piece.length + LINE_END.length);
  chunk.set(size);
  chunk.set(piece, size.length);
  chunk.set(LINE_END, size.length + piece.length);
  await connection.writeAll(chunk);
}
