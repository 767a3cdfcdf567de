import type { Origin } from "../output/imported.ts";
import type { Segment } from "./caddyfile_text.ts";
import type { CaddyMatcher } from "./routes.ts";

/** Matchers by their names, as `@api`. */
export type NamedMatchers = Map<string, { readonly segment: Segment; used: boolean }>;

/** What Caddy calls private. */
const PRIVATE_RANGES = ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1"];

/** Directives whose first word is never a matcher, since it may begin with a slash itself. */
const WITHOUT_MATCHER = new Set(["uri_prefix"]);

/** Reads the matcher that stands before the arguments of a directive: `*`, `/path*` or `@name`. */
export function matcherSets(
  words: readonly string[],
  directive: string,
  origin: Origin,
  matchers: NamedMatchers,
): { sets: CaddyMatcher[][]; args: readonly string[] } {
  const [first = "", ...rest] = words;
  if (WITHOUT_MATCHER.has(directive)) return { sets: [], args: words };
  if (first === "*") return { sets: [], args: rest };
  if (first.startsWith("/")) {
    // A directive with a path alone means it as its argument: `rewrite /index.html`.
    const alone = rest.length === 0 && ["rewrite", "redir", "root"].includes(directive);
    return alone ? { sets: [], args: words } : { sets: [[{ name: "path", value: [first], origin }]], args: rest };
  }
  if (!first.startsWith("@")) return { sets: [], args: words };
  const named = matchers.get(first);
  if (named === undefined) return { sets: [[{ name: "unknown", value: first, origin }]], args: rest };
  named.used = true;
  return { sets: [matchersOf(named.segment)], args: rest };
}

/** What a named matcher asks for: in one line, or in a block of several. */
function matchersOf({ words, block, origin }: Segment): CaddyMatcher[] {
  const lines = [
    ...words.length > 1 ? [{ words: words.slice(1), block, origin }] : [],
    ...words.length > 1 ? [] : block ?? [],
  ];
  const matchers: CaddyMatcher[] = [];
  for (const line of lines) {
    const [name = "", ...args] = line.words;
    const value = valueOf(name, args, line.block);
    const before = matchers.find((each) => each.name === name);
    // Headers of several lines are one object; values of other kinds are one list.
    if (before === undefined || name === "not") matchers.push({ name, value, origin: line.origin });
    else if (Array.isArray(value)) {
      matchers[matchers.indexOf(before)] = { ...before, value: [...before.value as string[], ...value] };
    } else matchers.push({ name, value, origin: line.origin });
  }
  return matchers;
}

function valueOf(name: string, args: readonly string[], block: Segment["block"]): unknown {
  switch (name) {
    case "header":
      return { [args[0] ?? ""]: args.length > 1 ? args.slice(1) : ["*"] };
    case "header_regexp": {
      const [field = "", pattern = ""] = args.length > 2 ? args.slice(1) : args;
      return { [field]: { pattern } };
    }
    case "query":
      return Object.fromEntries(args.map((each) => [each.split("=")[0]!, [each.split("=")[1] ?? "*"]]));
    case "path_regexp":
      return { pattern: args.at(-1) ?? "" };
    case "remote_ip":
    case "client_ip":
      return {
        ranges: args.filter((each) => each !== "forwarded").flatMap((each) =>
          each === "private_ranges" ? PRIVATE_RANGES : [each]
        ),
      };
    case "protocol":
      return args[0] ?? "";
    case "not": {
      const inner = args.length > 0 ? [{ words: args, block: null }] : block ?? [];
      return [
        Object.fromEntries(
          inner.map((each) => [each.words[0], valueOf(each.words[0] ?? "", each.words.slice(1), each.block)]),
        ),
      ];
    }
    default:
      return [...args];
  }
}
