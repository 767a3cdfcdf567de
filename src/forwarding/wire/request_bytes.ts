import type { Bytes } from "../../http1/bytes.ts";
import { ByteLines } from "../../http1/field_lines.ts";
import type { TargetRequest } from "../target_request.ts";

const SPACE = 32;
/** Most bytes of what stands between the parts, and of the lines on framing. */
const CONSTANT_BYTES = 128;

/** How a request's message is framed and its connection used. */
export interface RequestFraming {
  readonly chunked: boolean;
  /** The connection is used for this request only. */
  readonly close: boolean;
}

/**
 * Writes a request's head: method and path, Host, the client's lines as they came, sluice's own, and what concerns this
 * connection. It is put in `room` if it fits, with `spare` bytes behind it, else in bytes of its own.
 */
export function requestHeadBytes(
  request: TargetRequest,
  framing: RequestFraming,
  { room, spare }: { readonly room: Bytes; readonly spare: number },
): { bytes: Bytes; length: number } {
  const { method, path, host, lines, own, upgrade } = request;
  const needed = mostBytes(request) + spare;
  const bytes = needed <= room.length ? room : new Uint8Array(needed);
  let at = put(bytes, 0, method);
  bytes[at++] = SPACE;
  at = put(bytes, at, path);
  at = putPlain(bytes, at, " HTTP/1.1\r\nHost: ");
  at = put(bytes, at, host);
  at = putPlain(bytes, at, "\r\n");
  if (lines instanceof ByteLines) at = lines.copyTo(bytes, at);
  else {
    for (let i = 0; i < lines.count; i++) {
      if (!lines.isDropped(i)) at = putLine(bytes, at, [lines.name(i), lines.value(i)]);
    }
  }
  let options = upgrade !== null ? "upgrade" : framing.close ? "close" : "";
  for (let i = 0; i < own.length; i++) {
    const line = own[i]!;
    at = putLine(bytes, at, line);
    if (line[0] === "TE") options = options === "" ? "TE" : `${options}, TE`;
  }
  if (upgrade !== null) at = putLine(bytes, at, ["Upgrade", upgrade]);
  if (framing.chunked) at = putPlain(bytes, at, "Transfer-Encoding: chunked\r\n");
  if (options !== "") at = putLine(bytes, at, ["Connection", options]);
  return { bytes, length: putPlain(bytes, at, "\r\n") };
}

function mostBytes({ method, path, host, lines, own, upgrade }: TargetRequest): number {
  let bytes = CONSTANT_BYTES + method.length + path.length + host.length + (upgrade === null ? 0 : upgrade.length);
  if (lines instanceof ByteLines) bytes += lines.byteLength;
  else for (let i = 0; i < lines.count; i++) bytes += lines.name(i).length + lines.value(i).length + 4;
  for (let i = 0; i < own.length; i++) bytes += own[i]![0].length + own[i]![1].length + 4;
  return bytes;
}

function putLine(place: Bytes, at: number, line: readonly [string, string]): number {
  at = putPlain(place, at, line[0]);
  at = putPlain(place, at, ": ");
  at = put(place, at, line[1]);
  return putPlain(place, at, "\r\n");
}

/** Writes text of sluice's own. */
function putPlain(place: Bytes, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) place[at + i] = text.charCodeAt(i);
  return at + length;
}

/**
 * Writes text, one character a byte (Latin-1, as header values are). What would end a line or a header before its time
 * is refused: no engine lets any through, but a request is no place to trust in that.
 */
function put(place: Bytes, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || code === 0 || code === 10 || code === 13) {
      throw new TypeError(`The character ${code} can't stand in a request's head`);
    }
    place[at + i] = code;
  }
  return at + length;
}
