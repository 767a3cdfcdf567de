import { Refusal } from "./value_kind.ts";

/** Characters that stand for themselves behind a backslash. */
const ESCAPABLE = "*?|&";

/** Cuts a value at each ` && `: all parts must hold. */
export function splitParts(text: string): string[] {
  return text.split(" && ").map((part) => part.trim());
}

/** Cuts a part at each `|` without a backslash before it, and trims the pieces: one of them must hold. */
function splitAlternatives(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (isEscape(text, at)) at++;
    else if (text[at] === "|") {
      found.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...found, text.slice(start).trim()];
}

/** Reads each alternative of a part. */
export function parseAlternatives<T>(text: string, parse: (alternative: string) => T | Refusal): T[] | Refusal {
  const values: T[] = [];
  for (const alternative of splitAlternatives(text)) {
    if (alternative === "") return new Refusal('without an empty alternative: "|" stands between two values');
    const value = parse(alternative);
    if (value instanceof Refusal) return value;
    values.push(value);
  }
  return values;
}

/** Tells whether a backslash at `at` takes the next character literally. */
export function isEscape(text: string, at: number): boolean {
  return text[at] === "\\" && at + 1 < text.length && ESCAPABLE.includes(text[at + 1]!);
}
