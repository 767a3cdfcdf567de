import { Malformed } from "./malformed.ts";

/** How the message behind a head is framed (RFC 9112 section 6.3), and whether its connection goes on (section 9.3). */
export class Framing {
  /** The 1 of HTTP/1.1, the 0 of HTTP/1.0. */
  readonly minor: number;
  /** Content-Length; -1 if there is none. */
  contentLength = -1;
  chunked = false;
  /** `Connection` lists `close`. */
  closes = false;
  /** `Connection` lists `keep-alive`: means something in HTTP/1.0 only. */
  keepsAlive = false;

  constructor(minor: number) {
    this.minor = minor;
  }

  /** The sender lets the connection be used again. */
  get persistent(): boolean {
    return !this.closes && (this.minor === 1 || this.keepsAlive);
  }

  /**
   * Takes a Content-Length: one, since even two equal ones are a sign of something broken. Returns it in its shortest
   * form.
   */
  readLength(value: string): string {
    this.contentLength = oneLength(value, this.contentLength);
    return shortestLength(value);
  }

  /** Takes a Transfer-Encoding: `chunked` alone, since any other coding would have to be undone. */
  readCoding(value: string): void {
    if (this.chunked || this.minor === 0 || value.toLowerCase() !== "chunked") {
      throw new Malformed(`sent a body in the transfer coding ${JSON.stringify(value)}`);
    }
    this.chunked = true;
  }

  /** Takes a Connection header. */
  readConnection(value: string): void {
    for (const part of value.split(",")) {
      const option = part.trim().toLowerCase();
      if (option === "close") this.closes = true;
      else if (option === "keep-alive") this.keepsAlive = true;
    }
  }

  /** Checks the head as a whole: a length beside a coding is an attempt at smuggling, or a broken server. */
  check(): void {
    if (this.chunked && this.contentLength >= 0) throw new Malformed("sent both Content-Length and Transfer-Encoding");
  }
}

/** Reads a Content-Length; a message may have only one. @param before The one before it; -1 if there is none. */
export function oneLength(value: string, before: number): number {
  const length = parseLength(value);
  if (Number.isSafeInteger(length) && before < 0) return length;
  throw new Malformed(`sent ${JSON.stringify(value)} as Content-Length, or more than one`);
}

/** Tells whether a response to this method with this status has no body, whatever its head says. */
export function hasNoBody(status: number, method: string): boolean {
  return method === "HEAD" || status === 204 || status === 304;
}

/**
 * Reads a Content-Length (RFC 9110 section 8.6): digits alone. Leading zeros of any number are valid, for the value
 * counts. Returns NaN for what is no numeral (a sign, a list, nothing), and Infinity for a numeral beyond 2^53 - 1,
 * which a number does not hold exactly.
 */
export function parseLength(text: string): number {
  let value = text.length === 0 ? NaN : 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value > Number.MAX_SAFE_INTEGER ? Infinity : value;
}

/** Writes a Content-Length in its shortest form, which no reader can take for an octal number. */
export function shortestLength(text: string): string {
  let zeros = 0;
  while (zeros < text.length - 1 && text.charCodeAt(zeros) === 48) zeros++;
  return zeros === 0 ? text : text.slice(zeros);
}
