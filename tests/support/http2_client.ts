/** A client of HTTP/2 that sends frames one by one (RFC 9113), well-formed or not. */
import { FieldDecoder } from "../../src/http2/field_decoder.ts";
import type { TestAuthority } from "./certificates.ts";
import { decodedFields } from "./decoded_fields.ts";
import { until } from "./poll.ts";

/** Types of frames (RFC 9113 section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames. */
export const Flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Codes of errors (RFC 9113 section 7). */
export const Code = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
} as const;

/** What can be set (RFC 9113 section 6.5.2). */
export const Setting = { tableSize: 1, push: 2, streams: 3, window: 4, frameSize: 5 } as const;

/** A frame that came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** What a client sends first. */
export const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const encoder = new TextEncoder();

/** Writes a frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(9 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length << 8 | type);
  bytes[4] = flags;
  view.setUint32(5, stream);
  bytes.set(payload, 9);
  return bytes;
}

/** Writes header lines without compression (RFC 7541 section 6.2.2). */
export function headerBlock(lines: readonly (readonly [string, string])[]): Uint8Array {
  const bytes: number[] = [];
  for (const line of lines) {
    bytes.push(0);
    for (const text of line) {
      const value = encoder.encode(text);
      if (value.length < 127) bytes.push(value.length);
      else {
        bytes.push(127);
        let rest = value.length - 127;
        for (; rest >= 128; rest >>= 7) bytes.push(rest & 127 | 128);
        bytes.push(rest);
      }
      for (const byte of value) bytes.push(byte);
    }
  }
  return new Uint8Array(bytes);
}

/** The four lines that a request begins with. */
export function requestLines(path: string, { method = "GET", scheme = "https", authority = "localhost" } = {}): [
  string,
  string,
][] {
  return [[":method", method], [":scheme", scheme], [":path", path], [":authority", authority]];
}

/** A GET as one frame that ends its stream. */
export function get(stream: number, path: string, more: readonly (readonly [string, string])[] = []): Uint8Array {
  return frame(
    FrameType.headers,
    Flag.endStream | Flag.endHeaders,
    stream,
    headerBlock([...requestLines(path), ...more]),
  );
}

/** SETTINGS: pairs of an identifier and a value. */
export function settings(...pairs: readonly (readonly [number, number])[]): Uint8Array {
  const payload = pairs.flatMap(([id, value]) => [id >> 8, id & 255, ...word(value)]);
  return frame(FrameType.settings, 0, 0, new Uint8Array(payload));
}

/** Bytes one behind the other. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A number of four bytes. */
export function word(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]);
}

/** How a client begins. */
export interface ConnectOptions {
  /** What it asks for: pairs of an identifier and a value. */
  readonly settings?: readonly (readonly [number, number])[];
  /** Reads what comes. */
  readonly reads?: boolean;
  /** Acknowledges pings. */
  readonly acknowledges?: boolean;
  /** Its first bytes; by default the preface and SETTINGS. */
  readonly begin?: readonly Uint8Array[];
}

/** One connection. It acknowledges settings and pings, and gives windows only if it is told to. */
export class Http2Client implements Disposable {
  readonly frames: Frame[] = [];
  ended = false;
  readonly #conn: Deno.TlsConn;
  #sending: Promise<void> = Promise.resolve();

  private constructor(conn: Deno.TlsConn) {
    this.#conn = conn;
  }

  /** Connects. @param settings What the client asks for: pairs of an identifier and a value. */
  static async connect(
    port: number,
    authority: TestAuthority,
    options: ConnectOptions = {},
  ): Promise<Http2Client> {
    const { settings: asked = [], reads = true, acknowledges = true, begin = [PREFACE, settings(...asked)] } = options;
    const conn = await Deno.connectTls({
      hostname: "localhost",
      port,
      caCerts: [await authority.root()],
      alpnProtocols: ["h2"],
    });
    const { alpnProtocol } = await conn.handshake();
    if (alpnProtocol !== "h2") {
      conn.close();
      throw new Error(`The server chose ${alpnProtocol ?? "nothing"}`);
    }
    const client = new Http2Client(conn);
    await client.send(...begin);
    if (reads) void client.#read(acknowledges);
    return client;
  }

  /** Sends bytes, behind what is being sent. Rejects if the connection is closed. */
  send(...pieces: Uint8Array[]): Promise<void> {
    const bytes = joined(...pieces);
    return this.#sending = this.#sending.then(() => this.#write(bytes));
  }

  /** Waits for a frame. */
  frame(type: number, stream?: number): Promise<Frame> {
    const found = () => this.frames.find((each) => each.type === type && (stream ?? each.stream) === each.stream);
    return until(found, `a frame of type ${type}`);
  }

  /** Waits for the status of the first response of a stream, an interim one or not. */
  async status(stream: number): Promise<number> {
    const [status] = await until(() => this.heads(stream)[0], `the head of a response on stream ${stream}`);
    return Number(status![1]);
  }

  /** The fields of all whole header blocks that came on a stream: interim responses, the response, trailers. */
  heads(stream: number): [string, string][][] {
    const decoder = new FieldDecoder(4096);
    const heads: [string, string][][] = [];
    let block = new Uint8Array();
    for (const { type, flags, payload, stream: id } of this.frames) {
      if (type !== FrameType.headers && type !== FrameType.continuation) continue;
      block = new Uint8Array(joined(block, payload));
      if ((flags & Flag.endHeaders) === 0) continue;
      const fields = decodedFields(decoder, block);
      if (id === stream) heads.push(fields);
      block = new Uint8Array();
    }
    return heads;
  }

  /** The data that came on a stream. */
  data(stream: number): Uint8Array {
    const frames = this.frames.filter((each) => each.type === FrameType.data && each.stream === stream);
    return joined(...frames.map(({ payload }) => payload));
  }

  /** Tells whether a stream was ended in order. */
  finished(stream: number): boolean {
    return this.frames.some((each) =>
      (each.type === FrameType.data || each.type === FrameType.headers) && each.stream === stream &&
      (each.flags & Flag.endStream) !== 0
    );
  }

  /** Waits until the server ends the connection; returns the code of its GOAWAY, or null if there was none. */
  async goodbye(): Promise<number | null> {
    await until(() => this.ended, "the end of the connection");
    return this.frames.findLast(({ type }) => type === FrameType.goAway)?.payload[7] ?? null;
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // The other side was first.
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  async #read(acknowledges: boolean): Promise<void> {
    const piece = new Uint8Array(65_536);
    let rest = new Uint8Array();
    try {
      for (let count = await this.#conn.read(piece); count !== null; count = await this.#conn.read(piece)) {
        const bytes = new Uint8Array(rest.length + count);
        bytes.set(rest);
        bytes.set(piece.subarray(0, count), rest.length);
        rest = bytes.slice(this.#take(bytes, acknowledges));
      }
    } catch {
      // As good as closed.
    }
    this.ended = true;
  }

  /** Takes whole frames; returns how many bytes those are. */
  #take(bytes: Uint8Array, acknowledges: boolean): number {
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (bytes.length - at >= 9) {
      const length = view.getUint32(at) >>> 8;
      if (bytes.length - at < 9 + length) break;
      const [type, flags, stream] = [bytes[at + 3]!, bytes[at + 4]!, view.getUint32(at + 5)];
      const payload = bytes.slice(at + 9, at + 9 + length);
      this.frames.push({ type, flags, stream, payload });
      const asks = type === FrameType.settings || (type === FrameType.ping && acknowledges);
      if (asks && (flags & Flag.ack) === 0) {
        const echo = type === FrameType.ping ? payload : new Uint8Array();
        this.send(frame(type, Flag.ack, 0, echo)).catch(() => {});
      }
      at += 9 + length;
    }
    return at;
  }
}
