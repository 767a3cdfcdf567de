import type { Importer } from "../importer.ts";
import { Collector } from "../output/collector.ts";
import { Backends } from "./backends.ts";
import { chooseBinds } from "./binds.ts";
import { readFronts } from "./frontends.ts";
import { readLine } from "./line_table.ts";
import { parseSections, type Section } from "./sections.ts";

/** Reads HAProxy's configuration. */
export const importHaproxy: Importer = (sources) => {
  const found = new Collector();
  const sections = parseSections(sources);
  const http = sections.filter((section) =>
    ["frontend", "backend", "listen"].includes(section.kind) && !isTcp(section)
  );
  for (const section of sections) {
    if (["frontend", "backend", "listen", "global", "defaults", "resolvers"].includes(section.kind)) continue;
    found.lose(section.origin, "sluice has no counterpart");
    for (const line of section.lines) found.lose(line.origin, `part of ${section.kind}`);
  }
  for (
    const section of sections.filter((each) => ["frontend", "backend", "listen"].includes(each.kind) && isTcp(each))
  ) {
    found.lose(section.origin, "sluice balances HTTP, no TCP");
    for (const line of section.lines) found.lose(line.origin, "part of a section with mode tcp");
  }
  const fronts = chooseBinds(http.filter((each) => each.kind !== "backend"), found);
  const backends = new Backends(found, http);
  readFronts(fronts, backends, found);
  backends.reportUnused();
  for (
    const section of [...sections.filter((each) => ["global", "defaults", "resolvers"].includes(each.kind)), ...http]
  ) {
    for (const line of section.lines) readLine(line, section, found);
  }
  return found;
};

function isTcp(section: Section): boolean {
  const mode = [...section.lines, ...section.defaults?.lines ?? []].find((each) => each.words[0] === "mode");
  return mode === undefined || mode.words[1] !== "http";
}
