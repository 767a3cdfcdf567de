/** WebSocket by hand, for what no library sends: RFC 6455 frames over plain sockets. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import net from "node:net";
import { RawSocket } from "./raw_socket.ts";

/** A frame of the wire. */
export interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** Names of opcodes (RFC 6455 section 5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Builds one frame; a client's is masked (with zeros: the payload stays readable). */
export function frame(
  opcode: number,
  payload: Uint8Array | string = "",
  options: { fin?: boolean; masked?: boolean } = {},
): Uint8Array {
  const bytes = Buffer.from(payload as Uint8Array);
  const mask = options.masked ? 0x80 : 0;
  const head = Buffer.alloc(bytes.length < 126 ? 2 : bytes.length < 65536 ? 4 : 10);
  head[0] = (options.fin ?? true ? 0x80 : 0) | opcode;
  if (head.length === 2) head[1] = mask | bytes.length;
  else if (head.length === 4) {
    head[1] = mask | 126;
    head.writeUInt16BE(bytes.length, 2);
  } else {
    head[1] = mask | 127;
    head.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  return Buffer.concat([head, Buffer.alloc(options.masked ? 4 : 0), bytes]);
}

/** Builds the payload of a close frame. */
export function closePayload(code: number, reason = ""): Uint8Array {
  return Buffer.from([code >> 8, code & 255, ...Buffer.from(reason)]);
}

/** Reads a close frame's payload. */
export function closeOf(received: Frame | null): { code: number | null; reason: string } | null {
  if (received === null || received.opcode !== OPCODE.close) return null;
  const { payload } = received;
  if (payload.length < 2) return { code: null, reason: "" };
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
}

/** Reads the next frame; null at the end of the connection. */
export async function readFrame(socket: RawSocket): Promise<Frame | null> {
  const start = await socket.readExactly(2);
  if (start.length < 2) return null;
  let length = start[1]! & 0x7f;
  if (length === 126) length = Buffer.from(await socket.readExactly(2)).readUInt16BE();
  else if (length === 127) length = Number(Buffer.from(await socket.readExactly(8)).readBigUInt64BE());
  const masked = (start[1]! & 0x80) !== 0;
  const mask = masked ? await socket.readExactly(4) : null;
  const payload = Buffer.from(await socket.readExactly(length));
  if (mask !== null) { for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!; }
  return { opcode: start[0]! & 15, fin: (start[0]! & 0x80) !== 0, masked, payload };
}

/** Answers a Sec-WebSocket-Key (RFC 6455 section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
}

/** Writes a client's handshake; `extra` replaces headers, an empty value leaves one out. */
export function handshakeText(path: string, extra: Record<string, string> = {}): string {
  const headers: Record<string, string> = {
    "Host": "example.test",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...extra,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== "").map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** A target that is a plain TCP server, driven by `serve` for each connection. */
export class RawTarget implements AsyncDisposable {
  readonly sockets: RawSocket[] = [];
  readonly #server: net.Server;
  readonly #served: Promise<void>[] = [];

  private constructor(server: net.Server) {
    this.#server = server;
  }

  static async start(serve: (socket: RawSocket) => Promise<void>): Promise<RawTarget> {
    const server = net.createServer({ allowHalfOpen: true });
    const target = new RawTarget(server);
    server.on("connection", (connection) => {
      const socket = new RawSocket(connection);
      target.sockets.push(socket);
      target.#served.push(serve(socket).catch(() => {}));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return target;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) await socket.close();
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all(this.#served);
  }
}

/** Reads a handshake on a target's socket, accepts it, and sends `behind` in the same packet; returns the head. */
export async function acceptHandshake(
  socket: RawSocket,
  options: { headers?: string; behind?: Uint8Array } = {},
): Promise<string> {
  const head = await socket.readThrough("\r\n\r\n");
  const key = /^sec-websocket-key: (.*)\r$/im.exec(head!)![1]!;
  const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n${options.headers ?? ""}\r\n`;
  await socket.send(Buffer.concat([Buffer.from(answer), Buffer.from(options.behind ?? [])]));
  return head!;
}
