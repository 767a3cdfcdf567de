import type { Bytes } from "./bytes.ts";

/** Longer texts are made anew each time. */
export const LONGEST_KNOWN = 32;
/** A power of two. */
const PLACES = 1024;

const texts: string[] = new Array(PLACES).fill("");

/**
 * Turns up to 32 bytes into text, one character a byte. Most short texts of a head come again and again: hosts,
 * lengths, options, paths. A text that was seen before is found by its bytes, without making a string. Each place knows
 * the one seen last, so clients can make sluice keep 32 KB and no more.
 */
export function knownText(bytes: Bytes, from: number, to: number): string {
  let hash = to - from;
  for (let at = from; at < to; at++) hash = Math.imul(hash, 31) + bytes[at]! | 0;
  const place = (hash ^ hash >>> 10) & PLACES - 1;
  const known = texts[place]!;
  return isText(known, bytes, { from, to }) ? known : texts[place] = textOf(bytes, from, to);
}

function isText(text: string, bytes: Bytes, { from, to }: { readonly from: number; readonly to: number }): boolean {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

function textOf(bytes: Bytes, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += CHARACTERS[bytes[at]!];
  return text;
}

const CHARACTERS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
