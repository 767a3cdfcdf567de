import type { ByteLines } from "../../http1/field_lines.ts";
import { HeadFinder } from "../../http1/head_finder.ts";
import type { Lending } from "../../http1/lending.ts";
import { Malformed } from "../../http1/malformed.ts";
import { BadHead, type HeadLimits, readRequestHead, type RequestHead } from "../../http1/request_head.ts";
import type { ClientSocket } from "./client_socket.ts";
import { type ProxyHeader, readProxyHeader } from "./proxy_protocol.ts";

const CR = 13;
const LF = 10;
/** Empty lines before a request that are passed over (RFC 9112 section 2.2 asks for one at least). */
const MOST_EMPTY_LINES = 4;

/** Reads what stands before a request's body from a client's connection, however many reads it takes. */
export class HeadReader {
  readonly #socket: ClientSocket;
  readonly #lines: Lending<ByteLines>;
  readonly #finder = new HeadFinder();
  #emptyLines = 0;
  /** Some of the head was looked at. */
  #begun = false;
  /** Bytes of the last head that was whole. */
  headBytes = 0;

  constructor(socket: ClientSocket, lines: Lending<ByteLines>) {
    this.#socket = socket;
    this.#lines = lines;
  }

  /** Begins with the next request. */
  restart(): void {
    this.#begun = false;
    this.#emptyLines = 0;
  }

  /**
   * Takes a request's head out of what was read. Returns null if more bytes are needed, for which there is room then,
   * and what is wrong with the head if something is. The head's lines are borrowed: who is done with them gives them
   * back.
   */
  take(limits: HeadLimits): RequestHead | BadHead | null {
    const socket = this.#socket;
    if (socket.available === 0) return this.#makeRoom();
    // Its first bytes may stand elsewhere than the end of what came before.
    if (!this.#begun) this.#finder.restart(socket.start);
    this.#begun = true;
    try {
      while (socket.available >= 2 && socket.bytes[socket.start] === CR && socket.bytes[socket.start + 1] === LF) {
        socket.start += 2;
        this.#finder.restart(socket.start);
        if (++this.#emptyLines > MOST_EMPTY_LINES) throw new BadHead(400, "too many empty lines before a request");
      }
      const end = this.#finder.find(socket.bytes, socket.end);
      if (end >= 0) return this.#read(end, limits);
      this.#checkSize(limits);
      return this.#makeRoom();
    } catch (error) {
      if (error instanceof BadHead) return error;
      if (!(error instanceof Malformed)) throw error;
      return new BadHead(error.message.startsWith("sent a head of more") ? 431 : 400, `the client ${error.message}`);
    }
  }

  /** Reads the header that a proxy puts before the first request; null if there is none. */
  async proxyHeader(): Promise<ProxyHeader | null> {
    const socket = this.#socket;
    try {
      for (;;) {
        const header = socket.available === 0 ? null : readProxyHeader(socket.bytes, socket.start, socket.end);
        if (header !== null) {
          socket.start = header.end;
          return header;
        }
        if (socket.end === socket.bytes.length) socket.grow();
        if (await socket.more() === 0) return null;
      }
    } catch (error) {
      if (error instanceof Malformed) return null;
      throw error;
    }
  }

  #makeRoom(): null {
    const socket = this.#socket;
    this.#finder.moved(socket.rewind());
    if (socket.end === socket.bytes.length) socket.grow();
    return null;
  }

  #read(end: number, limits: HeadLimits): RequestHead {
    const socket = this.#socket;
    const { start } = socket;
    if (end - start > limits.bytes) throw new BadHead(431, `a head of more than ${limits.bytes} bytes`);
    socket.start = end;
    this.headBytes = end - start;
    const lines = this.#lines.lend();
    try {
      return readRequestHead(socket.bytes, { start, end, lines, limits });
    } catch (error) {
      this.#lines.giveBack(lines);
      throw error;
    }
  }

  /** A head that is not whole yet, and larger than it may be: its request line, or all of it. */
  #checkSize({ bytes, lineBytes }: HeadLimits): void {
    const socket = this.#socket;
    const mostLine = Math.min(lineBytes, bytes);
    if (socket.available <= mostLine) return;
    const lineEnd = socket.bytes.indexOf(LF, socket.start);
    if (lineEnd < 0 || lineEnd >= socket.end) throw new BadHead(414, `a request line of more than ${mostLine} bytes`);
    if (socket.available > bytes) throw new BadHead(431, `a head of more than ${bytes} bytes`);
  }
}
