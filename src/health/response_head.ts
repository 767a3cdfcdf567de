/** Most bytes of a response's heads, interim ones included, that a probe reads. */
export const MOST_HEAD_BYTES = 65_536;

// RFC 9112 section 4: HTTP-version SP status-code SP [reason-phrase]; the last space may be missing, as many servers do.
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
// RFC 9112 section 5: no space before the colon, no line folding.
const FIELD_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Reads the head of a response, piece by piece, as latin1 text. Interim responses (1xx) are skipped; 101 is invalid, as
 * nobody asked for an upgrade. Lines may end in a bare LF (RFC 9112 section 2.2), for that harms nobody on a connection
 * that is closed after one head; a bare CR, a folded line or a nameless field makes the head invalid.
 */
export class ResponseHead {
  #line = "";
  #length = 0;
  /** Of the head that is being read; null before its status line. */
  #current: number | null = null;

  /** The status, as soon as its line was read; null before, and during an interim response. */
  get status(): number | null {
    return this.#current !== null && this.#current >= 200 ? this.#current : null;
  }

  /** Takes the next piece in. Not to be called again after `complete` or `invalid`. */
  push(text: string): "incomplete" | "invalid" | "complete" {
    this.#length += text.length;
    let at = 0;
    for (;;) {
      const end = text.indexOf("\n", at);
      if (end === -1) break;
      const line = this.#line + text.slice(at, end);
      this.#line = "";
      at = end + 1;
      const done = this.#takeLine(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (done !== "incomplete") return done;
    }
    this.#line += text.slice(at);
    // Nobody waits for the end of a line that shows already that it is no status line.
    const hopeless = this.#current === null && !"HTTP/1.".startsWith(this.#line.slice(0, 7));
    return hopeless || this.#length > MOST_HEAD_BYTES ? "invalid" : "incomplete";
  }

  #takeLine(line: string): "incomplete" | "invalid" | "complete" {
    if (this.#current === null) {
      const match = STATUS_LINE.exec(line);
      if (match === null || match[1] === "101") return "invalid";
      this.#current = Number(match[1]);
    } else if (line === "") {
      if (this.#current >= 200) return "complete";
      this.#current = null;
    } else if (!FIELD_LINE.test(line)) {
      return "invalid";
    }
    return "incomplete";
  }
}
