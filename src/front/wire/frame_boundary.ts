import type { Bytes } from "../../http1/bytes.ts";

const FIRST = 0;
const SECOND = 1;
const LENGTH = 2;
const MASK_BYTES = 4;
const CLOSE = 8;

/** Knows where the frames of a WebSocket end (RFC 6455 section 5.2), whatever pieces its bytes come in. */
export class FrameBoundary {
  /** A close frame has begun: its sender sends nothing behind it. */
  closes = false;
  /** What the next byte is, once the frame's payload is over. */
  #stage: typeof FIRST | typeof SECOND | typeof LENGTH = FIRST;
  /** Bytes of mask and payload that are still to come. */
  #left = 0;
  #maskBytes = 0;
  #length = 0;
  /** Bytes of the length that are still to come. */
  #lengthBytes = 0;

  /** All frames so far are whole. */
  get between(): boolean {
    return this.#stage === FIRST && this.#left === 0;
  }

  /** Goes on by these bytes. */
  take(bytes: Bytes): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, bytes.length - at);
        this.#left -= skipped;
        at += skipped;
      } else this.#head(bytes[at++]!);
    }
  }

  #head(byte: number): void {
    switch (this.#stage) {
      case FIRST:
        if ((byte & 0x0f) === CLOSE) this.closes = true;
        this.#stage = SECOND;
        return;
      case SECOND:
        this.#maskBytes = byte & 0x80 ? MASK_BYTES : 0;
        this.#length = byte & 0x7f;
        if (this.#length < 126) return this.#payload();
        this.#lengthBytes = this.#length === 126 ? 2 : 8;
        this.#length = 0;
        this.#stage = LENGTH;
        return;
      case LENGTH:
        this.#length = this.#length * 256 + byte;
        if (--this.#lengthBytes === 0) this.#payload();
    }
  }

  #payload(): void {
    this.#left = this.#maskBytes + this.#length;
    this.#stage = FIRST;
  }
}
