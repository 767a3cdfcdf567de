/**
 * What a client may still send: on one stream, or on all of a connection (RFC 9113 section 5.2). It opens again as what
 * came is passed on, half of its size at a time, so that small pieces need no frame each.
 */
export class ReceiveWindow {
  readonly #half: number;
  /** Bytes that the client may still send. */
  left: number;
  /** Bytes that were passed on, and not given back yet. */
  #passed = 0;

  /** @param size Bytes. */
  constructor(size: number) {
    this.left = size;
    this.#half = size / 2;
  }

  /** A frame came that counts so many bytes; false if the client was not allowed to send as much. */
  take(bytes: number): boolean {
    this.left -= bytes;
    return this.left >= 0;
  }

  /** So many bytes were passed on. Returns whether it is time to tell the client. */
  pass(bytes: number): boolean {
    this.#passed += bytes;
    return this.isDue;
  }

  /** Half of the window can be opened. */
  get isDue(): boolean {
    return this.#passed >= this.#half;
  }

  /** Opens by what was passed on; returns by how much, for a WINDOW_UPDATE. */
  open(): number {
    const by = this.#passed;
    this.#passed = 0;
    this.left += by;
    return by;
  }
}
