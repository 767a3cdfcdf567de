import { latin1, type RawSocket, text } from "./raw_socket.ts";

/** A message as it stood on the wire, read leniently: whatever can be split is split, nothing is refused. */
export interface RawMessage {
  /** Every byte, as Latin-1: head, body with its framing, trailers. */
  readonly raw: string;
  /** The first line, without its line end. */
  readonly startLine: string;
  /** Header fields in order, names as they were written. */
  readonly headers: readonly (readonly [string, string])[];
  /** The body without its framing. */
  readonly body: Uint8Array;
  /** The connection ended before the message did, or its framing made no sense. */
  readonly cutOff: boolean;
}

/** An answer as it stood on the wire. */
export interface RawResponse extends RawMessage {
  readonly status: number;
}

/** All values of a header, in order; the name in any case. */
export function headerValues(message: { headers: RawMessage["headers"] }, name: string): string[] {
  return message.headers.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** The one value of a header, null if it is absent; several are joined by `, `. */
export function header(message: { headers: RawMessage["headers"] }, name: string): string | null {
  const values = headerValues(message, name);
  return values.length === 0 ? null : values.join(", ");
}

/** The body of a message as text (UTF-8). */
export function bodyText(message: { body: Uint8Array }): string {
  return new TextDecoder().decode(message.body);
}

/** A head: the first line and the header fields. */
export interface RawHead {
  readonly raw: string;
  readonly startLine: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** Reads one head; null when the connection ends first. Lines may end in a bare LF. */
export async function readHead(socket: RawSocket): Promise<RawHead | null> {
  let raw = "";
  while (true) {
    const line = await socket.readThrough("\n");
    if (line === null) return null;
    raw += line;
    if (line.trim() === "" && raw.trim() !== "") break;
  }
  const lines = raw.trim().split(/\r?\n/);
  const headers = lines.slice(1).map((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line, ""] as const : [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return { raw, startLine: lines[0] ?? "", headers };
}

/** Reads the body that a head announces. `toEnd`: without any framing the body lasts until the connection ends. */
export async function readBody(
  socket: RawSocket,
  head: RawHead,
  options: { toEnd: boolean },
): Promise<{ raw: string; body: Uint8Array; cutOff: boolean }> {
  if (/\bchunked\b/i.test(header(head, "transfer-encoding") ?? "")) return await readChunked(socket);
  const length = headerValues(head, "content-length")[0];
  if (length !== undefined) {
    const body = await socket.readExactly(Number(length));
    return { raw: text(body), body, cutOff: body.length < Number(length) };
  }
  if (!options.toEnd) return { raw: "", body: new Uint8Array(0), cutOff: false };
  const raw = await socket.readToEnd();
  return { raw, body: latin1(raw), cutOff: socket.endedBy === "reset" };
}

async function readChunked(socket: RawSocket): Promise<{ raw: string; body: Uint8Array; cutOff: boolean }> {
  let raw = "";
  const parts: string[] = [];
  const result = (cutOff: boolean) => ({ raw, body: latin1(parts.join("")), cutOff });
  while (true) {
    const sizeLine = await socket.readThrough("\n");
    if (sizeLine === null) return result(true);
    raw += sizeLine;
    const size = parseInt(sizeLine, 16);
    if (Number.isNaN(size)) return result(true);
    if (size === 0) break;
    const chunk = await socket.readExactly(size + 2);
    raw += text(chunk);
    parts.push(text(chunk.subarray(0, Math.min(size, chunk.length))));
    if (chunk.length < size + 2) return result(true);
  }
  while (true) {
    const line = await socket.readThrough("\n");
    if (line === null) return result(true);
    raw += line;
    if (line.trim() === "") return result(false);
  }
}

/**
 * Reads one answer, informational ones (1xx but 101) left aside. `method` is the request's: HEAD answers have no body.
 */
export async function readResponse(socket: RawSocket, method = "GET"): Promise<RawResponse> {
  while (true) {
    const head = await readHead(socket);
    if (head === null) throw new Error("The connection ended before an answer came");
    const status = Number(head.startLine.split(" ")[1]);
    if (status >= 100 && status < 200 && status !== 101) continue;
    const bodyless = method === "HEAD" || status === 101 || status === 204 || status === 304;
    const rest = bodyless
      ? { raw: "", body: new Uint8Array(0), cutOff: false }
      : await readBody(socket, head, { toEnd: true });
    return { ...head, status, body: rest.body, cutOff: rest.cutOff, raw: head.raw + rest.raw };
  }
}
