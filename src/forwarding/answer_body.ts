import { BadAnswer, type Bytes, isTokenByte, isValueByte } from "./answer_head.ts";

/** Most bytes of all chunk extensions, and of all trailers. */
const MAX_EXTENSION_BYTES = 16_384;
const MAX_TRAILER_BYTES = 65_536;

const CR = 13;
const LF = 10;

/** How a message's end is found (RFC 9112 section 6.3). */
type Framing = "length" | "chunked" | "until close";

/** Where a chunked body's reader stands between data: what the next byte belongs to. */
type Place =
  | "size"
  | "space"
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
 * Where a body's data stand among its bytes: pure, fed with whatever came. Data are taken in runs of `dataLeft` bytes, and
 * what stands between them goes through {@linkcode AnswerBody.frame}; nothing behind the message's end is ever touched.
 */
export class AnswerBody {
  readonly framing: Framing;
  /** Bytes of data that come next, whatever they are. */
  dataLeft: number;
  /** The message's end has been read. */
  done: boolean;
  #place: Place = "size";
  #size = 0;
  #hasDigits = false;
  #extensionBytes = 0;
  #trailerBytes = 0;

  /** @param length Content-Length, for that framing. */
  constructor(framing: Framing, length = 0) {
    this.framing = framing;
    this.dataLeft = framing === "length" ? length : framing === "until close" ? Infinity : 0;
    this.done = framing === "length" && length === 0;
  }

  /** Notes that `count` bytes of data were taken, at most `dataLeft`. */
  took(count: number): void {
    this.dataLeft -= count;
    if (this.dataLeft > 0) return;
    if (this.framing === "length") this.done = true;
    else this.#place = "data end";
  }

  /** Tells whether the body is whole when the connection ends here. */
  wholeAtClose(): boolean {
    return this.done || this.framing === "until close";
  }

  /**
   * Reads what stands between a chunked body's data, from `at` on; returns where it stopped: at data, at the message's end,
   * or at `end` because more is needed. Throws {@linkcode BadAnswer}.
   */
  frame(bytes: Bytes, from: number, end: number): number {
    let at = from;
    while (at < end && this.dataLeft === 0 && !this.done) this.#step(bytes[at++]!);
    return at;
  }

  /** Takes one byte that is not data (RFC 9112 section 7.1). */
  #step(byte: number): void {
    switch (this.#place) {
      case "size": {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          // The value counts, not the digits: leading zeros of any number are valid (RFC 9112 section 7.1).
          this.#size = this.#size * 16 + digit;
          this.#hasDigits = true;
          if (this.#size > Number.MAX_SAFE_INTEGER) {
            throw new BadAnswer("The target sent a chunk size that is too large");
          }
          return;
        }
        if (!this.#hasDigits) throw new BadAnswer("The target sent a malformed chunk size");
        return this.#afterSize(byte);
      }
      case "space":
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
        if (byte === CR) this.#place = "last LF";
        else if (!isTokenByte(byte)) throw new BadAnswer("The target sent a malformed trailer");
        else this.#trail("trailer name");
        return;
      case "trailer name":
        if (byte === 58) this.#trail("trailer value");
        else if (isTokenByte(byte)) this.#trail("trailer name");
        else throw new BadAnswer("The target sent a malformed trailer");
        return;
      case "trailer value":
        if (byte === CR) this.#place = "trailer end";
        else if (isValueByte(byte)) this.#trail("trailer value");
        else throw new BadAnswer("The target sent a control character in a trailer");
        return;
      case "trailer end":
        return this.#expect(byte, LF, "trailer");
      case "last LF":
        this.#expect(byte, LF, "size");
        this.done = true;
    }
  }

  #afterSize(byte: number): void {
    if (byte === CR) {
      this.#place = "size end";
    } else if (byte === 59) {
      this.#place = "extension";
      this.#extend(byte);
    } else if (byte === 32 || byte === 9) {
      // Blanks may stand before an extension (section 7.1.1). Some servers pad their sizes with them, and other proxies accept
      // that too. It is safe: whoever drops blanks and whoever refuses them finds no other size and no other line end, and
      // sluice frames what it passes on anew. So nothing can be smuggled past one of the two.
      this.#place = "space";
    } else {
      throw new BadAnswer("The target sent a malformed chunk size");
    }
  }

  #beginData(byte: number): void {
    if (byte !== LF) throw new BadAnswer("The target sent a bare CR in a chunk size");
    this.dataLeft = this.#size;
    if (this.#size === 0) this.#place = "trailer";
    this.#size = 0;
    this.#hasDigits = false;
  }

  #extend(byte: number): void {
    if (!isValueByte(byte)) throw new BadAnswer("The target sent a control character in a chunk extension");
    if (++this.#extensionBytes > MAX_EXTENSION_BYTES) throw new BadAnswer("The target sent too many chunk extensions");
  }

  #trail(place: Place): void {
    this.#place = place;
    if (++this.#trailerBytes > MAX_TRAILER_BYTES) throw new BadAnswer("The target sent too many trailers");
  }

  #expect(byte: number, wanted: number, next: Place): void {
    if (byte !== wanted) throw new BadAnswer("The target did not end a chunk where its size says");
    this.#place = next;
  }
}

/** Bytes that were read and not taken yet, from `start` to `end`. */
export interface ReadBytes {
  readonly bytes: Bytes;
  start: number;
  readonly end: number;
}

/** Takes a body's data out of what was read, over as many chunks as there are, into `place`; returns how many bytes. */
export function takeData(body: AnswerBody, read: ReadBytes, place: Bytes): number {
  let length = 0;
  for (;;) {
    read.start = body.frame(read.bytes, read.start, read.end);
    const count = Math.min(body.dataLeft, read.end - read.start, place.length - length);
    if (count === 0) return length;
    place.set(read.bytes.subarray(read.start, read.start + count), length);
    read.start += count;
    length += count;
    body.took(count);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
