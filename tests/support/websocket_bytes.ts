/**
 * WebSocket by hand, for what no library sends: RFC 6455 frames over plain sockets.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** One frame; a client's is masked (with zeros: the payload stays readable in a dump). */
export function frame(
  opcode: number,
  payload: Uint8Array | string,
  options: { fin?: boolean; masked?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const head = [(options.fin ?? true ? 0x80 : 0) | opcode];
  const mask = options.masked ? 0x80 : 0;
  if (bytes.length < 126) head.push(mask | bytes.length);
  else if (bytes.length < 65536) head.push(mask | 126, bytes.length >> 8, bytes.length & 255);
  else head.push(mask | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (bytes.length >>> shift) & 255));
  if (mask) head.push(0, 0, 0, 0);
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return whole;
}

/** The payload of a close frame. */
export function closePayload(code: number, reason = ""): Uint8Array {
  return new Uint8Array([code >> 8, code & 255, ...new TextEncoder().encode(reason)]);
}

/** The answer to a Sec-WebSocket-Key (RFC 6455 section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
}

/** Reads from a socket: a head up to its empty line, frames, or the end. */
export class ByteReader {
  readonly #conn: Deno.Conn;
  #rest = Buffer.alloc(0);

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  async head(): Promise<string> {
    let end: number;
    while ((end = this.#rest.indexOf("\r\n\r\n")) < 0) {
      if (!await this.#more()) throw new Error(`The socket ended within a head: ${JSON.stringify(String(this.#rest))}`);
    }
    return String(this.#take(end + 4));
  }

  /** The next frame; null at the end of the socket. */
  async frame(): Promise<{ opcode: number; fin: boolean; payload: Buffer } | null> {
    if (!await this.#atLeast(2)) return null;
    const [first, second] = this.#take(2);
    let length = second! & 0x7f;
    if (length === 126) length = (await this.#exactly(2)).readUInt16BE();
    else if (length === 127) length = Number((await this.#exactly(8)).readBigUInt64BE());
    const mask = second! & 0x80 ? await this.#exactly(4) : null;
    const payload = Buffer.from(await this.#exactly(length));
    if (mask !== null) for (let i = 0; i < length; i++) payload[i]! ^= mask[i & 3]!;
    return { opcode: first! & 15, fin: (first! & 0x80) !== 0, payload };
  }

  /** Everything up to the socket's end, a reset included. */
  async untilEnd(): Promise<string> {
    while (await this.#more());
    return String(this.#rest);
  }

  async #exactly(bytes: number): Promise<Buffer> {
    if (!await this.#atLeast(bytes)) throw new Error("The socket ended within a frame");
    return this.#take(bytes);
  }

  async #atLeast(bytes: number): Promise<boolean> {
    while (this.#rest.length < bytes) if (!await this.#more()) return false;
    return true;
  }

  async #more(): Promise<boolean> {
    const chunk = new Uint8Array(65536);
    const size = await this.#conn.read(chunk).catch(() => null);
    if (size === null) return false;
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, size)]);
    return true;
  }

  #take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }
}

/** Writes all of `bytes`. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array | string): Promise<void> {
  let rest = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

/** A client's handshake. */
export function handshakeText(path: string, extra: Record<string, string> = {}): string {
  const headers: Record<string, string> = {
    Host: "example.test",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...extra,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== "").map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** A target on a socket of its own, driven by `serve` for each connection. */
export class RawTarget implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.Listener;
  readonly #conns = new Set<Deno.Conn>();
  readonly #done: Promise<void>[] = [];
  readonly #accepting: Promise<void>;

  constructor(serve: (conn: Deno.Conn, reader: ByteReader) => Promise<void>) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#accepting = this.#accept(serve);
  }

  async #accept(serve: (conn: Deno.Conn, reader: ByteReader) => Promise<void>): Promise<void> {
    for await (const conn of this.#listener) {
      this.#conns.add(conn);
      this.#done.push(serve(conn, new ByteReader(conn)).catch(() => {}).finally(() => closeQuietly(conn)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) closeQuietly(conn);
    await this.#accepting;
    await Promise.all(this.#done);
  }
}

/** Accepts a handshake on a raw target's socket and returns its head. */
export async function acceptHandshake(conn: Deno.Conn, reader: ByteReader, behind: Uint8Array | string = ""): Promise<string> {
  const head = await reader.head();
  const key = /^sec-websocket-key: (.*)\r$/im.exec(head)![1]!;
  const answer = new TextEncoder().encode(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
  );
  await writeAll(conn, Buffer.concat([answer, Buffer.from(behind as Uint8Array)]));
  return head;
}

export function closeQuietly(closer: { close(): void }): void {
  try {
    closer.close();
  } catch {
    // It was closed before.
  }
}
