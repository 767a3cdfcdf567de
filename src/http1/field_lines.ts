import { Buffer } from "node:buffer";
import { Kind, kindOf, kindOfBytes } from "./field_kind.ts";
import type { Bytes } from "./bytes.ts";
import { knownText, LONGEST_KNOWN } from "./known_texts.ts";
import { Malformed } from "./malformed.ts";
import { TOKEN_BYTES, VALUE_BYTES } from "./tokens.ts";

/** Most header lines of one message. */
export const MAX_LINES = 128;

// As constants of this module: see tokens.ts.
const IN_TOKEN = TOKEN_BYTES;
const IN_VALUE = VALUE_BYTES;

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
/** Numbers kept of each line. */
const MARKS = 4;

/**
 * A message's header lines in their order, in either form: bytes as they came, or what the platform's `Headers` tell.
 * Lines can be left out, so that what remains can be passed on as it came.
 */
export interface FieldLines {
  readonly count: number;
  /** The lines of one name were joined by commas, and can't be told from one line that holds commas. */
  readonly joined: boolean;
  /** What a proxy has to do with a line ({@linkcode Kind}). */
  kind(line: number): number;
  /** The name in lower case. */
  name(line: number): string;
  /** The value without the blanks around it; a character is a byte (Latin-1). */
  value(line: number): string;
  /** Leaves a line out of what is passed on; {@linkcode get} still finds it. */
  drop(line: number): void;
  isDropped(line: number): boolean;
  /** The value of a name given in lower case, several lines joined by a comma; null if there is none. */
  get(name: string): string | null;
  /** The value of a kind that one name alone has, as {@linkcode get} gives it, but without looking at names. */
  ofKind(kind: Kind): string | null;
  /** Tells whether there is a line of that kind. */
  has(kind: Kind): boolean;
  /** Visits the lines that are passed on, in their order; names in lower case. */
  forEach(visit: (name: string, value: string) => void): void;
}

/**
 * Header lines as bytes: marks on a buffer that the caller fills, valid as long as its bytes stay. Used again and
 * again.
 */
export class ByteLines implements FieldLines {
  count = 0;
  readonly joined = false;
  #bytes: Bytes = EMPTY;
  /** Of each line: start, colon, value's start, value's end. */
  readonly #marks = new Int32Array((MAX_LINES + 1) * MARKS);
  readonly #kinds = new Uint8Array(MAX_LINES);
  readonly #dropped = new Uint8Array(MAX_LINES);
  #anyDropped = false;
  #seen = 0;

  /**
   * Reads lines from `start` to the empty line that ends the head; returns where that line begins. Throws
   * {@linkcode Malformed}.
   *
   * @param end Behind the head's last byte; the bytes before it end with an empty line.
   * @param most Most lines.
   */
  parse(bytes: Bytes, start: number, end: number, most: number = MAX_LINES): number {
    this.#bytes = bytes;
    this.#seen = 0;
    // A loop, since `fill` is a call into the engine: a tenth of this function for a head of five lines.
    if (this.#anyDropped) { for (let line = 0; line < this.count; line++) this.#dropped[line] = 0; }
    this.#anyDropped = false;
    const marks = this.#marks;
    let at = start;
    let count = 0;
    while (bytes[at] !== CR) {
      if (count === most) throw new Malformed(`sent more than ${most} header lines`);
      const mark = count * MARKS;
      marks[mark] = at;
      const name = at;
      while (IN_TOKEN[bytes[at]!] === 1) at++;
      // Also a blank before the colon, and a line that continues the one before (RFC 9112 sections 5.1 and 5.2).
      if (at === name || bytes[at] !== COLON) throw new Malformed("sent a malformed header name");
      marks[mark + 1] = at;
      const kind = kindOfBytes(bytes, name, at);
      at++;
      while (bytes[at] === SPACE || bytes[at] === TAB) at++;
      marks[mark + 2] = at;
      while (IN_VALUE[bytes[at]!] === 1) at++;
      let valueEnd = at;
      if (bytes[at] !== CR || bytes[at + 1] !== LF) throw new Malformed("sent a control character in a header");
      while (valueEnd > marks[mark + 2]! && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--;
      marks[mark + 3] = valueEnd;
      at += 2;
      this.#kinds[count++] = kind;
      this.#seen |= 1 << kind;
    }
    if (at + 2 !== end) throw new Malformed("sent a bare CR in its head");
    marks[count * MARKS] = at;
    this.count = count;
    return at;
  }

  kind(line: number): number {
    return this.#kinds[line]!;
  }

  name(line: number): string {
    return this.#text(this.#marks[line * MARKS]!, this.#marks[line * MARKS + 1]!).toLowerCase();
  }

  value(line: number): string {
    return this.#text(this.#marks[line * MARKS + 2]!, this.#marks[line * MARKS + 3]!);
  }

  drop(line: number): void {
    this.#dropped[line] = 1;
    this.#anyDropped = true;
  }

  isDropped(line: number): boolean {
    return this.#dropped[line] === 1;
  }

  get(name: string): string | null {
    const kind = kindOf(name);
    if (kind !== Kind.Other && (this.#seen & (1 << kind)) === 0) return null;
    let found: string | null = null;
    for (let line = 0; line < this.count; line++) {
      if (this.#kinds[line] !== kind || !this.#isNamed(line, name)) continue;
      const value = this.value(line);
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  ofKind(kind: Kind): string | null {
    if ((this.#seen & (1 << kind)) === 0) return null;
    let found: string | null = null;
    for (let line = 0; line < this.count; line++) {
      if (this.#kinds[line] !== kind) continue;
      const value = this.value(line);
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  has(kind: Kind): boolean {
    return (this.#seen & (1 << kind)) !== 0;
  }

  forEach(visit: (name: string, value: string) => void): void {
    const marks = this.#marks;
    const start = marks[0]!;
    // One string for all, cut into pieces: cheaper than a call into the platform for each.
    const text = latin1(this.#bytes, start, marks[this.count * MARKS]!);
    for (let line = 0; line < this.count; line++) {
      if (this.#dropped[line] === 1) continue;
      const mark = line * MARKS;
      const name = text.slice(marks[mark]! - start, marks[mark + 1]! - start).toLowerCase();
      visit(name, text.slice(marks[mark + 2]! - start, marks[mark + 3]! - start));
    }
  }

  /** Room that the lines need at most when they are passed on. */
  get byteLength(): number {
    return this.#marks[this.count * MARKS]! - this.#marks[0]!;
  }

  /** Copies the lines that are not left out, in runs, to `at`; returns the place behind them. */
  copyTo(place: Bytes, at: number): number {
    const { count } = this;
    if (count === 0) return at;
    const marks = this.#marks;
    if (!this.#anyDropped) return this.#copy(place, at, { from: marks[0]!, to: marks[count * MARKS]! });
    let run = marks[0]!;
    for (let line = 0; line < count; line++) {
      if (this.#dropped[line] === 0) continue;
      const from = marks[line * MARKS]!;
      if (from > run) at = this.#copy(place, at, { from: run, to: from });
      run = marks[(line + 1) * MARKS]!;
    }
    const end = marks[count * MARKS]!;
    return end > run ? this.#copy(place, at, { from: run, to: end }) : at;
  }

  #copy(place: Bytes, at: number, { from, to }: { from: number; to: number }): number {
    const bytes = this.#bytes;
    // Short runs: a loop (0.9 ns a byte) is cheaper than a view and a call into the engine (40 ns).
    if (to - from <= 40) {
      for (let i = from; i < to; i++) place[at++] = bytes[i]!;
      return at;
    }
    place.set(bytes.subarray(from, to), at);
    return at + to - from;
  }

  #isNamed(line: number, name: string): boolean {
    const start = this.#marks[line * MARKS]!;
    if (this.#marks[line * MARKS + 1]! - start !== name.length) return false;
    return this.name(line) === name;
  }

  #text(from: number, to: number): string {
    return latin1(this.#bytes, from, to);
  }
}

/** Turns bytes into text, one character a byte. */
export function latin1(bytes: Bytes, from: number, to: number): string {
  if (to - from <= LONGEST_KNOWN) return knownText(bytes, from, to);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", from, to);
}

const EMPTY: Bytes = new Uint8Array(0);

/** Says of a line of {@linkcode TextLines}, beside its kind, that it is left out. */
const DROPPED = 64;

/** Header lines as name and value: as `Headers` tells them, or as HTTP/2 brings them. */
export class TextLines implements FieldLines {
  count = 0;
  readonly joined: boolean;
  /** Name, value, name, value ... */
  readonly #texts: string[] = [];
  /** The kind of each line, and {@linkcode DROPPED}. */
  readonly #kinds: number[] = [];
  #seen = 0;

  /** @param joined The lines of one name were joined by commas, as `Headers` does. */
  constructor({ joined }: { readonly joined: boolean } = { joined: true }) {
    this.joined = joined;
  }

  /** Adds a line, the name in lower case; returns its kind. */
  add(name: string, value: string, kind: Kind = kindOf(name)): Kind {
    this.#texts.push(name, value);
    this.#kinds.push(kind);
    this.#seen |= 1 << kind;
    this.count++;
    return kind;
  }

  kind(line: number): number {
    return this.#kinds[line]! & ~DROPPED;
  }

  name(line: number): string {
    return this.#texts[line * 2]!;
  }

  value(line: number): string {
    return this.#texts[line * 2 + 1]!;
  }

  drop(line: number): void {
    this.#kinds[line]! |= DROPPED;
  }

  isDropped(line: number): boolean {
    return (this.#kinds[line]! & DROPPED) !== 0;
  }

  get(name: string): string | null {
    const texts = this.#texts;
    let found: string | null = null;
    for (let i = 0; i < texts.length; i += 2) {
      if (texts[i] === name) found = found === null ? texts[i + 1]! : `${found}, ${texts[i + 1]}`;
    }
    return found;
  }

  ofKind(kind: Kind): string | null {
    let found: string | null = null;
    for (let line = 0; line < this.count; line++) {
      if (this.kind(line) === kind) found = found === null ? this.value(line) : `${found}, ${this.value(line)}`;
    }
    return found;
  }

  has(kind: Kind): boolean {
    return (this.#seen & (1 << kind)) !== 0;
  }

  forEach(visit: (name: string, value: string) => void): void {
    const texts = this.#texts;
    for (let line = 0; line < this.count; line++) {
      if (!this.isDropped(line)) visit(texts[line * 2]!, texts[line * 2 + 1]!);
    }
  }
}
