import { Kind } from "./field_kind.ts";
import type { Bytes } from "./bytes.ts";
import { ByteLines, latin1 } from "./field_lines.ts";
import { oneLength } from "./framing.ts";
import { Malformed } from "./malformed.ts";
import { isTokenByte } from "./tokens.ts";

const CR = 13;
const LF = 10;
const SPACE = 32;

/** A host name or address with an optional port: what a Host may be (RFC 9110 section 7.2, RFC 3986 section 3.2.2). */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/** Why a request's head is refused. */
export class BadHead extends Error {
  constructor(
    /** 400, 414, 431, 501 or 505. */
    readonly status: 400 | 414 | 431 | 501 | 505,
    /** Which rule it breaks, for the log. */
    readonly rule: string,
  ) {
    super(rule);
  }
}

/** Limits on a request's head. */
export interface HeadLimits {
  readonly bytes: number;
  readonly lines: number;
  /** Of the request line. */
  readonly lineBytes: number;
}

/** A request's head (RFC 9112 section 3). Its lines are marks on the bytes it was read from. */
export interface RequestHead {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  /** Of HTTP/1. */
  readonly minor: 0 | 1;
  readonly lines: ByteLines;
  /** The Host header; null if there is none, which only HTTP/1.0 may do. */
  readonly host: string | null;
  /** Content-Length; -1 for a chunked body, 0 for none. */
  readonly bodyLength: number;
  /** The client lets its connection be used again (RFC 9112 section 9.3). */
  readonly keepAlive: boolean;
  /** The `Connection` header as it came; null if there is none. */
  readonly connection: string | null;
}

/**
 * Reads a whole head, strictly: whatever two readers could take for two different requests is refused (RFC 9112 section
 * 11.2). Throws {@linkcode BadHead}.
 *
 * @param end Behind the empty line.
 * @param lines Filled in; part of the result.
 */
export function readRequestHead(
  bytes: Bytes,
  { start, end, lines, limits }: {
    readonly start: number;
    readonly end: number;
    readonly lines: ByteLines;
    readonly limits: HeadLimits;
  },
): RequestHead {
  let at = start;
  while (isTokenByte(bytes[at]!)) at++;
  const methodEnd = at;
  if (at === start || bytes[at] !== SPACE) throw new BadHead(400, "the method is no token");
  const targetStart = ++at;
  // Printable ASCII alone: other bytes have no place in a URI (RFC 3986), and readers take them for different
  // characters.
  while (bytes[at]! > SPACE && bytes[at]! < 127) at++;
  const targetEnd = at;
  if (at === targetStart) throw new BadHead(400, "the request target is empty");
  if (bytes[at] !== SPACE) throw new BadHead(400, "the request line is malformed");
  const minor = versionAt(bytes, at + 1);
  const lineEnd = at + 11;
  if (lineEnd - start > limits.lineBytes) {
    throw new BadHead(414, `the request line is longer than ${limits.lineBytes} bytes`);
  }
  const facts = new Facts();
  try {
    lines.parse(bytes, lineEnd, end, limits.lines);
    for (let line = 0; line < lines.count; line++) facts.take(lines, line);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new BadHead(error.message.startsWith("sent more than") ? 431 : 400, `the client ${error.message}`);
  }
  if (facts.host === null && minor === 1) throw new BadHead(400, "HTTP/1.1 wants a Host");
  if (facts.host !== null && !isHost(facts.host)) throw new BadHead(400, "the Host is malformed");
  if (facts.chunked) {
    if (minor === 0) throw new BadHead(400, "HTTP/1.0 has no Transfer-Encoding");
    if (facts.length >= 0) throw new BadHead(400, "a Content-Length beside Transfer-Encoding");
  }
  const { connection } = facts;
  return {
    method: METHODS.get(bytes[start]! * 8 + methodEnd - start)?.match(bytes, start) ?? latin1(bytes, start, methodEnd),
    target: latin1(bytes, targetStart, targetEnd),
    minor,
    lines,
    host: facts.host,
    bodyLength: facts.chunked ? -1 : Math.max(facts.length, 0),
    keepAlive: connection === null
      ? minor === 1
      : minor === 1
      ? !lists(connection, "close")
      : lists(connection, "keep-alive") && !lists(connection, "close"),
    connection,
  };
}

/** The last one that was found fit: nearly always the next one too. */
let lastHost: string | null = null;

/** Tells whether a text is a valid value of Host. */
export function isHost(text: string): boolean {
  if (text === lastHost) return true;
  const is = HOST.test(text);
  if (is) lastHost = text;
  return is;
}

/** Tells whether a comma list holds a word, given in lower case. */
export function lists(list: string, word: string): boolean {
  if (!list.includes(",")) {
    // Nearly always it is another word altogether, which its first letter tells.
    const first = list.charCodeAt(0);
    if (first > SPACE && first < 128 && (first | 32) !== word.charCodeAt(0)) return false;
    return list.length >= word.length && list.trim().toLowerCase() === word;
  }
  return list.split(",").some((item) => item.trim().toLowerCase() === word);
}

/** `HTTP/1.x` and the end of its line. */
function versionAt(bytes: Bytes, at: number): 0 | 1 {
  const isHttp = bytes[at] === 72 && bytes[at + 1] === 84 && bytes[at + 2] === 84 && bytes[at + 3] === 80 &&
    bytes[at + 4] === 47 && bytes[at + 6] === 46;
  const major = bytes[at + 5]! - 48;
  const minor = bytes[at + 7]! - 48;
  if (!isHttp || major < 0 || major > 9 || minor < 0 || minor > 9 || bytes[at + 8] !== CR || bytes[at + 9] !== LF) {
    throw new BadHead(400, "the request line is malformed");
  }
  if (major !== 1) throw new BadHead(505, `HTTP/${major}.${minor} is not supported`);
  if (minor > 1) throw new BadHead(400, `HTTP/1.${minor} is no version of HTTP`);
  return minor === 0 ? 0 : 1;
}

/** What the lines say of the message itself. */
class Facts {
  host: string | null = null;
  connection: string | null = null;
  /** -1: none. */
  length = -1;
  chunked = false;

  take(lines: ByteLines, line: number): void {
    switch (lines.kind(line)) {
      case Kind.Host:
        if (this.host !== null) throw new BadHead(400, "two Hosts");
        this.host = lines.value(line);
        return;
      case Kind.Connection: {
        const value = lines.value(line);
        this.connection = this.connection === null ? value : `${this.connection}, ${value}`;
        return;
      }
      case Kind.ContentLength:
        this.length = oneLength(lines.value(line), this.length);
        return;
      case Kind.TransferEncoding:
        if (this.chunked || lines.value(line).toLowerCase() !== "chunked") {
          throw new BadHead(400, "a Transfer-Encoding other than the word chunked");
        }
        this.chunked = true;
    }
  }
}

/** Methods that nearly all requests have: found by first letter and length, and compared, so that no string is made. */
class CommonMethod {
  readonly #codes: Uint8Array;

  constructor(readonly name: string) {
    this.#codes = new TextEncoder().encode(name);
  }

  match(bytes: Bytes, at: number): string | null {
    for (let i = 0; i < this.#codes.length; i++) if (bytes[at + i] !== this.#codes[i]) return null;
    return this.name;
  }
}

const METHODS: ReadonlyMap<number, CommonMethod> = new Map(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((
    name,
  ) => [name.charCodeAt(0) * 8 + name.length, new CommonMethod(name)]),
);
