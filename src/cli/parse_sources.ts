import { ALGORITHMS } from "../balancing/registry.ts";
import { parseConfig, type ParseResult } from "../config/parse_config.ts";
import type { Sources } from "../config/sources/sources.ts";

/**
 * Parses what the sources say, with the algorithms that there are. The reader of servers files comes with zod, which
 * would cost every other server 3 MB of live heap and 7 MB of memory: it is loaded only for such a file.
 */
export async function parseSources(sources: Sources): Promise<ParseResult> {
  const readServersFile = sources.configFile === null
    ? null
    : (await import("../config/sources/servers_file.ts")).readServersFile;
  return parseConfig(sources, { algorithms: ALGORITHMS, readServersFile });
}
