import { Kind, kindOf } from "./field_kind.ts";
import type { Bytes } from "./bytes.ts";
import { Malformed } from "./malformed.ts";
import { isTokenByte, isValueByte } from "./tokens.ts";

/** Most bytes of all chunk extensions of a body, and of all its trailers. */
const MAX_EXTENSION_BYTES = 16_384;
const MAX_TRAILER_BYTES = 65_536;
/** Of a trailer's name; no name that must not be one is longer. */
const LONGEST_NAME = 64;
/** First room for trailers; it doubles. */
const FIRST_TRAILER_BYTES = 256;

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const COLON = 58;
const SEMICOLON = 59;

/** What the next byte that is no data belongs to. */
type Place =
  | "size"
  | "blank"
  | "extension"
  | "size end"
  | "data end"
  | "data end LF"
  | "trailer"
  | "trailer name"
  | "trailer value"
  | "trailer end"
  | "last LF";

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
  #place: Place = "size";
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
    if (this.dataLeft === 0) this.#place = "data end";
  }

  /**
   * Reads what stands between data, from `at` on; returns where it stopped: at data, at the message's end, or at `end`
   * if more is needed. Throws {@linkcode Malformed}.
   */
  frame(bytes: Bytes, from: number, end: number): number {
    let at = from;
    while (at < end && this.dataLeft === 0 && !this.done) this.#step(bytes[at++]!);
    return at;
  }

  #step(byte: number): void {
    switch (this.#place) {
      case "size": {
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
      case "blank":
        return this.#afterSize(byte);
      case "extension":
        if (byte === CR) this.#place = "size end";
        else this.#extend(byte);
        return;
      case "size end":
        return this.#beginData(byte);
      case "data end":
        return this.#expect(byte, CR, "data end LF");
      case "data end LF":
        return this.#expect(byte, LF, "size");
      case "trailer":
        if (byte === CR) {
          this.#place = "last LF";
          return;
        }
        if (!isTokenByte(byte)) throw new Malformed("sent a malformed trailer");
        this.#nameStart = this.#trailerBytes;
        return this.#trail(byte, "trailer name");
      case "trailer name":
        if (byte === COLON) this.#checkTrailerName();
        else if (!isTokenByte(byte)) throw new Malformed("sent a malformed trailer");
        return this.#trail(byte, byte === COLON ? "trailer value" : "trailer name");
      case "trailer value":
        if (byte !== CR && !isValueByte(byte)) throw new Malformed("sent a control character in a trailer");
        return this.#trail(byte, byte === CR ? "trailer end" : "trailer value");
      case "trailer end":
        this.#expect(byte, LF, "trailer");
        return this.#trail(byte, "trailer");
      case "last LF":
        this.#expect(byte, LF, "size");
        this.done = true;
    }
  }

  #afterSize(byte: number): void {
    if (byte === CR && (this.#place !== "blank" || this.#lenient)) {
      this.#place = "size end";
    } else if (byte === SEMICOLON) {
      this.#place = "extension";
      this.#extend(byte);
    } else if ((byte === SPACE || byte === TAB) && this.#lenient) {
      this.#place = "blank";
    } else {
      throw new Malformed("sent a malformed chunk size");
    }
  }

  #beginData(byte: number): void {
    if (byte !== LF) throw new Malformed("sent a bare CR in a chunk size");
    this.dataLeft = this.#size;
    if (this.#size === 0) this.#place = "trailer";
    this.#size = 0;
    this.#hasDigits = false;
  }

  #extend(byte: number): void {
    if (!isValueByte(byte)) throw new Malformed("sent a control character in a chunk extension");
    if (++this.#extensionBytes > MAX_EXTENSION_BYTES) throw new Malformed("sent too many chunk extensions");
  }

  #trail(byte: number, place: Place): void {
    this.#place = place;
    if (this.#trailerBytes === MAX_TRAILER_BYTES) throw new Malformed("sent too many trailers");
    let room = this.#trailer ??= new Uint8Array(FIRST_TRAILER_BYTES);
    if (this.#trailerBytes === room.length) {
      room = new Uint8Array(room.length * 2);
      room.set(this.#trailer);
      this.#trailer = room;
    }
    room[this.#trailerBytes++] = byte;
  }

  /** Fields that say where a message ends, or whom it is for, have no place behind it (RFC 9110 section 6.5.1). */
  #checkTrailerName(): void {
    const end = Math.min(this.#trailerBytes, this.#nameStart + LONGEST_NAME);
    const name = String.fromCharCode(...this.#trailer!.subarray(this.#nameStart, end)).toLowerCase();
    if (!FORBIDDEN.has(kindOf(name))) return;
    if (!this.#lenient) throw new Malformed(`sent ${name} as a trailer`);
    this.#unfit = true;
  }

  #expect(byte: number, wanted: number, next: Place): void {
    if (byte !== wanted) throw new Malformed("did not end a chunk where its size says");
    this.#place = next;
  }
}

const FORBIDDEN: ReadonlySet<Kind> = new Set([
  Kind.Host,
  Kind.Connection,
  Kind.HopByHop,
  Kind.Te,
  Kind.TransferEncoding,
  Kind.Upgrade,
  Kind.ContentLength,
  Kind.Expect,
]);

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
