import { isEscape } from "./alternatives.ts";

/** In a pattern's codes: any characters, none included. */
export const ANY = -1;
/** In a pattern's codes: one character. */
export const ONE = -2;

/** A text with `*` for any characters and `?` for one. */
export interface Pattern {
  /** UTF-16 codes, {@linkcode ANY} and {@linkcode ONE}. */
  readonly codes: readonly number[];
  /** The text before the first wildcard. */
  readonly literal: string;
  /** There is no wildcard. */
  readonly exact: boolean;
}

/** Reads a pattern; every text is one. A backslash takes `*`, `?`, `|` and `&` literally. */
export function parsePattern(text: string): Pattern {
  const codes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (isEscape(text, at)) codes.push(text.charCodeAt(++at));
    else if (text[at] === "*") {
      if (codes.at(-1) !== ANY) codes.push(ANY);
    } else if (text[at] === "?") codes.push(ONE);
    else codes.push(text.charCodeAt(at));
  }
  const wildcard = codes.findIndex((code) => code < 0);
  const literal = wildcard === -1 ? codes : codes.slice(0, wildcard);
  return { codes, literal: literal.map((code) => String.fromCharCode(code)).join(""), exact: wildcard === -1 };
}
