import type { RuleRequest, Test } from "./conditions/condition.ts";
import { PATH_KIND } from "./rule_order.ts";

/** One alternative of a rule, ready to be tried. */
export interface Entry<R> {
  readonly rule: R;
  /** Its place in the order of all entries; the lower is considered first. */
  readonly rank: number;
  readonly pathKind: number;
  /** What must hold beside host and literal path; null if nothing. */
  readonly tests: readonly Test[] | null;
}

interface Node<R> {
  label: string;
  /** In order of rank; null if the node only branches. */
  entries: Entry<R>[] | null;
  /** By the first character's code of the child's label. */
  children: Map<number, Node<R>> | null;
}

const SLASH = 0x2f;

/**
 * Entries by the literal beginning of their paths, in a radix tree over its characters (labels are compressed, a branch
 * is one integer lookup): finding the candidates of a path walks it once, whatever the number of rules, and makes no
 * string on its way. The deepest come first, which mostly are those that are considered first. Source of the structure:
 * D. R. Morrison, PATRICIA (1968).
 */
export class PathTree<R> {
  readonly #root: Node<R> = { label: "", entries: null, children: null };
  /** The nodes with entries on the way of a path, and where they end. As many as a way can have, made once. */
  readonly #way: Node<R>[] = [];
  readonly #ends: number[] = [];

  /** Adds an entry; those of equal literals must come in order of rank. */
  add(literal: string, entry: Entry<R>): void {
    let node = this.#root;
    let rest = literal;
    while (rest.length > 0) {
      node.children ??= new Map();
      const child = node.children.get(rest.charCodeAt(0));
      if (child === undefined) {
        const leaf: Node<R> = { label: rest, entries: null, children: null };
        node.children.set(rest.charCodeAt(0), leaf);
        node = leaf;
        break;
      }
      const shared = sharedLength(child.label, rest);
      if (shared < child.label.length) split(child, shared);
      node = child;
      rest = rest.slice(shared);
    }
    (node.entries ??= []).push(entry);
  }

  /** Finds the first entry in order that takes the request; `before` if none comes before it. */
  find(path: string, request: RuleRequest, before: Entry<R> | null): Entry<R> | null {
    const { length } = path;
    let node = this.#root;
    let at = 0;
    let depth = 0;
    while (at < length && node.children !== null) {
      const child = node.children.get(path.charCodeAt(at));
      if (child === undefined || !path.startsWith(child.label, at)) break;
      at += child.label.length;
      node = child;
      if (child.entries === null) continue;
      this.#way[depth] = child;
      this.#ends[depth++] = at;
    }
    let best = before;
    while (depth > 0) {
      const end = this.#ends[--depth]!;
      best = firstOf(this.#way[depth]!.entries!, { path, request, end, best });
    }
    return best;
  }
}

interface Question<R> {
  readonly path: string;
  readonly request: RuleRequest;
  /** Where the entries' literal ends in the path. */
  readonly end: number;
  readonly best: Entry<R> | null;
}

function firstOf<R>(entries: readonly Entry<R>[], { path, request, end, best }: Question<R>): Entry<R> | null {
  const whole = end === path.length;
  const segment = whole || path.charCodeAt(end) === SLASH || path.charCodeAt(end - 1) === SLASH;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    if (best !== null && best.rank < entry.rank) return best;
    if (entry.pathKind === PATH_KIND.prefix ? !segment : entry.pathKind === PATH_KIND.exact && !whole) continue;
    if (entry.tests === null || allHold(entry.tests, request, path)) return entry;
  }
  return best;
}

function allHold(tests: readonly Test[], request: RuleRequest, path: string): boolean {
  for (let i = 0; i < tests.length; i++) {
    if (!tests[i]!(request, path)) return false;
  }
  return true;
}

/** Cuts a node in two: it keeps the first `at` characters, and one child takes over the rest. */
function split<R>(node: Node<R>, at: number): void {
  const tail: Node<R> = { label: node.label.slice(at), entries: node.entries, children: node.children };
  node.label = node.label.slice(0, at);
  node.entries = null;
  node.children = new Map([[tail.label.charCodeAt(0), tail]]);
}

function sharedLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}
