import { Buffer } from "node:buffer";
import { parseLength, shortestLength } from "../http1/lengths.ts";
import type { AnswerHeaders } from "./transport.ts";

/** A target's bytes as the platform's reads fill them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Largest head that is read, and most header lines in it: hyper's limits are of the same order. */
export const MAX_HEAD_BYTES = 65_536;
export const MAX_HEADERS = 128;

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
/** `HTTP/1.`, the only protocol that is spoken. */
const VERSION = [72, 84, 84, 80, 47, 49, 46];

/** Bytes of a token (RFC 9110 section 5.6.2), and those of a field value or reason phrase (section 5.5): no control but tab. */
const IN_TOKEN = new Uint8Array(256);
const IN_VALUE = new Uint8Array(256).fill(1, SPACE);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  IN_TOKEN[char.charCodeAt(0)] = 1;
}
IN_VALUE[TAB] = 1;
IN_VALUE[127] = 0;

/** Tells whether a byte may stand in a header's name. */
export function isTokenByte(byte: number): boolean {
  return IN_TOKEN[byte] === 1;
}

/** Tells whether a byte may stand in a header's value. */
export function isValueByte(byte: number): boolean {
  return IN_VALUE[byte] === 1;
}

/** Says what is wrong with a target's answer; whatever is ambiguous is wrong (RFC 9112 section 11.1). */
export class BadAnswer extends Error {}

/** Looks for the end of a head as its bytes come; never looks at a byte twice. */
export class HeadFinder {
  #start = 0;
  #at = 0;
  #line = 0;

  /** Begins anew at `start`. */
  restart(start: number): void {
    this.#start = this.#at = this.#line = start;
  }

  /** Returns where the head ends (behind its empty line), or -1 where more bytes are needed. Throws {@linkcode BadAnswer}. */
  find(bytes: Bytes, end: number): number {
    const start = this.#start;
    for (let i = this.#at; i < end && i < start + VERSION.length; i++) {
      if (bytes[i] !== VERSION[i - start]) throw new BadAnswer("The target's answer does not begin with HTTP/1");
    }
    for (let i = this.#at; i < end; i++) {
      if (bytes[i] !== LF) continue;
      if (bytes[i - 1] !== CR) throw new BadAnswer("The target ended a line of its head with a bare LF");
      if (i - 1 === this.#line) return i + 1 - start > MAX_HEAD_BYTES ? tooLarge() : i + 1;
      if (bytes[this.#line] === CR) throw new BadAnswer("The target sent a bare CR in its head");
      this.#line = i + 1;
    }
    this.#at = end;
    return end - start > MAX_HEAD_BYTES ? tooLarge() : -1;
  }
}

function tooLarge(): never {
  throw new BadAnswer(`The head of the target's answer is larger than ${MAX_HEAD_BYTES} bytes`);
}

/** The head of a target's answer: what it says, and how its message is framed. */
export class AnswerHead implements AnswerHeaders {
  readonly status: number;
  /** Content-Length; -1 where there is none. */
  contentLength = -1;
  chunked = false;
  /** The target lets its connection be used again (RFC 9112 section 9.3). */
  keepAlive: boolean;
  /** Name, value, name, value ... */
  readonly #fields: string[] = [];

  constructor(status: number, keepAlive: boolean) {
    this.status = status;
    this.keepAlive = keepAlive;
  }

  add(name: string, value: string): void {
    this.#fields.push(name, value);
  }

  get(name: string): string | null {
    const fields = this.#fields;
    let found: string | null = null;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) found = found === null ? fields[i + 1]! : `${found}, ${fields[i + 1]}`;
    }
    return found;
  }

  forEach(visit: (value: string, name: string) => void): void {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) visit(fields[i + 1]!, fields[i]!);
  }
}

/** Parses a whole head, `start` to where {@linkcode HeadFinder} found its end. Throws {@linkcode BadAnswer}. */
export function parseAnswerHead(bytes: Bytes, start: number, end: number): AnswerHead {
  // One string for all, cut into pieces: cheaper than one call into the platform for each.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", start, end);
  const minor = bytes[start + 7]! - 48;
  if (minor !== 0 && minor !== 1) throw new BadAnswer("The target's answer is not of HTTP/1.0 or HTTP/1.1");
  const status = statusAt(bytes, start + 8);
  let at = lineEnd(bytes, start + 12) + 2;
  const head = new AnswerHead(status, minor === 1);
  let count = 0;
  while (bytes[at] !== CR) {
    if (++count > MAX_HEADERS) throw new BadAnswer(`The target sent more than ${MAX_HEADERS} headers`);
    const nameStart = at;
    while (IN_TOKEN[bytes[at]!] === 1) at++;
    // Also a space before the colon, and a line that continues the one before (RFC 9112 sections 5.1 and 5.2).
    if (at === nameStart || bytes[at] !== COLON) throw new BadAnswer("The target sent a malformed header name");
    const nameEnd = at++;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    const valueStart = at;
    at = lineEnd(bytes, at);
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--;
    at += 2;
    const name = text.slice(nameStart - start, nameEnd - start).toLowerCase();
    let value = text.slice(valueStart - start, valueEnd - start);
    if (name === "content-length") value = readLength(head, value);
    else if (name === "transfer-encoding") readCoding(head, value, minor);
    else if (name === "connection") readConnection(head, value);
    head.add(name, value);
  }
  if (at + 2 !== end) throw new BadAnswer("The target sent a bare CR in its head");
  if (head.chunked && head.contentLength >= 0) {
    // RFC 9112 section 6.3: an attempt at smuggling, or a broken server.
    throw new BadAnswer("The target sent both Content-Length and Transfer-Encoding");
  }
  return head;
}

/** Reads ` 200` and what may follow it. */
function statusAt(bytes: Bytes, at: number): number {
  const status = (bytes[at + 1]! - 48) * 100 + (bytes[at + 2]! - 48) * 10 + bytes[at + 3]! - 48;
  const digits = isDigit(bytes[at + 1]!) && isDigit(bytes[at + 2]!) && isDigit(bytes[at + 3]!);
  const next = bytes[at + 4];
  if (bytes[at] !== SPACE || !digits || (next !== SPACE && next !== CR)) {
    throw new BadAnswer("The target sent a malformed status line");
  }
  if (status < 100 || status > 599) throw new BadAnswer(`The target answered with status ${status}`);
  return status;
}

/** Finds the CR LF that ends a line, over bytes that a value may hold. */
function lineEnd(bytes: Bytes, from: number): number {
  let at = from;
  while (IN_VALUE[bytes[at]!] === 1) at++;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) throw new BadAnswer("The target sent a control character in its head");
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** Once, since even two equal ones are a sign of something broken. Returns what to pass on. */
function readLength(head: AnswerHead, value: string): string {
  const length = parseLength(value);
  if (!Number.isSafeInteger(length) || head.contentLength >= 0) {
    throw new BadAnswer(`The target sent ${JSON.stringify(value)} as Content-Length, or more than one`);
  }
  head.contentLength = length;
  return shortestLength(value);
}

/** `chunked` alone: any other coding would have to be undone, since it concerns one connection. */
function readCoding(head: AnswerHead, value: string, minor: number): void {
  if (head.chunked || minor === 0 || value.toLowerCase() !== "chunked") {
    throw new BadAnswer(`The target sent a body in the transfer coding ${JSON.stringify(value)}`);
  }
  head.chunked = true;
}

function readConnection(head: AnswerHead, value: string): void {
  for (const option of value.split(",")) {
    // An HTTP/1.0 target's `keep-alive` changes nothing: its connection is used once.
    if (option.trim().toLowerCase() === "close") head.keepAlive = false;
  }
}
