import { BodyBroken, type BodySource, Superseded } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { WireConnection } from "./wire_connection.ts";
import { writeChunk } from "./write_chunk.ts";

const encoder = new TextEncoder();
const LAST_CHUNK = encoder.encode("0\r\n\r\n");
const LINE_END = encoder.encode("\r\n");

/**
 * What came of sending a body: all of it went; the connection takes no more, whose reader finds out why (a response may
 * be there); or why its source broke.
 */
export type Sent = "whole" | "refused" | { readonly broken: unknown };

/**
 * Sends a request's body when the system has all of its head: piece by piece as the connection takes them, framed by
 * its length or as chunks, with the client's trailers behind those.
 *
 * @param head Resolves when the head is written. Not its bytes: they would stay in memory as long as the body takes.
 * @param body `length`: Content-Length; below 0 chunked.
 */
export async function sendBody(
  connection: WireConnection,
  head: Promise<void>,
  { source, length }: { readonly source: BodySource; readonly length: number },
): Promise<Sent> {
  let sent = 0;
  try {
    await head;
    connection.giveBackRoom();
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

function lastChunk(trailers: Bytes | null): Bytes {
  if (trailers === null) return LAST_CHUNK;
  const bytes = new Uint8Array(3 + trailers.length + 2);
  bytes.set(LAST_CHUNK.subarray(0, 3));
  bytes.set(trailers, 3);
  bytes.set(LINE_END, 3 + trailers.length);
  return bytes;
}
