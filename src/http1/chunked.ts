import { kindOfBytes, NOT_IN_TRAILERS } from "./field_kind.ts";
import type { Bytes } from "./bytes.ts";
import { Malformed } from "./malformed.ts";
import { isTokenByte, TOKEN_BYTES, VALUE_BYTES } from "./tokens.ts";

/** Most bytes of all chunk extensions of a body, and of all its trailers. */
const MAX_EXTENSION_BYTES = 16_384;
const MAX_TRAILER_BYTES = 65_536;
/** First room for trailers; it doubles. */
const FIRST_TRAILER_BYTES = 256;
/** Shorter runs are copied byte by byte. */
const SHORT_RUN_BYTES = 24;

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const COLON = 58;
const SEMICOLON = 59;

/** What the next byte that is no data belongs to. */
type Place = number;
const SIZE = 0;
const BLANK = 1;
const EXTENSION = 2;
const SIZE_END = 3;
const DATA_END = 4;
const DATA_END_LF = 5;
const TRAILER = 6;
const TRAILER_NAME = 7;
const TRAILER_VALUE = 8;
const TRAILER_END = 9;
const LAST_LF = 10;

const tokenBytes = TOKEN_BYTES;
const valueBytes = VALUE_BYTES;

/**
 * Reads a chunked body (RFC 9112 section 7.1), fed with whatever came: data stand in runs of `dataLeft` bytes, and what
 * stands between them goes through {@linkcode ChunkReader.frame}. Nothing behind the message's end is touched.
 */
export class ChunkReader {
  /** Bytes of data that come next. */
  dataLeft = 0;
  /** The message's end has been read. */
  done = false;
  readonly #lenient: boolean;
  #place: Place = SIZE;
  #size = 0;
  #hasDigits = false;
  #extensionBytes = 0;
  #trailer: Bytes | null = null;
  #trailerBytes = 0;
  #nameStart = 0;
  #unfit = false;

  /**
   * @param from Servers are trusted further than clients. Some pad chunk sizes with blanks, and other proxies accept
   * that. It is safe: readers that drop blanks and readers that refuse them find no different size and no different
   * line end, and sluice frames what it passes on anew. And a server's trailers that must not be trailers are left out
   * rather than refused.
   */
  constructor(from: "server" | "client") {
    this.#lenient = from === "server";
  }

  /**
   * The trailer lines as they came, each with its line end; null if there are none, or one of them must not be a
   * trailer.
   */
  get trailers(): Bytes | null {
    return this.#trailer === null || this.#unfit ? null : this.#trailer.slice(0, this.#trailerBytes);
  }

  /** Notes that `count` bytes of data were taken, at most `dataLeft`. */
  took(count: number): void {
    this.dataLeft -= count;
    if (this.dataLeft === 0) this.#place = DATA_END;
  }

  /**
   * Reads what stands between data, from `at` on; returns where it stopped: at data, at the message's end, or at `end`
   * if more is needed. Throws {@linkcode Malformed}.
   */
  frame(bytes: Bytes, from: number, end: number): number {
    let at = from;
    while (at < end && this.dataLeft === 0 && !this.done) {
      // The places that may be long are passed in runs.
      const place = this.#place;
      const table = place === TRAILER_VALUE || place === EXTENSION
        ? valueBytes
        : place === TRAILER_NAME
        ? tokenBytes
        : null;
      if (table !== null && table[bytes[at]!] === 1) {
        const start = at++;
        while (at < end && table[bytes[at]!] === 1) at++;
        if (place === EXTENSION) this.#extend(at - start);
        else this.#trail(bytes, start, at);
      } else this.#step(bytes[at++]!);
    }
    return at;
  }

  #step(byte: number): void {
    switch (this.#place) {
      case SIZE: {
        const digit = hexDigit(byte);
        if (digit < 0) {
          if (!this.#hasDigits) throw new Malformed("sent a malformed chunk size");
          return this.#afterSize(byte);
        }
        // The value counts, not the digits: leading zeros of any number are valid.
        this.#size = this.#size * 16 + digit;
        this.#hasDigits = true;
        if (this.#size > Number.MAX_SAFE_INTEGER) throw new Malformed("sent a chunk size that is too large");
        return;
      }
      case BLANK:
        return this.#afterSize(byte);
      case EXTENSION:
        if (byte !== CR) throw new Malformed("sent a control character in a chunk extension");
        this.#place = SIZE_END;
        return;
      case SIZE_END:
        return this.#beginData(byte);
      case DATA_END:
        return this.#expect(byte, CR, DATA_END_LF);
      case DATA_END_LF:
        return this.#expect(byte, LF, SIZE);
      case TRAILER:
        if (byte === CR) {
          this.#place = LAST_LF;
          return;
        }
        if (!isTokenByte(byte)) throw new Malformed("sent a malformed trailer");
        this.#nameStart = this.#trailerBytes;
        return this.#trailByte(byte, TRAILER_NAME);
      case TRAILER_NAME:
        if (byte !== COLON) throw new Malformed("sent a malformed trailer");
        this.#checkTrailerName();
        return this.#trailByte(byte, TRAILER_VALUE);
      case TRAILER_VALUE:
        if (byte !== CR) throw new Malformed("sent a control character in a trailer");
        return this.#trailByte(byte, TRAILER_END);
      case TRAILER_END:
        this.#expect(byte, LF, TRAILER);
        return this.#trailByte(byte, TRAILER);
      case LAST_LF:
        this.#expect(byte, LF, SIZE);
        this.done = true;
    }
  }

  #afterSize(byte: number): void {
    if (byte === CR && (this.#place !== BLANK || this.#lenient)) {
      this.#place = SIZE_END;
    } else if (byte === SEMICOLON) {
      this.#place = EXTENSION;
      this.#extend(1);
    } else if ((byte === SPACE || byte === TAB) && this.#lenient) {
      this.#place = BLANK;
    } else {
      throw new Malformed("sent a malformed chunk size");
    }
  }

  #beginData(byte: number): void {
    if (byte !== LF) throw new Malformed("sent a bare CR in a chunk size");
    this.dataLeft = this.#size;
    if (this.#size === 0) this.#place = TRAILER;
    this.#size = 0;
    this.#hasDigits = false;
  }

  #extend(count: number): void {
    this.#extensionBytes += count;
    if (this.#extensionBytes > MAX_EXTENSION_BYTES) throw new Malformed("sent too many chunk extensions");
  }

  /** Keeps one byte of the trailers. */
  #trailByte(byte: number, place: Place): void {
    this.#place = place;
    this.#trailerRoom(1)[this.#trailerBytes++] = byte;
  }

  /** Keeps a run of bytes of the trailers. */
  #trail(bytes: Bytes, start: number, end: number): void {
    const count = end - start;
    const room = this.#trailerRoom(count);
    if (count >= SHORT_RUN_BYTES) room.set(bytes.subarray(start, end), this.#trailerBytes);
    else for (let i = 0; i < count; i++) room[this.#trailerBytes + i] = bytes[start + i]!;
    this.#trailerBytes += count;
  }

  /** Room for so many bytes more of the trailers. */
  #trailerRoom(count: number): Bytes {
    const needed = this.#trailerBytes + count;
    if (needed > MAX_TRAILER_BYTES) throw new Malformed("sent too many trailers");
    const before = this.#trailer;
    if (before !== null && needed <= before.length) return before;
    let length = before === null ? FIRST_TRAILER_BYTES : before.length;
    while (length < needed) length *= 2;
    const room = this.#trailer = new Uint8Array(length);
    if (before !== null) room.set(before);
    return room;
  }

  /** Fields that say where a message ends, or whom it is for, have no place behind it (RFC 9110 section 6.5.1). */
  #checkTrailerName(): void {
    const trailer = this.#trailer!;
    if (!NOT_IN_TRAILERS.has(kindOfBytes(trailer, this.#nameStart, this.#trailerBytes))) return;
    if (this.#lenient) {
      this.#unfit = true;
      return;
    }
    const name = String.fromCharCode(...trailer.subarray(this.#nameStart, this.#trailerBytes)).toLowerCase();
    throw new Malformed(`sent ${name} as a trailer`);
  }

  #expect(byte: number, wanted: number, next: Place): void {
    if (byte !== wanted) throw new Malformed("did not end a chunk where its size says");
    this.#place = next;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
