import { prefixOf, type RuleConfig } from "../config/rule.ts";
import { canonicalPath } from "./canonical_path.ts";
import { underPrefix } from "../config/values/path_prefix.ts";

/**
 * Longest prefix by whole segments. The rules stand in a radix tree over the characters of their prefixes (labels are
 * compressed, a branch is one integer lookup), so that a match walks the path once, whatever the number of rules, and
 * makes no string on its way. Source of the structure: D. R. Morrison, PATRICIA (1968).
 */
export interface PrefixIndex<R extends RuleConfig> {
  /** Finds the rule whose prefix is the longest that holds the canonical path; null if none does. */
  match(path: string): R | null;
  /** Says of every rule, in the order given, why it won or lost; for `explain`, not for the request path. */
  explainMatch(path: string): readonly RuleVerdict<R>[];
}

/** Why one rule won or lost for one path. */
export interface RuleVerdict<R extends RuleConfig> {
  readonly rule: R;
  readonly verdict: "chosen" | "shorter" | "no match";
  /** In words an operator would say. */
  readonly why: string;
}

/** A rule's prefix ends at a node of the tree, or the node only branches. */
interface Node<R> {
  label: string;
  rule: R | null;
  /** By the first character's code of the child's label. */
  children: Map<number, Node<R>> | null;
}

/**
 * Compiles rules into an index. Prefixes and rewrites are brought to their canonical form first, as requests are, so
 * that `/café` finds what a browser sends. Of two equal prefixes (an error in any configuration) the first wins.
 */
export function compilePrefixIndex<R extends RuleConfig>(rules: readonly R[]): PrefixIndex<R> {
  const canonical = rules.map(canonicalRule);
  const only = canonical.length === 1 && prefixOf(canonical[0]!) === "/" ? canonical[0]! : null;
  const root: Node<R> = { label: "", rule: null, children: null };
  for (const rule of canonical) insert(root, rule);
  const match = only !== null ? () => only : (path: string) => find(root, path);
  return { match, explainMatch: (path) => explain(canonical, match(path), path) };
}

function find<R>(root: Node<R>, path: string): R | null {
  const length = path.length;
  let best: R | null = null;
  let node = root;
  let at = 0;
  while (at < length && node.children !== null) {
    const child = node.children.get(path.charCodeAt(at));
    if (child === undefined || !path.startsWith(child.label, at)) break;
    at += child.label.length;
    node = child;
    if (child.rule !== null && endsSegment(path, at)) best = child.rule;
  }
  return best;
}

/** Tells whether a prefix that ends before `at` ends a whole segment of the path. */
function endsSegment(path: string, at: number): boolean {
  return at === path.length || path.charCodeAt(at) === 0x2f || path.charCodeAt(at - 1) === 0x2f;
}

function insert<R extends RuleConfig>(root: Node<R>, rule: R): void {
  let node = root;
  let rest = prefixOf(rule);
  while (rest.length > 0) {
    node.children ??= new Map();
    const child = node.children.get(rest.charCodeAt(0));
    if (child === undefined) {
      const leaf: Node<R> = { label: rest, rule: null, children: null };
      node.children.set(rest.charCodeAt(0), leaf);
      node = leaf;
      break;
    }
    const shared = sharedLength(child.label, rest);
    if (shared < child.label.length) split(child, shared);
    node = child;
    rest = rest.slice(shared);
  }
  node.rule ??= rule;
}

/** Cuts a node in two: it keeps the first `at` characters, and one child takes over the rest. */
function split<R>(node: Node<R>, at: number): void {
  const tail: Node<R> = { label: node.label.slice(at), rule: node.rule, children: node.children };
  node.label = node.label.slice(0, at);
  node.rule = null;
  node.children = new Map([[tail.label.charCodeAt(0), tail]]);
}

function sharedLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

/** `/café` finds what a browser sends for it. */
function canonicalRule<R extends RuleConfig>(rule: R): R {
  const conditions = rule.conditions.map((each) => ({ ...each, prefix: canonicalPath(each.prefix) ?? each.prefix }));
  const { pathRewrite } = rule.action;
  const canonical = pathRewrite === "" ? "" : canonicalPath(pathRewrite) ?? pathRewrite;
  return { ...rule, conditions, action: { ...rule.action, pathRewrite: canonical } };
}

function explain<R extends RuleConfig>(rules: readonly R[], chosen: R | null, path: string): RuleVerdict<R>[] {
  return rules.map((rule) => {
    const prefix = prefixOf(rule);
    if (rule === chosen) {
      return { rule, verdict: "chosen", why: `"${prefix}" is the longest prefix that matches the path` };
    }
    if (underPrefix(path, prefix)) {
      const winner = prefixOf(chosen!);
      const why = winner === prefix
        ? `"${prefix}" matches the path, but rule ${chosen!.number} has the same prefix and comes first`
        : `"${prefix}" matches the path, but "${winner}" of rule ${chosen!.number} is longer`;
      return { rule, verdict: "shorter", why };
    }
    const why = path.startsWith(prefix)
      ? `The path begins with "${prefix}", but not with whole segments of it`
      : `The path is not under "${prefix}"`;
    return { rule, verdict: "no match", why };
  });
}
