/** A client of HTTP/2 that sends frames one by one (RFC 9113), well-formed or not. */
import type { TestAuthority } from "./certificates.ts";
import { until } from "./poll.ts";

/** Types of frames (RFC 9113 section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames. */
export const Flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;

/** A frame that came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
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

/** A number of four bytes. */
export function word(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]);
}

/** One connection. It acknowledges settings and pings, and gives windows only if it is told to. */
export class Http2Client implements Disposable {
  readonly frames: Frame[] = [];
  ended = false;
  /** Reads nothing while false. */
  readonly #conn: Deno.TlsConn;
  #sending: Promise<void> = Promise.resolve();

  private constructor(conn: Deno.TlsConn) {
    this.#conn = conn;
  }

  /** Connects. @param settings What the client asks for: pairs of an identifier and a value. */
  static async connect(port: number, authority: TestAuthority, { settings = [], reads = true, acknowledges = true }: {
    readonly settings?: readonly (readonly [number, number])[];
    /** Reads what comes. */
    readonly reads?: boolean;
    /** Acknowledges pings. */
    readonly acknowledges?: boolean;
  } = {}): Promise<Http2Client> {
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
    const asked = settings.flatMap(([id, value]) => [id >> 8, id & 255, ...word(value)]);
    await client.send(PREFACE, frame(FrameType.settings, 0, 0, new Uint8Array(asked)));
    if (reads) void client.#read(acknowledges);
    return client;
  }

  /** Sends bytes, behind what is being sent. Rejects if the connection is closed. */
  send(...pieces: Uint8Array[]): Promise<void> {
    const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return this.#sending = this.#sending.then(() => this.#write(bytes));
  }

  /** Waits for a frame. */
  frame(type: number, stream?: number): Promise<Frame> {
    const found = () => this.frames.find((each) => each.type === type && (stream ?? each.stream) === each.stream);
    return until(found, `a frame of type ${type}`);
  }

  /** Waits for the status of a response, if HPACK's static table has it. */
  async status(stream: number): Promise<number> {
    const { payload } = await this.frame(FrameType.headers, stream);
    const known: Record<number, number> = { 8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500 };
    return known[payload[0]! & 127] ?? 0;
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
