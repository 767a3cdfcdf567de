import { both } from "../output/conditions.ts";
import type { Conditions, Origin } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { literal } from "../output/patterns.ts";
import { toPatterns, toRe2 } from "../output/re2.ts";
import type { Expression } from "./rule_parser.ts";

/** One alternative of a rule. */
export interface Alternative {
  readonly conditions: Conditions;
  readonly except: readonly Conditions[];
}

/** The alternatives of a rule; null if sluice can't ask for one of them. */
export function alternativesOf(expression: Expression, from: Origin): Alternative[] | null {
  switch (expression.kind) {
    case "call": {
      const conditions = conditionOf(expression.name, expression.args, from);
      return conditions?.map((each) => ({ conditions: { ...NO_CONDITIONS, ...each }, except: [] })) ?? null;
    }
    case "not": {
      const inner = alternativesOf(expression.inner, from);
      if (inner === null || inner.some((each) => each.except.length > 0)) return null;
      return [{ conditions: NO_CONDITIONS, except: inner.map((each) => each.conditions) }];
    }
    case "or": {
      const [left, right] = [alternativesOf(expression.left, from), alternativesOf(expression.right, from)];
      return left === null || right === null ? null : merged([...left, ...right]);
    }
    case "and": {
      const [left, right] = [alternativesOf(expression.left, from), alternativesOf(expression.right, from)];
      if (left === null || right === null) return null;
      const all = left.flatMap((one) =>
        right.map((other): Alternative | null => {
          const conditions = both(one.conditions, other.conditions);
          return conditions === null ? null : { conditions, except: [...one.except, ...other.except] };
        })
      );
      return all.includes(null) ? null : all as Alternative[];
    }
  }
}

/** Alternatives that differ by their hosts alone, or by their patterns of paths alone, are one rule. */
function merged(all: readonly Alternative[]): Alternative[] {
  const onlyHosts = all.every(({ conditions, except }) => except.length === 0 && only(conditions, "hosts"));
  if (onlyHosts) {
    return [{ conditions: { ...NO_CONDITIONS, hosts: all.flatMap((each) => each.conditions.hosts) }, except: [] }];
  }
  const patterns = all.map(({ conditions }) =>
    conditions.path?.value.kind === "patterns" ? conditions.path.value.patterns : null
  );
  const onlyPaths = all.every(({ conditions, except }) => except.length === 0 && only(conditions, "path"));
  if (onlyPaths && !patterns.includes(null)) {
    const path = {
      ...all[0]!.conditions.path!,
      value: { kind: "patterns" as const, patterns: patterns.flatMap((each) => each!) },
    };
    return [{ conditions: { ...NO_CONDITIONS, path }, except: [] }];
  }
  return [...all];
}

function only(conditions: Conditions, name: "hosts" | "path"): boolean {
  return Object.entries(conditions).every(([key, value]) =>
    key === name || (Array.isArray(value) && value.length === 0)
  );
}

/** What a matcher asks for; null if sluice has no condition for it. */
function conditionOf(name: string, args: readonly string[], from: Origin): Partial<Conditions>[] | null {
  const [first = "", second] = args;
  const listed = (values: readonly string[]) => values.map((value) => ({ value, from }));
  switch (name) {
    case "Host":
      return [{ hosts: listed(args.map((each) => each.split("*").map(literal).join("*"))) }];
    case "HostRegexp": {
      const patterns = args.map((each) => hostPatterns(each));
      return patterns.includes(null) ? null : [{ hosts: listed(patterns.flatMap((each) => each!)) }];
    }
    case "Path":
      return args.some((each) => each.includes("{"))
        ? null
        : [{ path: { value: { kind: "patterns", patterns: args.map(literal) }, from } }];
    case "PathPrefix": {
      if (args.some((each) => each.includes("{"))) return null;
      if (args.length === 1 && first === "/") return [{}];
      if (args.length === 1 && first.endsWith("/")) {
        return [{ path: { value: { kind: "prefix", prefix: first }, from } }];
      }
      // Traefik's prefix ends anywhere: /api takes /apix too.
      return [{ path: { value: { kind: "patterns", patterns: args.map((each) => `${literal(each)}*`) }, from } }];
    }
    case "PathRegexp": {
      const regex = toRe2(first);
      return regex === null || /\s/.test(regex) ? null : [{ path: { value: { kind: "regex", regex }, from } }];
    }
    case "Method":
      return [{ methods: listed(args.map((each) => each.toUpperCase())) }];
    case "Headers":
    case "Header":
      return second === undefined
        ? null
        : [{ headers: [{ value: { name: first, patterns: [literal(second)] }, from }] }];
    case "HeadersRegexp":
    case "HeaderRegexp": {
      const patterns = second === undefined ? null : toPatterns(second);
      return patterns === null ? null : [{ headers: [{ value: { name: first, patterns }, from }] }];
    }
    case "Query": {
      // Version 2 has name=value in one text, version 3 has two.
      const [key = "", value = second] = second === undefined ? first.split("=") : [first, second];
      return [{
        queries: [{
          value: { name: key, patterns: value === undefined || value === "" ? [] : [literal(value)] },
          from,
        }],
      }];
    }
    case "ClientIP":
      return [{ sourceIps: listed(args) }];
    default:
      return null;
  }
}

/** `{sub:[a-z]+}.example.com`, and `^.+\.example\.com$`, as a name with a wildcard. */
function hostPatterns(text: string): string[] | null {
  if (/^\{[^}]*\}\.[\w.-]+$/.test(text)) return [text.replace(/^\{[^}]*\}/, "*")];
  const end = /^\^?(?:\.\+|\.\*|\[[^\]]+\][+*])((?:\\\.[\w-]+)+)\$$/.exec(text);
  if (end !== null) return [`*${end[1]!.replaceAll("\\", "")}`];
  return toPatterns(text);
}
