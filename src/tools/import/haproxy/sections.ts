import { ImportError } from "../import_error.ts";
import type { SourceText } from "../importer.ts";
import type { Origin } from "../output/imported.ts";

/** One line: a keyword and its words, without quotes. */
export interface Line {
  readonly words: readonly string[];
  readonly origin: Origin;
}

/** A section: `frontend web` and the lines below it. */
export interface Section {
  readonly kind: string;
  /** Empty if it has none. */
  readonly name: string;
  readonly origin: Origin;
  readonly lines: readonly Line[];
  /** The section of defaults that holds here; null for those themselves, and before the first. */
  readonly defaults: Section | null;
}

/** Words that begin a section. */
const KINDS = new Set([
  ...["global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist", "mailers", "program"],
  ...["cache", "ring", "http-errors", "fcgi-app", "crt-store", "log-forward", "traces", "acme"],
]);

/** Reads the sections of HAProxy's configuration. Throws an `ImportError` that names every line that is none. */
export function parseSections(sources: readonly SourceText[]): Section[] {
  const problems: string[] = [];
  const sections: (Section & { lines: Line[] })[] = [];
  let defaults: Section | null = null;
  for (const { path, text } of sources) {
    text.split("\n").forEach((raw, i) => {
      const place = `${path}:${i + 1}`;
      const words = wordsOf(raw);
      if (words === null) problems.push(`${place}: Found no end of the quotes in this line`);
      else if (words.length > 0) {
        const [first = "", name = ""] = words;
        const origin = { place, text: words.join(" ") };
        if (KINDS.has(first)) {
          const from = words.indexOf("from");
          const named = sections.find((each) => each.kind === "defaults" && from > 0 && each.name === words[from + 1]);
          const section = {
            kind: first,
            name,
            origin,
            lines: [],
            defaults: first === "defaults" ? null : named ?? defaults,
          };
          sections.push(section);
          if (first === "defaults") defaults = section;
        } else if (sections.length === 0) {
          problems.push(`${place}: Expected a section, such as "frontend", before "${first}"`);
        } else sections.at(-1)!.lines.push({ words, origin });
      }
    });
  }
  if (problems.length > 0) throw new ImportError(problems);
  return sections;
}

/** Cuts a line into words; null if quotes are never closed. */
function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === "\\" && at + 1 < line.length) {
      const next = line[++at]!;
      word = (word ?? "") + (/[\s#"'\\]/.test(next) ? next : `\\${next}`);
    } else if (character === '"' || character === "'") {
      const end = quoteEnd(line, at);
      if (end < 0) return null;
      const inner = line.slice(at + 1, end);
      word = (word ?? "") + (character === '"' ? inner.replace(/\\(["\\$])/g, "$1") : inner);
      at = end;
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === "#") break;
    else word = (word ?? "") + character;
  }
  if (word !== null) words.push(word);
  return words;
}

function quoteEnd(line: string, at: number): number {
  for (let i = at + 1; i < line.length; i++) {
    if (line[i] === "\\" && line[at] === '"') i++;
    else if (line[i] === line[at]) return i;
  }
  return -1;
}

/** HAProxy's times: a bare number is milliseconds; null if it is none. */
export function timeText(text: string | undefined): string | null {
  const match = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text ?? "");
  if (match === null) return null;
  if (match[2] === "us") return `${Math.max(1, Math.round(Number(match[1]) / 1000))}ms`;
  return `${match[1]}${match[2] ?? "ms"}`;
}
