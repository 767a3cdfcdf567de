import type { Importer } from "../importer.ts";
import { Collector } from "../output/collector.ts";
import { readJson } from "./json.ts";
import { readServers } from "./servers.ts";
import { readSites } from "./sites.ts";

/** Reads a Caddyfile, or Caddy's JSON, which begins with a brace and a quote. */
export const importCaddy: Importer = (sources, readIncluded) => {
  const found = new Collector();
  const servers = sources.flatMap((source) =>
    /^\s*\{\s*["}]/.test(source.text) ? readJson(source, found) : readSites(source, readIncluded, found)
  );
  readServers(servers, found);
  return found;
};
