import { shown } from "./shown_text.ts";

/** Bytes that one character takes at most in an escaped string: `\u001f`. */
const WIDEST = 6;
/** Bytes of the longest number. */
const NUMBER_BYTES = 24;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

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

  /** Writes a JSON string, or `null`. */
  quotedOrNull(text: string | null): void {
    if (text === null) this.plain("null");
    else this.quoted(text);
  }

  /** Writes a whole number. */
  integer(value: number): void {
    if (value < 0 || value > 999_999_999) return this.plain(String(value));
    let divisor = 1;
    while (value >= divisor * 10) divisor *= 10;
    for (let rest = value; divisor >= 1; divisor /= 10) {
      const digit = Math.trunc(rest / divisor);
      this.bytes[this.at++] = 48 + digit;
      rest -= digit * divisor;
    }
  }

  /** Writes milliseconds with three decimals: microseconds. */
  millis(ms: number): void {
    const micros = Math.round(ms * 1000);
    const whole = Math.trunc(micros / 1000);
    const rest = micros - whole * 1000;
    this.integer(whole);
    this.bytes[this.at++] = 0x2e;
    this.bytes[this.at++] = 48 + Math.trunc(rest / 100);
    this.bytes[this.at++] = 48 + Math.trunc(rest / 10) % 10;
    this.bytes[this.at++] = 48 + rest % 10;
  }
}

/**
 * A JSON string of any text. Line separators, C1 controls and direction marks are legal in JSON, and yet drive
 * terminals.
 */
function escapedJson(text: string): string {
  return shown(JSON.stringify(text));
}
