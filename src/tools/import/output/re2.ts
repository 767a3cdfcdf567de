import { literal } from "./patterns.ts";

/**
 * Turns a Perl regular expression into RE2's syntax; null if RE2 has no such thing: looking ahead or behind, references
 * to groups, atomic groups and possessive repetition.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(toRe2("^/(?<id>\\d+)$"), "^/(?P<id>\\d+)$");
 * equal(toRe2("^/(?!admin)"), null);
 * ```
 */
export function toRe2(pattern: string, anyCase = false): string | null {
  const plain = pattern.replace(/\\\\/g, "");
  if (/\(\?(<?[=!]|>|\|)|\\[1-9]|\\k|[*+?}]\+/.test(plain)) return null;
  return `${anyCase ? "(?i)" : ""}${pattern.replace(/\(\?<(?=[A-Za-z_])/g, "(?P<").replaceAll("\\/", "/")}`;
}

/**
 * Makes a regular expression fit the whole path where it fits a part, so that a rewrite replaces the whole path.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(fittingWhole("^/api/(.*)"), "^/api/(.*).*$");
 * equal(fittingWhole("(?i)x|y"), "(?i)^.*?(?:x|y).*$");
 * ```
 */
export function fittingWhole(regex: string): string {
  const [, flags = "", body = ""] = /^(\(\?i\))?(.*)$/s.exec(regex)!;
  // Outside of brackets, `|` would split the anchors off.
  const grouped = /\|/.test(body.replace(/\\.|\[[^\]]*\]|\([^()]*\)/gs, "")) ? `(?:${body})` : body;
  const start = grouped.startsWith("^") ? "" : "^.*?";
  const end = /(^|[^\\])\$$/.test(grouped) ? "" : ".*$";
  return `${flags}${start}${grouped}${end}`;
}

/**
 * Turns a regular expression that only lists literal texts, as `^(GET|HEAD)$` or `mobile`, into sluice's patterns; null
 * if it holds anything else.
 */
export function toPatterns(regex: string): string[] | null {
  const [, start, middle, end] = /^(\^?)(.*?)(\$?)$/s.exec(regex)!;
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(middle!)?.[1] ?? middle!;
  // Without brackets the anchors belong to the first and the last text alone.
  if (inner !== middle || !inner.includes("|") || (start === "" && end === "")) {
    const texts = inner.split("|").map(plainText);
    if (texts.some((text) => text === null)) return null;
    return texts.map((text) => `${start === "" ? "*" : ""}${text}${end === "" ? "*" : ""}`.replaceAll("**", "*"));
  }
  return null;
}

/** The pattern for a piece of a regular expression without operators but `.*`; null if it has others. */
function plainText(piece: string): string | null {
  let text = "";
  for (const [part] of piece.matchAll(/\\.|\.\*|[^]/gs)) {
    if (part === ".*") text += "*";
    else if (part.length === 2) {
      if (/\w/.test(part[1]!)) return null;
      text += literal(part[1]!);
    } else if (/[\\^$.+*?()[\]{}|]/.test(part)) return null;
    else text += literal(part);
  }
  return text;
}
