import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { Layer, Value } from "./sources.ts";

/** One assignment of a `.env` file. */
interface Assignment {
  readonly name: string;
  readonly value: string;
  /** The line of its name, from 1. */
  readonly line: number;
  /** A comment that begins with `#{` followed: likely a part of the value. */
  readonly cut: boolean;
}

/**
 * Parses a `.env` file by the rules of dotenv, as `parseEnv` of `node:util` does (which Deno 2.4 lacks): `NAME=value`,
 * also after `export`; `#` begins a comment outside quotes; values in `"`, `'` or ``
 * ` `` may have several lines, and in `"` the characters `\n` are a line break. Unlike dotenv, it warns of a name that
 * appears twice, and of a line that is no assignment.
 */
export function readEnvFile(path: string, text: string): { layer: Layer; warnings: Problem[] } {
  const warnings: Problem[] = [];
  const values = new Map<string, Value>();
  const lineOf = new Map<string, number>();
  for (const { name, value, line, cut } of assignments(path, text, warnings)) {
    const before = lineOf.get(name);
    if (before !== undefined) {
      warnings.push(problemOf(name, `Set twice in ${path} (lines ${before} and ${line}): the last value wins`));
    }
    lineOf.set(name, line);
    const origin = `${path}:${line}`;
    values.set(name, { text: value, origin, label: `${name} (${origin})`, cut });
  }
  return { layer: { kind: "env_file", values }, warnings };
}

function assignments(path: string, text: string, warnings: Problem[]): Assignment[] {
  const lines = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n").split("\n");
  const found: Assignment[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([^\s=#]+)\s*=\s*(.*)$/.exec(line);
    if (match === null) {
      warnings.push(problemOf(`${path}:${i + 1}`, `Ignored ${quote(line.trim())}: a line must be NAME=value`));
      continue;
    }
    const [, name = "", rest = ""] = match;
    const quoted = quotedValue(rest, lines, i);
    const cut = quoted === null && rest.indexOf("#") === rest.indexOf("#{") && rest.includes("#{");
    found.push({ name, value: quoted?.value ?? rest.replace(/#.*$/, "").trim(), line: i + 1, cut });
    i += quoted?.moreLines ?? 0;
  }
  return found;
}

/**
 * Finds the value in quotes that begins `rest`, which is what follows `=` in line `at`. It may end in a later line.
 * Null if `rest` does not begin with a quote, or the quote never ends.
 */
function quotedValue(rest: string, lines: readonly string[], at: number): { value: string; moreLines: number } | null {
  const mark = rest.charAt(0);
  if (mark === "" || !"\"'`".includes(mark)) return null;
  const parts: string[] = [];
  for (let line = rest.slice(1), next = at + 1;; line = lines[next++]!) {
    const end = line.indexOf(mark);
    parts.push(end < 0 ? line : line.slice(0, end));
    if (end >= 0) break;
    if (next >= lines.length) return null; // it never ends, so it is part of a plain value
  }
  const value = parts.join("\n");
  return { value: mark === '"' ? value.replaceAll("\\n", "\n") : value, moreLines: parts.length - 1 };
}
