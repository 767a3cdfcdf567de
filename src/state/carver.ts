/** Hands out consecutive typed arrays over one buffer; run without a buffer it only measures. */
export class Carver {
  offset = 0;
  constructor(readonly buffer: SharedArrayBuffer | null) {}
  int32(length: number): Int32Array {
    const at = this.#take(length * 4);
    return this.buffer === null ? EMPTY_INT32 : new Int32Array(this.buffer, at, length);
  }
  uint32(length: number): Uint32Array {
    const at = this.#take(length * 4);
    return this.buffer === null ? EMPTY_UINT32 : new Uint32Array(this.buffer, at, length);
  }
  float64(length: number): Float64Array {
    const at = this.#take(length * 8);
    return this.buffer === null ? EMPTY_FLOAT64 : new Float64Array(this.buffer, at, length);
  }
  #take(bytes: number): number {
    const at = this.offset;
    this.offset += Math.ceil(bytes / 8) * 8;
    return at;
  }
}
const EMPTY_INT32 = new Int32Array(0);
const EMPTY_UINT32 = new Uint32Array(0);
const EMPTY_FLOAT64 = new Float64Array(0);
