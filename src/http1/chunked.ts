import type { Bytes } from "./bytes.ts";
import { Malformed } from "./malformed.ts";
import { isTokenByte, isValueByte } from "./tokens.ts";

/** Most bytes of all chunk extensions of a message, and of all its trailers. */
const MAX_EXTENSION_BYTES = 16_384;
const MAX_TRAILER_BYTES = 65_536;

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const SEMICOLON = 59;

/** What the next byte belongs to. */
type Place =
  | "size"
  | "blank"
  | "extension"
  | "size end"
  | "data"
  | "data end LF"
  | "trailer"
  | "trailer name"
  | "trailer value"
  | "trailer end"
  | "last LF";

/** Reads what stands between the data of a chunked body (RFC 9112 section 7.1): sizes, extensions, line ends, trailers. */
export class ChunkFrames {
  /** Bytes of data that come next; 0 while frames come. */
  size = 0;
  /** The last line end has been read. */
  done = false;
  #place: Place = "size";
  /** The size so far. */
  #value = 0;
  #hasDigits = false;
  #extensionBytes = 0;
  #trailerBytes = 0;

  /** Notes that all data of the chunk were taken. */
  endData(): void {
    this.size = 0;
  }

  /** Reads from `from` on; returns where it stopped: at data, at the end, or at `end` because more is needed. */
  read(bytes: Bytes, from: number, end: number): number {
    let at = from;
    while (at < end && this.size === 0 && !this.done) this.#step(bytes[at++]!);
    return at;
  }

  #step(byte: number): void {
    switch (this.#place) {
      case "size": {
        const digit = hexDigit(byte);
        if (digit < 0) return this.#afterSize(byte);
        // The value counts, not the digits: leading zeros of any number are valid.
        this.#value = this.#value * 16 + digit;
        this.#hasDigits = true;
        if (this.#value > Number.MAX_SAFE_INTEGER) throw new Malformed("sent a chunk size that is too large");
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
      case "data":
        return this.#expect(byte, CR, "data end LF");
      case "data end LF":
        return this.#expect(byte, LF, "size");
      case "trailer":
        if (byte === CR) this.#place = "last LF";
        else if (!isTokenByte(byte)) throw new Malformed("sent a malformed trailer");
        else this.#trail("trailer name");
        return;
      case "trailer name":
        if (byte === COLON) this.#trail("trailer value");
        else if (isTokenByte(byte)) this.#trail("trailer name");
        else throw new Malformed("sent a malformed trailer");
        return;
      case "trailer value":
        if (byte === CR) this.#place = "trailer end";
        else if (isValueByte(byte)) this.#trail("trailer value");
        else throw new Malformed("sent a control character in a trailer");
        return;
      case "trailer end":
        return this.#expect(byte, LF, "trailer");
      case "last LF":
        this.#expect(byte, LF, "last LF");
        this.done = true;
    }
  }

  #afterSize(byte: number): void {
    if (!this.#hasDigits) throw new Malformed("sent a malformed chunk size");
    if (byte === CR) {
      this.#place = "size end";
    } else if (byte === SEMICOLON) {
      this.#place = "extension";
      this.#extend(byte);
    } else if (byte === SPACE || byte === TAB) {
      // Blanks may stand before an extension (section 7.1.1). Some servers pad their sizes with them, and other proxies accept
      // that too. It is safe: readers that drop blanks and readers that refuse them find no different size and no different line
      // end, and sluice frames what it passes on anew. So no two can disagree on where a message ends.
      this.#place = "blank";
    } else {
      throw new Malformed("sent a malformed chunk size");
    }
  }

  #beginData(byte: number): void {
    if (byte !== LF) throw new Malformed("sent a bare CR in a chunk size");
    this.size = this.#value;
    this.#place = this.#value === 0 ? "trailer" : "data";
    this.#value = 0;
    this.#hasDigits = false;
  }

  #extend(byte: number): void {
    if (!isValueByte(byte)) throw new Malformed("sent a control character in a chunk extension");
    if (++this.#extensionBytes > MAX_EXTENSION_BYTES) throw new Malformed("sent too many chunk extensions");
  }

  #trail(place: Place): void {
    this.#place = place;
    if (++this.#trailerBytes > MAX_TRAILER_BYTES) throw new Malformed("sent too many trailers");
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
