/** What makes an answer of a target unusable: not HTTP/1.x, or framing that can't be believed. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
}

const CR = 13;
const LF = 10;
/** Heads beyond this are refused; twice what common servers send at most. */
const MAX_HEAD_BYTES = 65_536;
const MAX_NAME_BYTES = 64;
/** Digits of a Content-Length or a chunk size beyond which a number is no longer exact. */
const MAX_DIGITS = 13;

const enum Stage {
  Head,
  Sized,
  ChunkSize,
  ChunkData,
  ChunkEnd,
  Trailers,
  UntilEnd,
  Done,
}

/**
 * Finds the end of one answer after another in the bytes of an HTTP/1.1 connection (RFC 9112 section 6), reading only what a
 * load test needs: status, framing, whether the connection stays open, and who answered. Nothing is copied while an answer
 * arrives in one piece, which is the usual case.
 */
export class ResponseReader {
  status = 0;
  /** The connection can carry another request after this answer. */
  reusable = false;
  /** Value of `X-Served-By`, or null. */
  servedBy: string | null = null;
  /** The first bytes of the body that came together with the head: a view, good until the next `push`. */
  bodyStart: Uint8Array = NOTHING;
  #stage = Stage.Done;
  #left = 0;
  #lineBytes = 0;
  #isHead = false;
  #isChunked = false;
  #inExtension = false;
  #length = -1;
  #partial: Uint8Array = NOTHING;

  /** Prepares for an answer; that to a HEAD request has no body. */
  expect(isHead: boolean): void {
    this.#stage = Stage.Head;
    this.#isHead = isHead;
    this.#partial = NOTHING;
    this.bodyStart = NOTHING;
  }

  /** Takes the bytes that arrived and returns true when the answer is whole. */
  push(bytes: Uint8Array): boolean {
    let at = 0;
    if (this.#stage === Stage.Head) {
      const before = this.#partial.length;
      const joined = before === 0 ? bytes : join(this.#partial, bytes);
      const end = this.#readHead(joined);
      if (end < 0) {
        // The caller's buffer is used again, so an unfinished head must be kept apart.
        this.#partial = before === 0 ? bytes.slice() : joined;
        if (this.#partial.length > MAX_HEAD_BYTES) throw new BadAnswer("The head of the answer is too long");
        return false;
      }
      this.#partial = NOTHING;
      this.bodyStart = joined.subarray(end);
      bytes = joined;
      at = end;
    }
    at = this.#readBody(bytes, at);
    if (this.#stage !== Stage.Done) return false;
    // Bytes beyond the answer belong to nobody: the connection can't be trusted any more.
    if (at < bytes.length) this.reusable = false;
    return true;
  }

  /** Takes the end of the connection and returns true where that is a proper end of the answer. */
  end(): boolean {
    if (this.#stage !== Stage.UntilEnd) return false;
    this.#stage = Stage.Done;
    return true;
  }

  /** Returns where the body begins, or -1 while the head is unfinished. Interim answers (1xx) are passed over. */
  #readHead(bytes: Uint8Array): number {
    let at = 0;
    while (true) {
      const end = this.#readOneHead(bytes, at);
      if (end < 0) return -1;
      if (this.status >= 200) {
        this.#chooseFraming();
        return end;
      }
      if (this.status === 101) throw new BadAnswer("The target switched protocols although nobody asked");
      at = end;
    }
  }

  #readOneHead(bytes: Uint8Array, from: number): number {
    let lineEnd = bytes.indexOf(LF, from);
    if (lineEnd < 0) return -1;
    this.#readStatusLine(bytes, from, lineEnd);
    while (true) {
      const start = lineEnd + 1;
      lineEnd = bytes.indexOf(LF, start);
      if (lineEnd < 0) return -1;
      const stop = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
      if (stop === start) return lineEnd + 1;
      this.#readField(bytes, start, stop);
    }
  }

  /** `HTTP/1.x SSS`: also resets what the fields of this head will say. */
  #readStatusLine(bytes: Uint8Array, from: number, end: number): void {
    const isHttp1 = end - from >= 12 && bytes[from] === 72 && bytes[from + 1] === 84 && bytes[from + 2] === 84 &&
      bytes[from + 3] === 80 && bytes[from + 4] === 47 && bytes[from + 5] === 49 && bytes[from + 6] === 46 &&
      bytes[from + 8] === 32;
    const status = isHttp1 ? readNumber(bytes, from + 9, from + 12) : -1;
    if (status < 100) throw new BadAnswer("The target does not answer in HTTP/1.1");
    this.status = status;
    this.reusable = bytes[from + 7] === 49;
    this.servedBy = null;
    this.#isChunked = false;
    this.#length = -1;
  }

  #readField(bytes: Uint8Array, start: number, stop: number): void {
    switch (bytes[start]! | 32) {
      case 99: // c
        if (isField(bytes, start, stop, "content-length:")) this.#readLength(bytes, start + 15, stop);
        else if (isField(bytes, start, stop, "connection:")) this.#readConnection(bytes, start + 11, stop);
        return;
      case 116: // t
        if (isField(bytes, start, stop, "transfer-encoding:")) {
          if (text(bytes, start + 18, stop).toLowerCase() !== "chunked") {
            throw new BadAnswer("The target uses a transfer encoding other than chunked");
          }
          this.#isChunked = true;
        }
        return;
      case 120: // x
        if (isField(bytes, start, stop, "x-served-by:")) {
          this.servedBy = text(bytes, start + 12, Math.min(stop, start + 12 + MAX_NAME_BYTES));
        }
    }
  }

  #readLength(bytes: Uint8Array, start: number, stop: number): void {
    while (start < stop && isBlank(bytes[start]!)) start++;
    while (stop > start && isBlank(bytes[stop - 1]!)) stop--;
    const length = readNumber(bytes, start, stop);
    if (length < 0 || (this.#length >= 0 && this.#length !== length)) {
      throw new BadAnswer("The target's Content-Length can't be read");
    }
    this.#length = length;
  }

  #readConnection(bytes: Uint8Array, start: number, stop: number): void {
    const options = text(bytes, start, stop).toLowerCase();
    if (options.includes("close")) this.reusable = false;
    else if (options.includes("keep-alive")) this.reusable = true;
  }

  /** RFC 9112 section 6.3. */
  #chooseFraming(): void {
    if (this.#isHead || this.status === 204 || this.status === 304) this.#stage = Stage.Done;
    else if (this.#isChunked) this.#startLine(Stage.ChunkSize);
    else if (this.#length === 0) this.#stage = Stage.Done;
    else if (this.#length > 0) {
      this.#stage = Stage.Sized;
      this.#left = this.#length;
    } else {
      this.#stage = Stage.UntilEnd;
      this.reusable = false;
    }
  }

  #readBody(bytes: Uint8Array, at: number): number {
    while (at < bytes.length && this.#stage !== Stage.Done) {
      switch (this.#stage) {
        case Stage.Sized:
        case Stage.ChunkData: {
          const taken = Math.min(this.#left, bytes.length - at);
          at += taken;
          this.#left -= taken;
          if (this.#left > 0) break;
          if (this.#stage === Stage.Sized) this.#stage = Stage.Done;
          else this.#startLine(Stage.ChunkEnd);
          break;
        }
        case Stage.UntilEnd:
          return bytes.length;
        default:
          this.#readLineByte(bytes[at++]!);
      }
    }
    return at;
  }

  #startLine(stage: Stage): void {
    this.#stage = stage;
    this.#lineBytes = 0;
    this.#left = 0;
  }

  /** One byte of a chunk's size line (RFC 9112 section 7.1), of the line end after its data, or of the trailers. */
  #readLineByte(byte: number): void {
    if (byte === CR) return;
    if (byte === LF) return this.#endLine();
    this.#lineBytes++;
    if (this.#lineBytes > MAX_HEAD_BYTES) throw new BadAnswer("A line of the answer is too long");
    if (this.#stage === Stage.ChunkEnd) throw new BadAnswer("A chunk is longer than its size says");
    if (this.#stage !== Stage.ChunkSize || this.#inExtension) return;
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (this.#lineBytes > MAX_DIGITS) throw new BadAnswer("A chunk's size is too large");
      this.#left = this.#left * 16 + digit;
    } else if (this.#lineBytes > 1 && (byte === 59 || isBlank(byte))) {
      // Nothing of a chunk extension counts, up to the line's end.
      this.#inExtension = true;
    } else throw new BadAnswer("A chunk's size can't be read");
  }

  #endLine(): void {
    switch (this.#stage) {
      case Stage.ChunkSize:
        this.#inExtension = false;
        if (this.#lineBytes === 0) throw new BadAnswer("A chunk's size is missing");
        if (this.#left > 0) this.#stage = Stage.ChunkData;
        else this.#startLine(Stage.Trailers);
        return;
      case Stage.ChunkEnd:
        return this.#startLine(Stage.ChunkSize);
      default:
        if (this.#lineBytes === 0) this.#stage = Stage.Done;
        this.#lineBytes = 0;
    }
  }
}

const NOTHING = new Uint8Array(0);

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Compares without regard to case; `name` is in lower case and ends with its colon. */
function isField(bytes: Uint8Array, start: number, stop: number, name: string): boolean {
  if (stop - start < name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** -1 for what is no plain decimal number. */
function readNumber(bytes: Uint8Array, start: number, stop: number): number {
  if (stop <= start || stop - start > MAX_DIGITS) return -1;
  let value = 0;
  for (let i = start; i < stop; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}

function text(bytes: Uint8Array, start: number, stop: number): string {
  let result = "";
  for (let i = start; i < stop; i++) result += String.fromCharCode(bytes[i]!);
  return result.trim();
}
