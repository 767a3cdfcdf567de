import { quote } from "../../logging/shown_text.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** Percent-encodes every character that a request's path can't have. */
function percentEncode(text: string, refused: RegExp): string {
  return text.replace(refused, (character) => {
    const bytes = new TextEncoder().encode(character);
    return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  });
}

/** Tells whether a segment is `.` or `..`, also percent-encoded: sluice resolves them before it looks for a rule. */
function isDotSegment(segment: string): boolean {
  return /^(\.|%2e){1,2}$/i.test(segment);
}

/**
 * What a path never has when rules see it: requests with `#` or `\\` get 400, `?` begins the query, clients encode the
 * rest.
 */
const NOT_IN_PATHS = /[^\x21-\x7e]|[?#\\"<>`{}]/gu;
/** What a request target can't hold. The path of probes is sent as configured. */
const NOT_IN_TARGETS = /[^\x21-\x7e]|[#\\]/gu;

/** What a pattern can't hold beyond its wildcards and what a backslash takes literally. */
const NOT_IN_PATTERNS = /[^\x21-\x7e]|[#"<>`{}]|\\(?![*?|&])/gu;

/** Returns why no request could have this path, or null if one could. */
function refusalOfPath(text: string, refused: RegExp): Refusal | null {
  if (!text.startsWith("/")) return new Refusal(`a path that begins with "/"`);
  const dots = text.replace(/\?.*$/s, "").split("/").find(isDotSegment);
  if (dots !== undefined) {
    return new Refusal(`without the dot segment ${quote(dots)}: sluice resolves it before it looks for a rule`);
  }
  const encoded = percentEncode(text, refused);
  if (encoded === text) return null;
  if (refused === NOT_IN_PATHS && text.includes("?")) {
    return new Refusal(`a path without a query, as "?" begins one: there are no wildcards, and "%3F" is the character`);
  }
  const wrong = [...new Set(text.match(refused))].slice(0, 5).map(quote).join(", ");
  return new Refusal(`as it is sent, without ${wrong}: write it percent-encoded as ${quote(encoded)}`);
}

/** A path in the form that rules see: a prefix, a rewrite, the path of the statistics, a base. */
export const PATH: ValueKind<string> = {
  words: "path",
  parse: (text) => refusalOfPath(text, NOT_IN_PATHS) ?? text,
  format: String,
};

/** A pattern of whole paths: begins with "/" or a wildcard. */
export const PATH_PATTERN: ValueKind<string> = {
  words: "pattern",
  parse: (text) => {
    if (!/^[/*?]/.test(text)) return new Refusal('paths or patterns that begin with "/" or "*"');
    return refusalOfPath(text.replace(/^[*?]/, "/$&"), NOT_IN_PATTERNS) ?? text;
  },
  format: String,
};

/** A path that may have a query, for probes. */
export const PATH_AND_QUERY: ValueKind<string> = {
  words: "path, with a query or without",
  parse: (text) => refusalOfPath(text, NOT_IN_TARGETS) ?? text,
  format: String,
};
