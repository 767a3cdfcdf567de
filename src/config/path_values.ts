import { quote } from "./config_error.ts";
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

/** Makes the refusal of a path that is not as requests have it, or null where it is. */
function refusalOfPath(text: string, allowQuery: boolean): Refusal | null {
  if (!text.startsWith("/")) return new Refusal(`a path that begins with "/"`);
  const refused = allowQuery ? /[^\x21-\x7e]|[#\\]/gu : /[^\x21-\x7e]|[?#\\]/gu;
  const encoded = percentEncode(text, refused);
  if (encoded !== text) {
    return new Refusal(
      `as requests have it, without ${allowQuery ? "" : '"?", '}"#", "\\", spaces, control or non-ASCII characters:` +
        ` write it percent-encoded as ${quote(encoded)}`,
    );
  }
  const dots = text.replace(/\?.*$/, "").split("/").find(isDotSegment);
  if (dots !== undefined) {
    return new Refusal(
      `as rules see it, without the dot segment ${quote(dots)}: dot segments are resolved before a rule is looked for`,
    );
  }
  return null;
}

/** A path in the form that rules see: a prefix of theirs, a rewrite, the path of the stats, a base. */
export const PATH: ValueKind<string> = {
  parse: (text) => refusalOfPath(text, false) ?? text,
  format: String,
};

/** A path that may have a query: what health checks ask for. */
export const PATH_AND_QUERY: ValueKind<string> = {
  parse: (text) => refusalOfPath(text, true) ?? text,
  format: String,
};

/** Tells whether `prefix` matches `path` by whole segments, as rules and rewrites do. */
export function matchesWholeSegments(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/";
}
