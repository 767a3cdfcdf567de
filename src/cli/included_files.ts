import type { SourceText } from "../tools/import/importer.ts";

/**
 * Reads the files that a configuration includes: a path, or one with `*` and `?` in its last part, in the order of
 * names.
 */
export function readIncluded(pattern: string, from: string): SourceText[] {
  const folder = from.includes("/") ? from.slice(0, from.lastIndexOf("/") + 1) : "";
  const path = pattern.startsWith("/") ? pattern : folder + pattern;
  const last = path.slice(path.lastIndexOf("/") + 1);
  if (!/[*?]/.test(last)) return readOne(path);
  const place = path.slice(0, path.length - last.length);
  const source = last.replace(/[\\^$.+()[\]{}|]/g, "\\$&").replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
  const fits = new RegExp(`^${source}$`);
  return namesIn(place === "" ? "." : place).filter((name) => fits.test(name) && !name.startsWith("."))
    .sort().flatMap((name) => readOne(place + name));
}

function readOne(path: string): SourceText[] {
  try {
    return [{ path, text: Deno.readTextFileSync(path) }];
  } catch {
    return []; // the importer says that it found none
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter((entry) => !entry.isDirectory).map((entry) => entry.name);
  } catch {
    return [];
  }
}
