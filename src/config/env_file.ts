import { parseEnv } from "node:util";
import { type Problem, problemOf, quote } from "./config_error.ts";
import type { Layer } from "./sources.ts";

/**
 * Reads a `.env` file. The values are what `parseEnv` of `node:util` says; this adds the line of each, and says where a
 * name stands twice or a line is no assignment, which `parseEnv` passes over in silence.
 */
export function readEnvFile(path: string, text: string): { layer: Layer; warnings: Problem[] } {
  const clean = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const warnings: Problem[] = [];
  const lineOf = scanLines(path, clean, warnings);
  const values = new Map<string, { text: string; origin: string; label: string }>();
  for (const [name, value] of Object.entries(parseEnv(clean))) {
    const line = lineOf.get(name);
    const origin = line === undefined ? path : `${path}:${line}`;
    values.set(name, { text: value ?? "", origin, label: `${name} (${origin})` });
  }
  return { layer: { kind: "env_file", values }, warnings };
}

/** Finds the line of each assignment; the last one counts. */
function scanLines(path: string, text: string, warnings: Problem[]): Map<string, number> {
  const lineOf = new Map<string, number>();
  let openQuote: string | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    const number = index + 1;
    if (openQuote !== null) {
      if (line.includes(openQuote)) openQuote = null;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([^\s=#]+)\s*=\s*(.*)$/.exec(line);
    if (match === null) {
      warnings.push(problemOf(`${path}:${number}`, `Passed over ${quote(line.trim())}: a line must be NAME=value`));
      continue;
    }
    const [, name, value] = match;
    const before = lineOf.get(name!);
    if (before !== undefined) {
      warnings.push(problemOf(name!, `Set twice in ${path} (lines ${before} and ${number}): the last one counts`));
    }
    lineOf.set(name!, number);
    const first = value!.charAt(0);
    // a quoted value may go on over several lines, which are no assignments then
    if (
      /["'`]/.test(first) && !value!.slice(1).includes(first) &&
      text.split("\n").slice(number).join("\n").includes(first)
    ) {
      openQuote = first;
    }
  }
  return lineOf;
}
