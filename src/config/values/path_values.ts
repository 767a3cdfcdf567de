import { quote } from "../../logging/shown_text.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** Writes every character that a path in its sent form can't hold as percent-encoded UTF-8. */
function percentEncode(text: string, refused: RegExp): string {
  return text.replace(refused, (character) => {
    const bytes = new TextEncoder().encode(character);
    return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  });
}

/** Tells whether a segment is `.` or `..`, in whatever spelling is resolved before a rule sees the path. */
function isDotSegment(segment: string): boolean {
  return /^(\.|%2e){1,2}$/i.test(segment);
}

/** What the form that rules see has never: refused in requests (`?` begins the query, `#` and `\\` are 400), or percent-encoded. */
const NOT_IN_PATHS = /[^\x21-\x7e]|[?#\\"<>`{}]/gu;
/** What a request target can't hold at all; what probes ask for is sent as it stands. */
const NOT_IN_TARGETS = /[^\x21-\x7e]|[#\\]/gu;

/** Makes the refusal of a path that is not as requests have it, or null where it is. */
function refusalOfPath(text: string, refused: RegExp): Refusal | null {
  if (!text.startsWith("/")) return new Refusal(`a path that begins with "/"`);
  const dots = text.replace(/\?.*$/s, "").split("/").find(isDotSegment);
  if (dots !== undefined) {
    return new Refusal(`without the dot segment ${quote(dots)}: dot segments are resolved before a rule is looked for`);
  }
  const encoded = percentEncode(text, refused);
  if (encoded === text) return null;
  if (refused === NOT_IN_PATHS && text.includes("?")) {
    return new Refusal(`a path without a query, as "?" begins one: there are no wildcards, and "%3F" is the character`);
  }
  const wrong = [...new Set(text.match(refused))].slice(0, 5).map(quote).join(", ");
  return new Refusal(`as it is sent, without ${wrong}: write it percent-encoded as ${quote(encoded)}`);
}

/** A path in the form that rules see: a prefix of theirs, a rewrite, the path of the stats, a base. */
export const PATH: ValueKind<string> = {
  parse: (text) => refusalOfPath(text, NOT_IN_PATHS) ?? text,
  format: String,
};

/** A path that may have a query: what health checks ask for. */
export const PATH_AND_QUERY: ValueKind<string> = {
  parse: (text) => refusalOfPath(text, NOT_IN_TARGETS) ?? text,
  format: String,
};

/** Tells whether `prefix` matches `path` by whole segments, as rules and rewrites do. */
export function matchesWholeSegments(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/";
}
