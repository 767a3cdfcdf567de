import { quote } from "../../logging/shown_text.ts";
import { isHopByHop } from "../../http1/hop_by_hop.ts";
import { isToken } from "../../http1/tokens.ts";
import type { HeaderLine } from "../header_edits.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** What a header's value can take from the request. */
const PLACEHOLDERS = [
  "protocol",
  "host",
  "port",
  "path",
  "query",
  "client_ip",
  "request_id",
  "target",
] as const;

/** The name of a placeholder. */
export type Placeholder = typeof PLACEHOLDERS[number];

/** Headers of framing and routing, beside those that concern one connection (RFC 9110 section 7.6.1). */
const ONLY_SLUICE_SETS = new Set(["content-length", "expect", "host", "via"]);

/** `Name: value` lines. */
export const HEADER_LINES: ValueKind<readonly HeaderLine[]> = {
  words: "lines of `Name: value`",
  parse: (text) => {
    const lines: HeaderLine[] = [];
    for (const line of linesOf(text)) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).trim();
      if (colon < 0 || !isToken(name)) return new Refusal(`lines of Name: value (${quote(line)} is not)`);
      const value = line.slice(colon + 1).trim();
      const wrong = problemOfName(name) ?? problemOfValue(value);
      if (wrong !== null) return new Refusal(wrong);
      lines.push({ name, value });
    }
    return lines;
  },
  format: (lines) => lines.map(({ name, value }) => `${name}: ${value}`).join("\n"),
};

/** Names of headers, a line each; in lower case. */
export const HEADER_NAMES: ValueKind<readonly string[]> = {
  words: "lines of names",
  parse: (text) => {
    const names = linesOf(text);
    for (const name of names) {
      if (!isToken(name)) return new Refusal(`names of headers, a line each (${quote(name)} is not)`);
      const wrong = problemOfName(name);
      if (wrong !== null) return new Refusal(wrong);
    }
    return names.map((name) => name.toLowerCase());
  },
  format: (names) => names.join("\n"),
};

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

function problemOfName(name: string): string | null {
  const lower = name.toLowerCase();
  if (!ONLY_SLUICE_SETS.has(lower) && !isHopByHop(lower)) return null;
  return `without ${quote(name)}, which only sluice itself can set: it concerns the connection, the body or the way`;
}

function problemOfValue(value: string): string | null {
  if (/[^\x20-\x7e\t]/.test(value)) return "values of ASCII characters, without control characters";
  const unknown = [...value.matchAll(/#\{([^}]*)\}?/g)].find(([whole, name]) =>
    !whole.endsWith("}") || !PLACEHOLDERS.some((known) => known === name)
  );
  if (unknown === undefined) return null;
  const known = PLACEHOLDERS.map((name) => `#{${name}}`).join(", ");
  return `with the placeholders ${known} (${quote(unknown[0])} is none)`;
}
