import { BodyBroken, type BodySource, Superseded } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { WireConnection } from "./wire_connection.ts";

const encoder = new TextEncoder();
const LAST_CHUNK = encoder.encode("0\r\n\r\n");
const LINE_END = encoder.encode("\r\n");
/** Pieces up to this many bytes are copied into one write with their size and end; larger ones are not copied. */
const COPIED_BYTES = 16_384;

/**
 * What came of sending a body: all of it went; the connection takes no more, whose reader finds out why (a response may be there); or
 * why its source broke.
 */
export type Sent = "whole" | "refused" | { readonly broken: unknown };

/**
 * Sends a request's head, and when the system has all of it the body, piece by piece as the connection takes them, framed by its
 * length or as chunks, with the client's trailers behind those.
 *
 * @param body `length`: Content-Length; below 0 chunked.
 */
export async function sendBody(
  connection: WireConnection,
  head: Bytes,
  { source, length }: { readonly source: BodySource; readonly length: number },
): Promise<Sent> {
  let sent = 0;
  try {
    await connection.writeAll(head);
  } catch {
    return "refused";
  }
  for (;;) {
    let piece: Bytes | null;
    try {
      piece = await source.read();
    } catch (error) {
      if (error instanceof Superseded) return "refused";
      return { broken: error };
    }
    if (piece === null && length >= 0) {
      if (sent === length) return "whole";
      return { broken: new BodyBroken("left", `The body ended after ${sent} of ${length} bytes`) };
    }
    try {
      if (piece === null) {
        await connection.writeAll(lastChunk(source.trailers));
        return "whole";
      }
      sent += piece.length;
      if (length >= 0 && sent > length) return { broken: new Error("The body is longer than its Content-Length") };
      if (length >= 0) await connection.writeAll(piece);
      else await writeChunk(connection, piece);
    } catch {
      return "refused";
    }
  }
}

/** Writes a chunk whole, its end too: the target may wait for that. */
async function writeChunk(connection: WireConnection, piece: Bytes): Promise<void> {
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

function lastChunk(trailers: Bytes | null): Bytes {
  if (trailers === null) return LAST_CHUNK;
  const bytes = new Uint8Array(3 + trailers.length + 2);
  bytes.set(LAST_CHUNK.subarray(0, 3));
  bytes.set(trailers, 3);
  bytes.set(LINE_END, 3 + trailers.length);
  return bytes;
}
