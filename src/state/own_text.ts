const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Characters of a text of the client's or a target's that are kept once its exchange is over. */
export const KEPT_CHARS = 512;

/**
 * Cuts a text to what is kept, and copies it: V8 cuts a string by pointing into the whole, so that twenty characters
 * out of a head of 60 KB keep all of it.
 */
export function ownText(text: string, longest = KEPT_CHARS): string {
  return decoder.decode(encoder.encode(text.slice(0, longest)));
}

/** The same text, copied if it may be a part of `whole` and that is long. */
export function ownPart(text: string, whole: string): string {
  return whole.length > KEPT_CHARS ? ownText(text, text.length) : text;
}
