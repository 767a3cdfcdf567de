import { isKnown } from "../config/variables/variables.ts";
import { quote } from "../logging/shown_text.ts";
import { whyUnreadable } from "../logging/why_unreadable.ts";
import { ImportError } from "../tools/import/import_error.ts";
import type { SourceText } from "../tools/import/importer.ts";
import { emit } from "../tools/import/output/emit.ts";
import { IMPORTERS } from "../tools/import/registry.ts";
import { readIncluded } from "./included_files.ts";

/** What `sluice import` prints, and its exit code. */
export interface ImportOutcome {
  readonly stdout: string;
  /** Lines for standard error. */
  readonly stderr: readonly string[];
  /** 0: all was carried over; 3: something was left out; 1: the input can't be read; 2: an unknown kind. */
  readonly exitCode: 0 | 1 | 2 | 3;
}

/** Reads another system's configuration and writes the `.env` file that means the same. */
export async function runImport(kind: string, files: readonly string[]): Promise<ImportOutcome> {
  const load = Object.hasOwn(IMPORTERS, kind) ? IMPORTERS[kind] : undefined;
  if (load === undefined) {
    return failed(2, [`There is no kind ${quote(kind)}; the kinds are ${Object.keys(IMPORTERS).join(", ")}`]);
  }
  const read = await Promise.all(files.map(readSource));
  const unreadable = read.filter((each) => typeof each === "string");
  if (unreadable.length > 0) return failed(1, unreadable);
  try {
    const found = (await load())(read as SourceText[], readIncluded);
    const { text, leftOut } = emit(found, { kind, files, isKnown });
    if (leftOut === 0) return { stdout: text, stderr: [], exitCode: 0 };
    const what = leftOut === 1 ? "1 thing was" : `${leftOut} things were`;
    return {
      stdout: text,
      stderr: [`${what} not carried over; the comments at the end say which, and why`],
      exitCode: 3,
    };
  } catch (error) {
    if (error instanceof ImportError) return failed(1, error.problems);
    throw error;
  }
}

function failed(exitCode: 1 | 2, stderr: readonly string[]): ImportOutcome {
  return { stdout: "", stderr, exitCode };
}

/** Reads a file, or standard input for `-`; a text says why it can't be read. */
async function readSource(path: string): Promise<SourceText | string> {
  try {
    const text = path === "-" ? await new Response(Deno.stdin.readable).text() : await Deno.readTextFile(path);
    return { path: path === "-" ? "stdin" : path, text };
  } catch (error) {
    return `Cannot read ${quote(path)}: ${whyUnreadable(error)}`;
  }
}
