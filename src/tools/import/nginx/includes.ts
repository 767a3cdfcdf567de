import type { ReadIncluded, SourceText } from "../importer.ts";
import type { Collector } from "../output/collector.ts";
import { type Directive, originOf, parseDirectives } from "./directives.ts";

/** Deepest chain of includes; more is a file that includes itself. */
const MOST_DEPTH = 10;

/** What only names media types, or passes variables to programs that are no HTTP servers. */
const NEEDLESS_FILES = /(^|\/)(mime\.types|fastcgi_params|fastcgi\.conf|uwsgi_params|scgi_params)$/;

/** Splits what `nginx -T` prints: each file begins after a line `# configuration file PATH:`, the main one first. */
function splitDump({ path, text }: SourceText): { main: SourceText; included: SourceText[] } {
  const parts = text.split(/^# configuration file (.+):$/m);
  if (parts.length < 3) return { main: { path, text }, included: [] };
  const files: SourceText[] = [];
  for (let i = 1; i + 1 < parts.length; i += 2) files.push({ path: parts[i]!, text: parts[i + 1]!.replace(/^\n/, "") });
  const [main, ...included] = files;
  return { main: main!, included };
}

/** Reads files with all that they include in its place. */
export function readWithIncludes(
  sources: readonly SourceText[],
  readIncluded: ReadIncluded,
  found: Collector,
): Directive[] {
  return sources.flatMap((source) => {
    const { main, included } = splitDump(source);
    const read: ReadIncluded = included.length === 0
      ? readIncluded
      : (pattern, from) => included.filter((each) => fits(pattern, from, each.path));
    return expand(parseDirectives([main]), read, found, 0);
  });
}

function expand(list: readonly Directive[], read: ReadIncluded, found: Collector, depth: number): Directive[] {
  return list.flatMap((directive) => {
    const [pattern = ""] = directive.args;
    if (directive.name !== "include") {
      if (directive.block === null) return [directive];
      return [{ ...directive, block: expand(directive.block, read, found, depth) }];
    }
    if (NEEDLESS_FILES.test(pattern)) {
      found.needless(originOf(directive), "sluice serves no files");
      return [];
    }
    const files = depth >= MOST_DEPTH ? [] : read(pattern, directive.file);
    if (files.length === 0) {
      const hint = "; `nginx -T | sluice import nginx -` has all files in one";
      found.lose(originOf(directive), `no file ${pattern} can be read${hint}`);
    }
    return files.flatMap((file) => expand(parseDirectives([file]), read, found, depth + 1));
  });
}

function fits(pattern: string, from: string, path: string): boolean {
  const whole = pattern.startsWith("/") ? pattern : from.slice(0, from.lastIndexOf("/") + 1) + pattern;
  const source = whole.replace(/[\\^$.+()[\]{}|]/g, "\\$&").replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
  return new RegExp(`^${source}$`).test(path);
}
