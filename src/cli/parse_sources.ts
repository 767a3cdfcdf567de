import { ALGORITHMS } from "../balancing/registry.ts";
import { parseConfig, type ParseResult } from "../config/parse_config.ts";
import { loadRegexEngine, REGEX_SYNTAX } from "../rules/regex.ts";
import { adviceOnRules } from "../rules/rule_advice.ts";
import type { Sources } from "../config/sources/sources.ts";

/**
 * Parses what the sources say, with the algorithms that there are and what the rules know of themselves. The reader of
 * servers files comes with zod, which would cost every other server 3 MB of live heap and 7 MB of memory: it is loaded
 * only for such a file.
 */
export async function parseSources(sources: Sources): Promise<ParseResult> {
  const readServersFile = sources.configFile === null
    ? null
    : (await import("../config/sources/servers_file.ts")).readServersFile;
  if (namesRegex(sources)) await loadRegexEngine();
  return parseConfig(sources, { algorithms: ALGORITHMS, readServersFile, regex: REGEX_SYNTAX, adviceOnRules });
}

/** Tells whether some variable may hold a regular expression: what runs them is loaded only then. */
function namesRegex({ environment, envFile }: Sources): boolean {
  const inFile = envFile !== null && "text" in envFile && envFile.text.includes("_REGEX");
  return inFile || Object.keys(environment).some((name) => name.endsWith("_REGEX"));
}
