import { shown } from "./shown_text.ts";

/** Bytes that one character takes at most in an escaped string: `\u001f`. */
const WIDEST = 6;
/** Larger numbers are written as JavaScript does. */
const LARGEST = 999_999_999;
/** Bytes of the longest number. */
const NUMBER_BYTES = 24;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Text that needs no escaping, as the bytes that are copied into lines. */
export type Piece = Uint8Array<ArrayBuffer>;

/** Makes a piece of ASCII text. */
export function piece(text: string): Piece {
  return new TextEncoder().encode(text);
}

/**
 * The last text of one field, quoted. Most fields of a line say what they said in the line before: then their bytes are
 * copied.
 */
export class LastText {
  text: string | null = null;
  bytes: Piece = new Uint8Array(0);
}

/** Longer texts are not remembered. */
const LONGEST_REMEMBERED = 64;

/**
 * Writes lines into memory that is there already, character by character. Access lines were strings once: some thirty
 * intermediate ones for each request, a twentieth of all that was allocated for it (docs/performance.md).
 */
export class ByteLine {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the next byte goes. */
  at = 0;
  readonly #encoder = new TextEncoder();

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Tells whether a line with strings of so many characters is sure to fit behind what is there. */
  fits(characters: number): boolean {
    return this.at + characters * WIDEST + NUMBER_BYTES < this.bytes.length;
  }

  /** Writes a constant. Takes 16 ns, however long it is; the characters of a string take 2 ns each. */
  put(piece: Piece): void {
    this.bytes.set(piece, this.at);
    this.at += piece.length;
  }

  /** Writes text that is known to be ASCII and to need no escaping. */
  plain(text: string): void {
    const { bytes } = this;
    // Read once: texts come in more of V8's forms than an inline cache holds, and then each look at a length is a call.
    const { length } = text;
    let at = this.at;
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i);
    this.at = at;
  }

  /** Writes a JSON string with its quotes. */
  quoted(text: string): void {
    const { bytes } = this;
    const { length } = text;
    const start = this.at;
    let at = start;
    bytes[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.at = start + this.#encoder.encodeInto(escapedJson(text), bytes.subarray(start)).written;
        return;
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.at = at;
  }

  /** Writes a JSON string that is nearly always the same as the last one of its field. */
  quotedAgain(text: string, last: LastText): void {
    if (text === last.text) return this.put(last.bytes);
    const start = this.at;
    this.quoted(text);
    if (text.length > LONGEST_REMEMBERED) return;
    last.text = text;
    last.bytes = this.bytes.slice(start, this.at);
  }

  /** Writes a whole number. */
  integer(value: number): void {
    if (value < 0 || value > LARGEST) return this.plain(String(value));
    // Whole numbers of 32 bits, which V8 divides without floating point.
    const rest = value | 0;
    let digits = 1;
    for (let limit = 10; limit <= rest; limit *= 10) digits++;
    this.#digits(rest, digits);
  }

  /** Writes milliseconds with three decimals: microseconds. */
  millis(ms: number): void {
    const micros = Math.round(ms * 1000);
    const whole = Math.trunc(micros / 1000);
    this.integer(whole);
    this.bytes[this.at++] = 0x2e;
    this.thousandth(micros - whole * 1000);
  }

  /** Writes a number from 0 to 999 with three digits. */
  thousandth(value: number): void {
    this.#digits(value | 0, 3);
  }

  /** Writes the last digits of a number from 0 to {@linkcode LARGEST}. */
  #digits(value: number, digits: number): void {
    const { bytes } = this;
    let rest = value;
    for (let at = this.at + digits - 1; at >= this.at; at--) {
      const tens = rest / 10 | 0;
      bytes[at] = 48 + rest - tens * 10;
      rest = tens;
    }
    this.at += digits;
  }
}

/**
 * A JSON string of any text. Line separators, C1 controls and direction marks are legal in JSON, and yet drive
 * terminals.
 */
function escapedJson(text: string): string {
  return shown(JSON.stringify(text));
}
