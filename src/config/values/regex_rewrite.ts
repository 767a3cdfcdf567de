import { quote } from "../../logging/shown_text.ts";
import type { PathRewrite } from "../rule_action.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** What configuration must know of regular expressions. */
export interface RegexSyntax {
  /** Says what is wrong with an expression; null if nothing is. */
  problem(regex: string): string | null;
  /** How many groups an expression has that has no problem. */
  groupCount(regex: string): number;
}

type RegexRewrite = Extract<PathRewrite, { readonly kind: "regex" }>;

/** `_REWRITE_REGEX`: an expression, a blank, and what takes the place of its first match. */
export const REGEX_REWRITE: ValueKind<RegexRewrite> = {
  words: "regular expression and replacement",
  parse: (text) => {
    const match = /^(.*\S)\s+(\S+)$/s.exec(text);
    if (match === null) return new Refusal("a regular expression, a blank and its replacement: ^/v1/(.*)$ /v2/$1");
    const [, regex = "", replacement = ""] = match;
    if (/\$(?![$\d{])|\$\{(?!\d+\})/.test(replacement.replaceAll("$$", ""))) {
      return new Refusal('with "$1", "${1}" or "$$" in the replacement, as "$" alone means nothing');
    }
    if (/[^\x21-\x7e]|[?#\\"<>`]/.test(replacement)) {
      return new Refusal("with a replacement that is a path as it is sent, without a query");
    }
    return { kind: "regex", regex, replacement };
  },
  format: ({ regex, replacement }) => `${regex} ${replacement}`,
};

/** Says which group of a replacement its expression does not have; null if it has all. The expression must be valid. */
export function refusalOfGroups({ regex, replacement }: RegexRewrite, syntax: RegexSyntax): string | null {
  const groups = syntax.groupCount(regex);
  const numbers = [...replacement.replaceAll("$$", "").matchAll(/\$\{?(\d+)/g)].map(([, digits]) => Number(digits));
  const beyond = numbers.find((number) => number > groups);
  return beyond === undefined
    ? null
    : `The expression has ${groups} groups, so that ${quote(`$${beyond}`)} is none of them`;
}
