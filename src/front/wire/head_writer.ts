import { ByteLines } from "../../http1/field_lines.ts";
import { phraseOfStatus } from "../../http1/phrases.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { ResponseHead } from "../reply.ts";

const encoder = new TextEncoder();
/** An interim response that asks nothing of its client but to wait. */
export const CONTINUE = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");
const OK = encoder.encode("HTTP/1.1 200 OK\r\n");

/** What sluice says of the connection to the client, behind all other lines. */
export interface ConnectionLines {
  readonly chunked: boolean;
  /** `close`, `keep-alive` (for HTTP/1.0), an upgrade's name, or nothing. */
  readonly connection: "close" | "keep-alive" | "upgrade" | null;
  /** The protocol that is switched to; null if none is. */
  readonly upgrade: string | null;
}

/** Room that a head needs at most. */
export function headRoom(head: ResponseHead): number {
  let room = 512 + (head.phrase?.length ?? 0);
  if (head.lines instanceof ByteLines) room += head.lines.byteLength;
  else if (head.lines !== null) {
    for (let i = 0; i < head.lines.count; i++) room += head.lines.name(i).length + head.lines.value(i).length + 4;
  }
  for (const [name, value] of head.own) room += name.length + value.length + 4;
  return room;
}

/** Writes a response's head to `place`, which has {@linkcode headRoom} bytes of room; returns the place behind it. */
export function writeHead(head: ResponseHead, place: Bytes, connection: ConnectionLines): number {
  let at = 0;
  if (head.status === 200 && head.phrase === null) {
    place.set(OK);
    at = OK.length;
  } else {
    at = put(place, at, `HTTP/1.1 ${head.status} ${head.phrase ?? phraseOfStatus(head.status)}\r\n`);
  }
  const { lines } = head;
  if (lines instanceof ByteLines) at = lines.copyTo(place, at);
  else if (lines !== null) {
    for (let i = 0; i < lines.count; i++) {
      if (!lines.isDropped(i)) at = put(place, at, `${lines.name(i)}: ${lines.value(i)}\r\n`);
    }
  }
  for (const [name, value] of head.own) at = put(place, at, `${name}: ${value}\r\n`);
  let last = "\r\n";
  if (connection.chunked) last = "Transfer-Encoding: chunked\r\n\r\n";
  if (connection.upgrade !== null) last = `Upgrade: ${connection.upgrade}\r\n${last}`;
  if (connection.connection !== null) last = `Connection: ${connection.connection}\r\n${last}`;
  return put(place, at, last);
}

/** Writes text, one character a byte. Nothing in it may end a line before its time. */
export function put(place: Bytes, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    place[at + i] = code < 256 ? code : 63;
  }
  return at + text.length;
}
