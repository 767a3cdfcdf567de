import type { Bytes } from "./bytes.ts";
import { Malformed } from "./malformed.ts";

/** Largest head that is read. The limit of hyper is of the same order. */
export const MAX_HEAD_BYTES = 65_536;

const CR = 13;
const LF = 10;

/** Looks for the end of a request's or a response's head as its bytes come. It looks at each byte once. */
export class HeadFinder {
  /** Where the head begins. */
  start = 0;
  #at = 0;
  #line = 0;

  /** Begins anew at `start`. */
  restart(start: number): void {
    this.start = this.#at = this.#line = start;
  }

  /** The bytes were moved by so many places towards the beginning. */
  moved(by: number): void {
    this.start -= by;
    this.#at -= by;
    this.#line -= by;
  }

  /**
   * Returns where the head ends (behind its empty line), or -1 if more bytes are needed. Throws {@linkcode Malformed}.
   */
  find(bytes: Bytes, end: number): number {
    const { start } = this;
    // A call for each line: as fast as a loop for lines of 30 bytes, and more than twice as fast for those of 100.
    for (let i = bytes.indexOf(LF, this.#at); i >= 0 && i < end; i = bytes.indexOf(LF, i + 1)) {
      if (i === start || bytes[i - 1] !== CR) throw new Malformed("ended a line of its head with a bare LF");
      if (i - 1 === this.#line) return i + 1 - start > MAX_HEAD_BYTES ? tooLarge() : i + 1;
      if (bytes[this.#line] === CR) throw new Malformed("sent a bare CR in its head");
      this.#line = i + 1;
    }
    this.#at = end;
    return end - start > MAX_HEAD_BYTES ? tooLarge() : -1;
  }
}

function tooLarge(): never {
  throw new Malformed(`sent a head of more than ${MAX_HEAD_BYTES} bytes`);
}
