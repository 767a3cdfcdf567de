import { Buffer } from "node:buffer";
import type { Bytes } from "./bytes.ts";
import { Framing } from "./framing.ts";
import { HeadFinder } from "./head_finder.ts";
import { HeaderLines, lineEnd } from "./header_lines.ts";
import { Malformed } from "./malformed.ts";

/** Interim responses (1xx) before the final one; a target that sends more never comes to the point. */
const MAX_INTERIM = 16;

const CR = 13;
const SPACE = 32;
/** `HTTP/1.`, the only protocol that is spoken. */
const VERSION = [72, 84, 84, 80, 47, 49, 46];

/** The head of a response: what it says, and how its message is framed. */
export class ResponseHead extends Framing {
  readonly status: number;
  /** Name, value, name, value ... */
  readonly #fields: string[] = [];

  constructor(status: number, minor: number) {
    super(minor);
    this.status = status;
  }

  /** Adds a header, its name in lower case. */
  add(name: string, value: string): void {
    this.#fields.push(name, value);
  }

  /** The value of a header, several of one name joined by a comma; null if there is none. */
  get(name: string): string | null {
    const fields = this.#fields;
    let found: string | null = null;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) found = found === null ? fields[i + 1]! : `${found}, ${fields[i + 1]}`;
    }
    return found;
  }

  /** Visits each header in order; several of one name stay several. */
  forEach(visit: (value: string, name: string) => void): void {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) visit(fields[i + 1]!, fields[i]!);
  }
}

/**
 * Reads the head of the final response out of what a connection brought. Traffic, probes and the load test read with it, so
 * that none of them accepts what another refuses.
 */
export class ResponseHeadReader extends HeadFinder {
  #interim = 0;

  /**
   * Returns the head, or null if more bytes are needed. What stands before `start` afterwards is read: the head that was
   * returned, or interim responses. Throws {@linkcode Malformed}.
   */
  read(bytes: Bytes, end: number): ResponseHead | null {
    for (;;) {
      checkVersion(bytes, this.start, end);
      const headEnd = this.find(bytes, end);
      if (headEnd < 0) return null;
      const head = parseResponseHead(bytes, this.start, headEnd);
      this.restart(headEnd);
      if (head.status >= 200) return head;
      // Nobody reads with this after asking for an upgrade.
      if (head.status === 101) throw new Malformed("switched protocols without being asked to");
      if (++this.#interim > MAX_INTERIM) throw new Malformed(`sent more than ${MAX_INTERIM} interim responses`);
    }
  }
}

/** Refuses what can't become a response by its first bytes, before any line ends. */
function checkVersion(bytes: Bytes, start: number, end: number): void {
  for (let i = 0; i < VERSION.length && start + i < end; i++) {
    if (bytes[start + i] !== VERSION[i]) throw new Malformed("sent what does not begin with HTTP/1");
  }
}

const lines = new HeaderLines();

/** Parses a whole head, from `start` to where {@linkcode HeadFinder} found its end. Throws {@linkcode Malformed}. */
function parseResponseHead(bytes: Bytes, start: number, end: number): ResponseHead {
  // One string for all, cut into pieces: cheaper than one call into the platform for each.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", start, end);
  const minor = bytes[start + 7]! - 48;
  if (minor !== 0 && minor !== 1) throw new Malformed("sent what is not of HTTP/1.0 or HTTP/1.1");
  const head = new ResponseHead(statusAt(bytes, start + 8), minor);
  lines.begin(lineEnd(bytes, start + 12) + 2, end);
  while (lines.next(bytes)) {
    const name = text.slice(lines.nameStart - start, lines.nameEnd - start).toLowerCase();
    let value = text.slice(lines.valueStart - start, lines.valueEnd - start);
    if (name === "content-length") value = head.readLength(value);
    else if (name === "transfer-encoding") head.readCoding(value);
    else if (name === "connection") head.readConnection(value);
    head.add(name, value);
  }
  head.check();
  return head;
}

/** Reads ` 200` and what may follow it. */
function statusAt(bytes: Bytes, at: number): number {
  const status = (bytes[at + 1]! - 48) * 100 + (bytes[at + 2]! - 48) * 10 + bytes[at + 3]! - 48;
  const digits = isDigit(bytes[at + 1]!) && isDigit(bytes[at + 2]!) && isDigit(bytes[at + 3]!);
  const next = bytes[at + 4];
  if (bytes[at] !== SPACE || !digits || (next !== SPACE && next !== CR)) {
    throw new Malformed("sent a malformed status line");
  }
  if (status < 100 || status > 599) throw new Malformed(`sent the status ${status}`);
  return status;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
