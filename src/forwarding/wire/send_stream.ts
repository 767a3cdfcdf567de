import type { Bytes } from "../../http1/bytes.ts";
import type { WireConnection } from "./wire_connection.ts";

const encoder = new TextEncoder();
const LAST_CHUNK = encoder.encode("0\r\n\r\n");
const LINE_END = encoder.encode("\r\n");
/** Pieces up to this many bytes are copied into one write with their size and end; larger ones are not copied. */
const COPIED_BYTES = 16_384;

/**
 * What came of sending a body: all of it went; its source broke, ended early or brought too much; or the connection takes no
 * more, whose reader finds out why (an answer may be there).
 */
export type Sent = "whole" | "broken" | "refused";

/**
 * Sends a request's head, and when the system has all of it the body, piece by piece as the connection takes them, framed by
 * its length or as chunks.
 *
 * @param body `length`: Content-Length; below 0 chunked.
 */
export async function sendInPieces(
  connection: WireConnection,
  head: Bytes,
  { stream, length }: { readonly stream: ReadableStream<Bytes>; readonly length: number },
): Promise<Sent> {
  const reader = stream.getReader();
  let sent = 0;
  try {
    await connection.writeAll(head);
  } catch {
    reader.cancel().catch(ignore);
    return "refused";
  }
  for (;;) {
    let piece: ReadableStreamReadResult<Bytes>;
    try {
      piece = await reader.read();
    } catch {
      return "broken";
    }
    const { done, value } = piece;
    if (done && length >= 0) return sent === length ? "whole" : "broken";
    if (!done && value.length === 0) continue;
    try {
      if (done) {
        await connection.writeAll(LAST_CHUNK);
        return "whole";
      }
      sent += value.length;
      if (length >= 0 && sent > length) {
        reader.cancel().catch(ignore);
        return "broken";
      }
      if (length >= 0) await connection.writeAll(value);
      else await writeChunk(connection, value);
    } catch {
      reader.cancel().catch(ignore);
      return "refused";
    }
  }
}

/** Writes a chunk whole, its end too: whoever reads it may wait for that. */
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

function ignore(): void {}
