import { whyUnreadable } from "../logging/why_unreadable.ts";
import type { Flags, SourceFile, Sources } from "../config/sources/sources.ts";

/** Where files and variables are read from. */
export interface SourceFlags extends Flags {
  /** `--env-file FILE`. */
  readonly envFile?: string;
  /** `--config FILE`. */
  readonly config?: string;
}

/** Reads everything that configuration comes from: flags, environment, `.env`, the servers file. */
export async function readSources(flags: SourceFlags): Promise<Sources> {
  return {
    flags,
    environment: Deno.env.toObject(),
    envFile: flags.envFile === undefined ? await readOptional(".env") : await readAskedFor(flags.envFile),
    configFile: flags.config === undefined ? null : await readAskedFor(flags.config),
  };
}

async function readAskedFor(path: string): Promise<SourceFile> {
  try {
    return { path, text: await Deno.readTextFile(path) };
  } catch (error) {
    return { path, error: whyUnreadable(error) };
  }
}

async function readOptional(path: string): Promise<SourceFile | null> {
  try {
    return { path, text: await Deno.readTextFile(path) };
  } catch (error) {
    // If the file exists but can't be read, that is an error: otherwise its settings would silently be missing.
    return error instanceof Deno.errors.NotFound ? null : { path, error: whyUnreadable(error) };
  }
}
