import { ImportError } from "../import_error.ts";
import type { ReadIncluded, SourceText } from "../importer.ts";
import type { Collector } from "../output/collector.ts";
import type { Origin } from "../output/imported.ts";

/** One line of a Caddyfile with the block that may follow it. */
export interface Segment {
  /** Without quotes. */
  readonly words: readonly string[];
  readonly block: readonly Segment[] | null;
  readonly origin: Origin;
}

interface Line {
  readonly words: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** Deepest chain of imports; more is a file or snippet that imports itself. */
const MOST_DEPTH = 10;

/**
 * Reads a Caddyfile with all that it imports in its place. Throws an `ImportError` that names each brace that is
 * missing.
 */
export function readCaddyfile(source: SourceText, readIncluded: ReadIncluded, found: Collector): Segment[] {
  const problems: string[] = [];
  const segments = blocks(lines(source, problems), source.path, problems);
  if (problems.length > 0) throw new ImportError(problems);
  const snippets = new Map<string, readonly Segment[]>();
  for (const { words, block } of segments) {
    const name = words.length === 1 ? /^\((.+)\)$/.exec(words[0]!)?.[1] : undefined;
    if (name !== undefined) snippets.set(name, block ?? []);
  }
  const rest = segments.filter(({ words }) => !(words.length === 1 && /^\(.+\)$/.test(words[0]!)));
  return expanded(rest, { snippets, readIncluded, found, depth: 0 });
}

interface Expansion {
  readonly snippets: ReadonlyMap<string, readonly Segment[]>;
  readonly readIncluded: ReadIncluded;
  readonly found: Collector;
  readonly depth: number;
}

function expanded(segments: readonly Segment[], how: Expansion): Segment[] {
  return segments.flatMap((segment): Segment[] => {
    const [first, name = "", ...args] = segment.words;
    if (first !== "import") {
      return [{ ...segment, block: segment.block === null ? null : expanded(segment.block, how) }];
    }
    const deeper = { ...how, depth: how.depth + 1 };
    const snippet = how.snippets.get(name);
    const file = segment.origin.place.replace(/:\d+$/, "");
    const inner = how.depth >= MOST_DEPTH
      ? []
      : snippet ?? how.readIncluded(name, file).flatMap((each) => readCaddyfile(each, how.readIncluded, how.found));
    if (inner.length === 0) how.found.lose(segment.origin, `no snippet and no file ${name} can be read`);
    else how.found.needless(segment.origin, "what it imports stands in its place");
    return expanded(inner.map((each) => withArguments(each, args)), deeper);
  });
}

/** Puts the arguments of an `import` where `{args[0]}` and `{args.0}` stand. */
function withArguments(segment: Segment, args: readonly string[]): Segment {
  const words = segment.words.map((word) =>
    word.replace(/\{args(?:\[(\d+)\]|\.(\d+))\}/g, (whole, a, b) => args[Number(a ?? b)] ?? whole)
  );
  return { ...segment, words, block: segment.block?.map((each) => withArguments(each, args)) ?? null };
}

function blocks(all: readonly Line[], file: string, problems: string[]): Segment[] {
  const top: Segment[] = [];
  const open: { readonly list: Segment[]; readonly line: number }[] = [{ list: top, line: 0 }];
  for (const { words, line } of all) {
    const [first] = words;
    if (first === "}" && words.length === 1) {
      if (open.length > 1) open.pop();
      else problems.push(`${file}:${line}: Found "}" without a "{" before it`);
      continue;
    }
    const opens = words.at(-1) === "{";
    const own = opens ? words.slice(0, -1) : words;
    const block: Segment[] | null = opens ? [] : null;
    open.at(-1)!.list.push({ words: own, block, origin: { place: `${file}:${line}`, text: words.join(" ") } });
    if (block !== null) open.push({ list: block, line });
  }
  for (const { line } of open.slice(1)) problems.push(`${file}:${line}: Found no "}" for the "{" in this line`);
  return top;
}

/** Cuts a text into lines of words; a `\` at the end of a line goes on with the next. */
function lines({ path, text }: SourceText, problems: string[]): Line[] {
  const result: Line[] = [];
  let words: string[] = [];
  let line = 1;
  let first = 1;
  for (let at = 0; at <= text.length;) {
    const character = text[at];
    if (character === undefined || character === "\n") {
      if (words.length > 0) result.push({ words, file: path, line: first });
      words = [];
      at++;
      line++;
    } else if (character === "\\" && /^\\\r?\n/.test(text.slice(at, at + 3))) {
      at = text.indexOf("\n", at) + 1;
      line++;
    } else if (/\s/.test(character)) at++;
    else if (character === "#") at = lineEnd(text, at);
    else {
      if (words.length === 0) first = line;
      const word = readWord(text, at);
      if (word === null) {
        problems.push(`${path}:${line}: Found no ${character} that ends the text which begins here`);
        break;
      }
      words.push(word.text);
      line += text.slice(at, word.end).split("\n").length - 1;
      at = word.end;
    }
  }
  return result;
}

function readWord(text: string, at: number): { text: string; end: number } | null {
  const mark = text[at]!;
  if (mark === '"' || mark === "`") {
    for (let i = at + 1; i < text.length; i++) {
      if (text[i] === "\\" && mark === '"') i++;
      else if (text[i] === mark) {
        const inner = text.slice(at + 1, i);
        return { text: mark === '"' ? inner.replace(/\\(["\\])/g, "$1") : inner, end: i + 1 };
      }
    }
    return null;
  }
  const heredoc = /^<<([A-Za-z0-9_-]+)\r?\n/.exec(text.slice(at));
  if (heredoc !== null) {
    const end = new RegExp(`\\n([ \\t]*)${heredoc[1]}(?=\\s|$)`).exec(text.slice(at));
    if (end === null) return null;
    const body = text.slice(at + heredoc[0].length, at + end.index);
    const indent = end[1]!;
    return {
      text: body.split("\n").map((line) => line.startsWith(indent) ? line.slice(indent.length) : line).join("\n"),
      end: at + end.index + end[0].length,
    };
  }
  let end = at;
  while (end < text.length && !/\s/.test(text[end]!)) end++;
  // An environment variable with a default has it; one without stays as it is written.
  return { text: text.slice(at, end).replace(/\{\$[\w]+:([^}]*)\}/g, "$1"), end };
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
