import type { Conditions, ImportedRule, PathTest } from "./imported.ts";
import { hasWildcard, hostsMayMeet, literalStart, patternFits } from "./patterns.ts";
import { underPrefix } from "../../../config/values/path_prefix.ts";

/**
 * Tells whether sluice's own order (longest path, then host, then number of conditions, then number) would try the
 * rules as they stand in the list. If not, they need priorities. Pairs that no request can meet both may stand either
 * way.
 */
export function keepsOrder(rules: readonly ImportedRule[]): boolean {
  return rules.every((rule, i) =>
    rules.slice(i + 1).every((later) =>
      comesFirst(rule.conditions, later.conditions) || !mayMeet(rule.conditions, later.conditions)
    )
  );
}

/** Tells whether a request may meet both conditions; true if in doubt. */
export function mayMeet(one: Conditions, other: Conditions): boolean {
  if (!hostsMayMeet(one.hosts.map(valueOf), other.hosts.map(valueOf))) return false;
  if (one.protocol && other.protocol && one.protocol.value !== other.protocol.value) return false;
  if (one.methods.length > 0 && other.methods.length > 0) {
    const methods = other.methods.map(valueOf);
    if (!one.methods.some((each) => methods.includes(each.value))) return false;
  }
  return one.path === undefined || other.path === undefined || pathsMayMeet(one.path.value, other.path.value);
}

/** Tells whether two rules have the same conditions, so that the later one is never reached. */
export function sameConditions(one: Conditions, other: Conditions): boolean {
  return JSON.stringify(bare(one)) === JSON.stringify(bare(other));
}

function bare(conditions: Conditions): unknown {
  const { path, protocol, hosts, methods, headers, cookies, queries, sourceIps } = conditions;
  const lists = [hosts, methods, headers, cookies, queries, sourceIps].map((list) =>
    list.map((each) => JSON.stringify(each.value)).sort()
  );
  return [path?.value.kind === "prefix" && path.value.prefix === "/" ? null : path?.value, protocol?.value, lists];
}

/** Tells whether sluice tries every form of one rule before any of the other, if one has the lower number. */
function comesFirst(one: Conditions, other: Conditions): boolean {
  const mine = ranks(one);
  const others = ranks(other);
  return mine.every((a) => others.every((b) => compare(a, b) <= 0));
}

/**
 * Length of the literal path, kind of path, kind of host, number of other conditions; a rule with several values is
 * several.
 */
type Rank = readonly [length: number, path: number, host: number, conditions: number];

function ranks({ path, hosts, methods, headers, cookies, queries, sourceIps, protocol }: Conditions): Rank[] {
  const count = [methods, sourceIps, hosts].filter((list) => list.length > 0).length + headers.length + cookies.length +
    queries.length + (protocol === undefined ? 0 : 1) + (path === undefined ? 0 : 1);
  // A rule without any condition is written with the prefix "/".
  const conditions = Math.max(1, count);
  const hostKinds = hosts.length === 0 ? [2] : hosts.map(({ value }) => hasWildcard(value) ? 1 : 0);
  return pathRanks(path?.value).flatMap(([length, kind]) =>
    hostKinds.map((host): Rank => [length, kind, host, conditions])
  );
}

/**
 * Exact pattern, prefix, pattern with a wildcard; a regex, no path, and what begins with a wildcard count as the prefix
 * `/`.
 */
function pathRanks(path: PathTest | undefined): (readonly [length: number, kind: number])[] {
  if (path === undefined || path.kind === "regex") return [[1, 1]];
  if (path.kind === "prefix") return [[path.prefix.length, 1]];
  return path.patterns.map((pattern) => {
    const { length } = literalStart(pattern);
    return length === 0 ? [1, 1] as const : [length, hasWildcard(pattern) ? 2 : 0] as const;
  });
}

function compare(one: Rank, other: Rank): number {
  return other[0] - one[0] || one[1] - other[1] || one[2] - other[2] || other[3] - one[3];
}

function pathsMayMeet(one: PathTest, other: PathTest): boolean {
  if (one.kind === "regex" || other.kind === "regex") return true;
  if (one.kind === "prefix" && other.kind === "prefix") {
    return underPrefix(one.prefix, other.prefix) || underPrefix(other.prefix, one.prefix);
  }
  if (one.kind === "prefix") return pathsMayMeet(other, one);
  if (other.kind === "prefix") {
    return one.patterns.some((pattern) =>
      hasWildcard(pattern)
        ? literalStart(pattern).startsWith(other.prefix) || other.prefix.startsWith(literalStart(pattern))
        : underPrefix(literalStart(pattern), other.prefix)
    );
  }
  return one.patterns.some((a) => other.patterns.some((b) => patternsMayMeet(a, b)));
}

function patternsMayMeet(one: string, other: string): boolean {
  if (!hasWildcard(one)) return patternFits(other, literalStart(one));
  if (!hasWildcard(other)) return patternFits(one, literalStart(other));
  const [a, b] = [literalStart(one), literalStart(other)];
  return a.startsWith(b) || b.startsWith(a);
}

function valueOf<T>({ value }: { readonly value: T }): T {
  return value;
}
