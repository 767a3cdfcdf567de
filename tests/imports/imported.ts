import { parseSources } from "../../src/cli/parse_sources.ts";
import { isKnown } from "../../src/config/variables/variables.ts";
import { emit, type Emitted } from "../../src/tools/import/output/emit.ts";
import { IMPORTERS } from "../../src/tools/import/registry.ts";

/** What tests take for variables that sluice does not have, so that they stay the same when it gets them. */
const LATER =
  /_TLS_|ACME|HEALTH_CHECK_TYPE|QUEUE_|RATE_LIMIT|SLOW_START|COMPRESSION|BASIC_AUTH|_(ALLOW|DENY|BACKUP|IN_FLIGHT)$/;

/** Takes whatever looks like a variable for one that sluice has. */
export const isName = (name: string) => /^[A-Z0-9_]+$/.test(name);

/** Imports a text as the file `FILE`. */
export async function imported(
  kind: string,
  text: string | Readonly<Record<string, string>>,
  options: { file?: string; isKnown?: (name: string) => boolean } = {},
): Promise<Emitted> {
  const { file = "site.conf" } = options;
  const files = typeof text === "string" ? { [file]: text } : text;
  const read = await IMPORTERS[kind]!();
  const found = read(Object.entries(files).map(([path, text]) => ({ path, text })), () => []);
  const known = options.isKnown ?? ((name: string) => isName(name) && !LATER.test(name));
  return emit(found, { kind, files: Object.keys(files), isKnown: known });
}

/** Imports as `sluice import` does. */
export function importedForUse(kind: string, text: string, file?: string): Promise<Emitted> {
  return imported(kind, text, { file, isKnown });
}

/** The lines of a `.env` file that set something, or would. */
export function settings(text: string): string[] {
  return text.split("\n").filter((line) => /^(# not yet: )?[A-Z][A-Z0-9_]*=/.test(line));
}

/** What `sluice check` would call a problem. */
export async function problemsOf(envText: string): Promise<string[]> {
  const envFile = { path: ".env", text: envText };
  const result = await parseSources({ flags: {}, environment: {}, envFile, configFile: null });
  return result.problems.map((each) => each.message);
}
