import type { Bytes } from "./answer_head.ts";
import type { WireConnection } from "./wire_connection.ts";

const encoder = new TextEncoder();
const LAST_CHUNK = encoder.encode("0\r\n\r\n");
const LINE_END = encoder.encode("\r\n");

/**
 * What came of sending a body: all of it went; its source broke, ended early or brought too much; or the connection takes no
 * more, whose reader finds out why (an answer may be there).
 */
export type Sent = "whole" | "broken" | "refused";

/**
 * Sends a request's body behind its head, piece by piece as the connection takes them, framed by its length or as chunks.
 *
 * @param length Content-Length; below 0 chunked.
 */
export async function sendBody(
  connection: WireConnection,
  stream: ReadableStream<Bytes>,
  length: number,
): Promise<Sent> {
  const reader = stream.getReader();
  let sent = 0;
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
        if (sent > 0) await connection.writeAll(LINE_END);
        await connection.writeAll(LAST_CHUNK);
        return "whole";
      }
      // The piece itself is not copied: its size stands before it, and its end goes with the next one's size.
      if (length < 0) {
        await connection.writeAll(encoder.encode(`${sent === 0 ? "" : "\r\n"}${value.length.toString(16)}\r\n`));
      }
      sent += value.length;
      if (length >= 0 && sent > length) {
        reader.cancel().catch(ignore);
        return "broken";
      }
      await connection.writeAll(value);
    } catch {
      reader.cancel().catch(ignore);
      return "refused";
    }
  }
}

function ignore(): void {}
