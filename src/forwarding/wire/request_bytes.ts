import type { Bytes } from "../../http1/bytes.ts";
import { ByteLines } from "../../http1/field_lines.ts";
import type { TargetRequest } from "../target_request.ts";

/** What would end a line or a header before its time. No engine lets any through; a request is no place to trust in that. */
const BREAKS_LINE = /[\0\r\n]/;

/** How a request's message is framed and its connection used. */
export interface RequestFraming {
  readonly chunked: boolean;
  /** The connection is used for this request only. */
  readonly close: boolean;
}

/**
 * Writes a request's head: method and path, Host, the client's lines as they came, sluice's own, and what concerns this connection.
 * It is put in `room` if it fits, with `spare` bytes behind it, else in bytes of its own.
 */
export function requestHeadBytes(
  request: TargetRequest,
  framing: RequestFraming,
  { room, spare }: { readonly room: Bytes; readonly spare: number },
): { bytes: Bytes; length: number } {
  const { method, path, host, lines, own, upgrade } = request;
  if (BREAKS_LINE.test(path) || BREAKS_LINE.test(host)) throw new TypeError("The path or the host would end its line");
  const before = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
  let behind = "";
  for (const [name, value] of own) {
    if (BREAKS_LINE.test(value)) throw new TypeError(`The header "${name}" would end its line`);
    behind += `${name}: ${value}\r\n`;
  }
  const options: string[] = [];
  if (upgrade !== null) {
    options.push("upgrade");
    behind += `Upgrade: ${upgrade}\r\n`;
  } else if (framing.close) options.push("close");
  for (const [name] of own) if (name === "TE") options.push("TE");
  if (framing.chunked) behind += "Transfer-Encoding: chunked\r\n";
  if (options.length > 0) behind += `Connection: ${options.join(", ")}\r\n`;
  behind += "\r\n";
  if (lines instanceof ByteLines) {
    const needed = before.length + lines.byteLength + behind.length + spare;
    const bytes = needed <= room.length ? room : new Uint8Array(needed);
    let at = put(bytes, 0, before);
    at = lines.copyTo(bytes, at);
    return { bytes, length: put(bytes, at, behind) };
  }
  let middle = "";
  for (let i = 0; i < lines.count; i++) {
    if (lines.isDropped(i)) continue;
    const value = lines.value(i);
    if (BREAKS_LINE.test(value)) throw new TypeError(`The header "${lines.name(i)}" would end its line`);
    middle += `${lines.name(i)}: ${value}\r\n`;
  }
  const text = before + middle + behind;
  const bytes = text.length + spare <= room.length ? room : new Uint8Array(text.length + spare);
  return { bytes, length: put(bytes, 0, text) };
}

const encoder = new TextEncoder();

/** Writes text, one character a byte (Latin-1, as header values are). */
function put(place: Bytes, at: number, text: string): number {
  if (text.length > 48) {
    const { read, written } = encoder.encodeInto(text, at === 0 ? place : place.subarray(at));
    // Beyond ASCII UTF-8 needs more bytes than characters.
    if (read === text.length && written === text.length) return at + written;
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) throw new TypeError("A header has a character that is no byte");
    place[at + i] = code;
  }
  return at + text.length;
}
