import { Kind } from "./field_kind.ts";
import type { Bytes } from "./bytes.ts";
import { ByteLines, latin1 } from "./field_lines.ts";
import { Malformed } from "./malformed.ts";
import { isValueByte } from "./tokens.ts";
import { oneLength } from "./framing.ts";
import { lists } from "./request_head.ts";

const CR = 13;
const LF = 10;
const SPACE = 32;
/** `HTTP/1.`, the only protocol that is spoken. */
const PROTOCOL = new TextEncoder().encode("HTTP/1.");

/** The head of a response. Its lines are marks on the bytes it was read from. */
export interface ResponseFacts {
  readonly status: number;
  readonly minor: 0 | 1;
  /** Where the reason phrase is in the bytes. */
  readonly phraseStart: number;
  readonly phraseEnd: number;
  readonly lines: ByteLines;
  /** Content-Length; -1 if there is none. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** The server lets its connection be used again (RFC 9112 section 9.3). */
  readonly keepAlive: boolean;
  /** The `Connection` header; null if there is none. */
  readonly connection: string | null;
}

/** Throws {@linkcode Malformed} if what came so far can't be the beginning of a response. */
export function checkBeginning(bytes: Bytes, start: number, end: number): void {
  const stop = Math.min(end, start + PROTOCOL.length);
  for (let at = start; at < stop; at++) {
    if (bytes[at] !== PROTOCOL[at - start]) throw new Malformed("sent what does not begin with HTTP/1");
  }
}

/** Reads a whole head, strictly. Throws {@linkcode Malformed}. */
export function readResponseHead(
  bytes: Bytes,
  { start, end, lines }: { readonly start: number; readonly end: number; readonly lines: ByteLines },
): ResponseFacts {
  checkBeginning(bytes, start, end);
  const minor = bytes[start + 7]! - 48;
  if (minor !== 0 && minor !== 1) throw new Malformed("sent what is not of HTTP/1.0 or HTTP/1.1");
  const status = statusAt(bytes, start + 8);
  const phraseStart = bytes[start + 12] === SPACE ? start + 13 : start + 12;
  let at = phraseStart;
  while (isValueByte(bytes[at]!)) at++;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) throw new Malformed("sent a control character in its head");
  lines.parse(bytes, at + 2, end);
  let contentLength = -1;
  let chunked = false;
  let connection: string | null = null;
  for (let line = 0; line < lines.count; line++) {
    switch (lines.kind(line)) {
      case Kind.ContentLength:
        contentLength = oneLength(lines.value(line), contentLength);
        break;
      case Kind.TransferEncoding: {
        const coding = lines.value(line);
        // Any other coding would have to be undone, since it concerns one connection.
        if (chunked || minor === 0 || coding.toLowerCase() !== "chunked") {
          throw new Malformed(`sent a body in the transfer coding ${JSON.stringify(coding)}`);
        }
        chunked = true;
        break;
      }
      case Kind.Connection: {
        const value = lines.value(line);
        connection = connection === null ? value : `${connection}, ${value}`;
      }
    }
  }
  // RFC 9112 section 6.3: an attempt at smuggling, or a broken server.
  if (chunked && contentLength >= 0) throw new Malformed("sent both Content-Length and Transfer-Encoding");
  return {
    status,
    minor,
    phraseStart,
    phraseEnd: at,
    lines,
    contentLength,
    chunked,
    // The `keep-alive` of HTTP/1.0 changes nothing: such a connection is used once.
    keepAlive: minor === 1 && (connection === null || !lists(connection, "close")),
    connection,
  };
}

/** The reason phrase of a response; null for the one that everybody knows. */
export function phraseOf(bytes: Bytes, { status, phraseStart, phraseEnd }: ResponseFacts): string | null {
  if (status === 200 && phraseEnd - phraseStart === 2 && bytes[phraseStart] === 79 && bytes[phraseStart + 1] === 75) {
    return null;
  }
  return latin1(bytes, phraseStart, phraseEnd);
}

/** Reads ` 200` and what may follow it. */
function statusAt(bytes: Bytes, at: number): number {
  const a = bytes[at + 1]! - 48;
  const b = bytes[at + 2]! - 48;
  const c = bytes[at + 3]! - 48;
  const next = bytes[at + 4];
  const digits = a >= 0 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9;
  if (bytes[at] !== SPACE || !digits || (next !== SPACE && next !== CR)) {
    throw new Malformed("sent a malformed status line");
  }
  const status = a * 100 + b * 10 + c;
  if (status < 100 || status > 599) throw new Malformed(`sent the status ${status}`);
  return status;
}
