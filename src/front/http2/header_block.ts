import type { Bytes } from "../../http1/bytes.ts";

/**
 * A header block whose frame did not hold all of it (RFC 9113 section 6.10): its pieces, put together until the last
 * one has come. No other frame may come between them.
 */
export class HeaderBlock {
  /** The stream whose block it is; 0 if none is open. */
  stream = 0;
  /** Its HEADERS frame had END_STREAM. */
  endsStream = false;
  length = 0;
  bytes: Bytes = NO_BYTES;

  begin(stream: number, endsStream: boolean): void {
    this.stream = stream;
    this.endsStream = endsStream;
    this.length = 0;
  }

  add(bytes: Bytes, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
  }

  /** It was read: such blocks are rare, so its room is not kept. */
  end(): void {
    this.stream = 0;
    this.bytes = NO_BYTES;
  }
}

const NO_BYTES: Bytes = new Uint8Array(0);
