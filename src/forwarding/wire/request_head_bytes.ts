import type { UpstreamRequest } from "../transport.ts";

const encoder = new TextEncoder();
/** What would end a line or a header before its time. The platform lets none through; a request is no place to trust in that. */
const BREAKS_LINE = /[\0\r\n]/;

/** How a request's message is framed and its connection used, beside the headers that are given. */
export interface RequestFraming {
  readonly chunked: boolean;
  /** The connection is used for this request only. */
  readonly close: boolean;
}

/** Writes a request's head as text, one character a byte: method, path and headers exactly as given. */
export function requestHeadText(request: UpstreamRequest, framing: RequestFraming): string {
  const { method, path, headers } = request;
  if (BREAKS_LINE.test(path)) throw new TypeError("The path would end its line");
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let connection = framing.close ? "connection: close\r\n" : "";
  for (let i = 0; i < headers.length; i++) {
    const pair = headers[i]!;
    if (BREAKS_LINE.test(pair[1])) throw new TypeError(`The header "${pair[0]}" would end its line`);
    // TE concerns one connection, and says so (RFC 9110 section 10.1.4).
    if (pair[0] === "te") connection = framing.close ? "connection: close, te\r\n" : "connection: te\r\n";
    text += `${pair[0]}: ${pair[1]}\r\n`;
  }
  if (framing.chunked) text += "transfer-encoding: chunked\r\n";
  return `${text}${connection}\r\n`;
}

/** Puts a head, and the body where there is one, into one run of bytes: in `room` where it fits, else in bytes of its own. */
export function encodeRequest(
  text: string,
  body: Uint8Array<ArrayBuffer> | null,
  room: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const length = text.length + (body === null ? 0 : body.length);
  const bytes = length <= room.length ? room : new Uint8Array(length);
  const { read, written } = encoder.encodeInto(text, bytes);
  // Beyond ASCII UTF-8 needs more bytes than characters, and values are Latin-1.
  if (read !== text.length || written !== text.length) writeLatin1(text, bytes);
  if (body !== null) bytes.set(body, text.length);
  return bytes.length === length ? bytes : bytes.subarray(0, length);
}

function writeLatin1(text: string, bytes: Uint8Array): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) throw new TypeError("A header has a character that is no byte");
    bytes[i] = code;
  }
}
