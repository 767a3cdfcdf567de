import { ImportError } from "../import_error.ts";
import type { SourceText } from "../importer.ts";
import type { Origin } from "../output/imported.ts";

/** One directive: `listen 80;` or `server { ... }`. */
export interface Directive {
  readonly name: string;
  /** Without quotes. */
  readonly args: readonly string[];
  /** What stands between its braces; null if it ends with `;`. */
  readonly block: Directive[] | null;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

interface Token {
  /** `word`, or the character itself for `;`, `{` and `}`. */
  readonly kind: "word" | ";" | "{" | "}";
  readonly text: string;
  readonly line: number;
}

/** What a word may not hold outside quotes. */
const ENDS_WORD = /[\s;{}]/;

/** Where a directive stands, for messages and comments. */
export function originOf({ file, line, name, args, block }: Directive): Origin {
  return { place: `${file}:${line}`, text: `${[name, ...args].join(" ")}${block === null ? "" : " {"}` };
}

/** Reads directives from a text. Throws an `ImportError` that names every brace and `;` that is missing. */
export function parseDirectives(sources: readonly SourceText[]): Directive[] {
  const problems: string[] = [];
  const all = sources.flatMap(({ path, text }) => new Parser(path, problems).parse(tokens(text, path, problems)));
  if (problems.length > 0) throw new ImportError(problems);
  return all;
}

class Parser {
  readonly #file: string;
  readonly #problems: string[];

  constructor(file: string, problems: string[]) {
    this.#file = file;
    this.#problems = problems;
  }

  parse(all: readonly Token[]): Directive[] {
    const top: Directive[] = [];
    const open: { readonly list: Directive[]; readonly line: number }[] = [{ list: top, line: 0 }];
    let words: Token[] = [];
    for (const token of all) {
      if (token.kind === "word") words.push(token);
      else if (token.kind === "}") {
        if (words.length > 0) this.#report(words[0]!.line, `Expected ";" after "${textOf(words)}"`);
        words = [];
        if (open.length > 1) open.pop();
        else this.#report(token.line, 'Found "}" without a "{" before it');
      } else if (words.length === 0) {
        this.#report(token.line, `Expected the name of a directive before "${token.kind}"`);
        if (token.kind === "{") open.push({ list: [], line: token.line });
      } else {
        const [name, ...args] = words.map((word) => word.text);
        const block: Directive[] | null = token.kind === "{" ? [] : null;
        open.at(-1)!.list.push({ name: name!, args, block, file: this.#file, line: words[0]!.line });
        if (block !== null) open.push({ list: block, line: token.line });
        words = [];
      }
    }
    if (words.length > 0) this.#report(words[0]!.line, `Expected ";" after "${textOf(words)}"`);
    for (const { line } of open.slice(1)) this.#report(line, 'Found no "}" for the "{" in this line');
    return top;
  }

  #report(line: number, text: string): void {
    this.#problems.push(`${this.#file}:${line}: ${text}`);
  }
}

function textOf(words: readonly Token[]): string {
  return words.map((word) => word.text).join(" ").slice(0, 80);
}

/** Cuts a text into words, braces and semicolons; comments are passed over. */
function tokens(text: string, file: string, problems: string[]): Token[] {
  const found: Token[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (character === "\n") line++;
    if (/\s/.test(character)) at++;
    else if (character === "#") at = lineEnd(text, at);
    else if (character === ";" || character === "{" || character === "}") {
      if (character === "{" && /_by_lua_block$/.test(found.at(-1)?.text ?? "")) {
        const end = luaEnd(text, at);
        found.push({ kind: "word", text: "{...}", line }, { kind: ";", text: ";", line });
        line += lineFeeds(text.slice(at, end));
        at = end;
      } else {
        found.push({ kind: character, text: character, line });
        at++;
      }
    } else {
      const word = readWord(text, at);
      if (word === null) {
        problems.push(`${file}:${line}: Found no ${character} that ends the text which begins here`);
        return found;
      }
      found.push({ kind: "word", text: word.text, line });
      line += lineFeeds(text.slice(at, word.end));
      at = word.end;
    }
  }
  return found;
}

/** Reads a word, in quotes or without; null if its quotes are never closed. */
function readWord(text: string, at: number): { text: string; end: number } | null {
  const mark = text[at]!;
  if (mark === '"' || mark === "'") {
    let word = "";
    for (let i = at + 1; i < text.length; i++) {
      if (text[i] === mark) return { text: unescaped(word), end: i + 1 };
      word += text[i];
      if (text[i] === "\\") word += text[++i] ?? "";
    }
    return null;
  }
  let end = at;
  while (end < text.length) {
    const character = text[end]!;
    if (character === "\\") end += 2;
    // The braces of ${name} belong to the word.
    else if (character === "{" && text[end - 1] === "$") end = Math.max(text.indexOf("}", end), end) + 1;
    else if (ENDS_WORD.test(character)) break;
    else end++;
  }
  return { text: unescaped(text.slice(at, end)), end };
}

/** What nginx takes away of backslashes; all others stay, for regular expressions. */
function unescaped(word: string): string {
  const characters: Record<string, string> = { t: "\t", r: "\r", n: "\n" };
  return word.replace(/\\(["'\\trn])/g, (_, character) => characters[character] ?? character);
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** Where a block of Lua ends: its braces are counted, whatever stands between them. */
function luaEnd(text: string, at: number): number {
  for (let depth = 0, i = at; i < text.length; i++) {
    if (text[i] === "{") depth++;
    if (text[i] === "}" && --depth === 0) return i + 1;
  }
  return text.length;
}

function lineFeeds(text: string): number {
  return text.split("\n").length - 1;
}
