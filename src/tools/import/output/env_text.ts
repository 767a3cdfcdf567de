/** The largest part of a directive that a comment repeats. */
const LONGEST_QUOTE = 100;

/**
 * Writes a value so that `.env` files give it back; null if no kind of quotes can hold it.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(envValue("/api"), "/api");
 * equal(envValue("301 https://#{host}/"), '"301 https://#{host}/"');
 * equal(envValue("X-A: 1\nX-B: 2"), '"X-A: 1\\nX-B: 2"');
 * equal(envValue(`a "b" # c`), `'a "b" # c'`);
 * ```
 */
export function envValue(value: string): string | null {
  if (value.includes("\r")) return null;
  if (/^[^\s"'`#][^#\n]*$/.test(value) && value === value.trim()) return value;
  if (value === "") return "";
  // Between double quotes `\n` is a line break, so a text that holds these two characters needs another kind.
  if (!value.includes('"') && !value.includes("\\n")) return `"${value.replaceAll("\n", "\\n")}"`;
  const mark = ["'", "`"].find((each) => !value.includes(each));
  return mark === undefined ? null : `${mark}${value}${mark}`;
}

/** Writes a comment, which stays on its line. */
export function comment(text: string): string {
  return `# ${text.replace(/\s+/g, " ").trim()}`.trimEnd();
}

/** Cuts what a comment repeats of the source. */
export function cut(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}...` : line;
}
