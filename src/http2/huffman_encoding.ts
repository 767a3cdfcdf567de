import type { Bytes } from "../http1/bytes.ts";
import { BITS, CODES } from "./huffman_code.ts";

/** Returns how many bytes a text (one character a byte) takes by the Huffman code of HPACK (RFC 7541 appendix B). */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += BITS[text.charCodeAt(i) & 255]!;
  return bits + 7 >>> 3;
}

/** Writes a text by the Huffman code of HPACK and returns the place behind it. */
export function putHuffman(text: string, to: Bytes, at: number): number {
  let pending = 0; // bits that fill no byte yet: 7 at most between symbols
  let count = 0;
  let place = at;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 255;
    let code = CODES[symbol]!;
    let bits = BITS[symbol]!;
    if (bits > 24) {
      // 7 and 30 bits don't fit into 32: the first ones go ahead.
      bits -= 8;
      pending = pending << 8 | code >>> bits;
      to[place++] = pending >>> count;
      code &= (1 << bits) - 1;
      pending &= (1 << count) - 1;
    }
    pending = pending << bits | code;
    for (count += bits; count >= 8;) to[place++] = pending >>> (count -= 8);
    pending &= (1 << count) - 1;
  }
  if (count > 0) to[place++] = pending << 8 - count | 255 >>> count;
  return place;
}
