import type { Bytes } from "../http1/bytes.ts";
import { BITS, CODES } from "./huffman_code.ts";

const SHORT_BITS = 15;
/** The codes of up to 15 bits, which all usual characters have, each before its length in 4 bits; 0 for the others. */
const SHORT = Uint32Array.from({ length: 256 }, (_, symbol) => {
  const bits = BITS[symbol]!;
  return bits > SHORT_BITS ? 0 : CODES[symbol]! << 4 | bits;
});

/** Returns how many bytes a text (one character a byte) takes by the Huffman code of HPACK (RFC 7541 appendix B). */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += BITS[text.charCodeAt(i) & 255]!;
  return bits + 7 >>> 3;
}

/** Writes a text by the Huffman code of HPACK and returns the place behind it. */
export function putHuffman(text: string, to: Bytes, at: number): number {
  let pending = 0; // its last bits fill no two bytes yet; what is above them was written
  let count = 0; // of these bits: 15 at most between symbols
  let place = at;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 255;
    const short = SHORT[symbol]!;
    if (short !== 0) {
      pending = pending << (short & 15) | short >>> 4;
      count += short & 15;
    } else {
      // Up to 30 bits, too many beside those that wait: in two parts.
      const code = CODES[symbol]!;
      const first = BITS[symbol]! - SHORT_BITS;
      pending = pending << first | code >>> SHORT_BITS;
      for (count += first; count >= 8;) to[place++] = pending >>> (count -= 8);
      pending = pending << SHORT_BITS | code & (1 << SHORT_BITS) - 1;
      count += SHORT_BITS;
    }
    if (count >= 16) {
      to[place] = pending >>> count - 8;
      to[place + 1] = pending >>> (count -= 16);
      place += 2;
    }
  }
  if (count >= 8) to[place++] = pending >>> (count -= 8);
  if (count > 0) to[place++] = pending << 8 - count | 255 >>> count;
  return place;
}
