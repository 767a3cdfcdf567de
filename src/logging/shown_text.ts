/**
 * Characters that do something instead of being seen: controls of ASCII and C1 drive a terminal, line and paragraph
 * separators forge lines, and format characters turn the direction of writing or take no room
 * (https://trojansource.codes).
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNSEEN_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Nearly all texts are of these alone, which is found out in a tenth of the time. */
const PLAIN_LINES = /^[\n -~]*$/;

/** Longest piece of a value that a message repeats; a `.env` may hold a whole certificate by mistake. */
const QUOTED_LENGTH = 200;

/**
 * Makes every character of a text visible and keeps it on one line. Text of a client, a file or a variable reaches a
 * terminal or a log only through this, {@linkcode shownLines} or {@linkcode quote}. Shown text stays as it is when
 * shown again.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(shown("a\x1b[2J\u202eb\n"), "a\\u001b[2J\\u202eb\\u000a");
 * ```
 */
export function shown(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** Makes every character of a text visible but its line feeds. JSON stays the same JSON. */
export function shownLines(text: string): string {
  return PLAIN_LINES.test(text) ? text : text.replace(UNSEEN_IN_LINES, escaped);
}

/** Puts a value in quotes, on one line and cut if it is long, so that it can't forge lines of a log. */
export function quote(value: string): string {
  return shown(JSON.stringify(value.length > QUOTED_LENGTH ? `${value.slice(0, QUOTED_LENGTH)}...` : value));
}

/** Writes a character as JSON does: `\u` and four digits, one such for each half of a pair. */
function escaped(character: string): string {
  let text = "";
  for (let i = 0; i < character.length; i++) text += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
  return text;
}
