import type { Setting } from "../admin/admin_source.ts";
import { ALGORITHMS } from "../balancing/registry.ts";
import { parseConfig, type ParseResult } from "../config/parse_config.ts";
import type { Sources } from "../config/sources.ts";

/** Parses what the sources say, with the algorithms that there are. */
export function parseSources(sources: Sources): ParseResult {
  return parseConfig(sources, { algorithms: ALGORITHMS });
}

/** The effective values as the admin listener takes them. */
export function settingsOf(result: ParseResult): Setting[] {
  return result.settings.map(({ variable, value, origin, secret }) => ({ name: variable, value, origin, secret }));
}
