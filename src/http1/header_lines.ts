import type { Bytes } from "./bytes.ts";
import { Malformed } from "./malformed.ts";
import { TOKEN_BYTES, VALUE_BYTES } from "./tokens.ts";

/** Most header lines of a head. The limit of hyper is of the same order. */
export const MAX_HEADERS = 128;

// As constants of this module: see tokens.ts.
const IN_TOKEN = TOKEN_BYTES;
const IN_VALUE = VALUE_BYTES;

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;

/** Walks over the header lines of a whole head, and says where the parts of each stand. Nothing is copied. */
export class HeaderLines {
  nameStart = 0;
  nameEnd = 0;
  valueStart = 0;
  /** Behind the value, without blanks around it. */
  valueEnd = 0;
  #at = 0;
  #end = 0;
  #count = 0;

  /** Begins at `at`, behind the first line. @param end Behind the head's empty line, as {@linkcode HeadFinder} found it. */
  begin(at: number, end: number): void {
    this.#at = at;
    this.#end = end;
    this.#count = 0;
  }

  /** Reads the next line; returns false at the head's end. Throws {@linkcode Malformed}. */
  next(bytes: Bytes): boolean {
    let at = this.#at;
    if (bytes[at] === CR) {
      if (at + 2 !== this.#end) throw new Malformed("sent a bare CR in its head");
      return false;
    }
    if (++this.#count > MAX_HEADERS) throw new Malformed(`sent more than ${MAX_HEADERS} headers`);
    this.nameStart = at;
    while (IN_TOKEN[bytes[at]!] === 1) at++;
    // Also a space before the colon, and a line that continues the one before (RFC 9112 sections 5.1 and 5.2).
    if (at === this.nameStart || bytes[at] !== COLON) throw new Malformed("sent a malformed header name");
    this.nameEnd = at++;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    const start = this.valueStart = at;
    at = lineEnd(bytes, at);
    this.#at = at + 2;
    while (at > start && (bytes[at - 1] === SPACE || bytes[at - 1] === TAB)) at--;
    this.valueEnd = at;
    return true;
  }
}

/** Finds the CR LF that ends a line, over bytes that a value may hold. Throws {@linkcode Malformed}. */
export function lineEnd(bytes: Bytes, from: number): number {
  let at = from;
  while (IN_VALUE[bytes[at]!] === 1) at++;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) throw new Malformed("sent a control character in its head");
  return at;
}
