import { ANY, ONE, parsePattern } from "../config/values/pattern.ts";

/** Tells whether a whole text is like a pattern. */
export type Like = (text: string) => boolean;

/**
 * Compiles a pattern. It costs O(text) for most, and O(text x pattern) at worst: on a mismatch only the last `*` takes
 * one more character, as an earlier one could gain nothing.
 */
export function compilePattern(text: string): Like {
  const { codes, exact, literal } = parsePattern(text);
  if (exact) return (candidate) => candidate === literal;
  const pattern = Int32Array.from(codes);
  return (candidate) => isLike(candidate, pattern);
}

/** Compiles patterns into a test that holds if one of them fits the text. Without patterns it always holds. */
export function compilePatterns(texts: readonly string[]): Like {
  const patterns = texts.map(compilePattern);
  if (patterns.length === 0) return () => true;
  return patterns.length === 1 ? patterns[0]! : (text) => patterns.some((like) => like(text));
}

function isLike(text: string, pattern: Int32Array): boolean {
  const { length } = pattern;
  let at = 0;
  let place = 0;
  let star = -1;
  let tried = 0;
  while (at < text.length) {
    const code = place < length ? pattern[place]! : NaN;
    if (code === ANY) {
      star = place++;
      tried = at;
    } else if (code === ONE || code === text.charCodeAt(at)) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++tried;
    } else return false;
  }
  while (place < length && pattern[place] === ANY) place++;
  return place === length;
}
