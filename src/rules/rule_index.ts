import type { RuleConfig } from "../config/rule.ts";
import { parsePattern } from "../config/values/pattern.ts";
import { bareHost } from "./bare_host.ts";
import type { RuleRequest, Test } from "./conditions/condition.ts";
import { compileCondition } from "./conditions/registry.ts";
import { type Entry, PathTree } from "./path_tree.ts";
import { type Alternative, HOST_KIND, orderedAlternatives, PATH_KIND } from "./rule_order.ts";
import { compilePattern } from "./wildcard.ts";

/**
 * Rules by hosts and paths. The entries stand in a path tree for each exact host, one for each ending of a host
 * (`*.example`), and one for all other hosts: a request is looked up in those that concern it, and only the candidates
 * found there have their other conditions tried. So 1,000 rules on 1,000 hosts cost what one does.
 */
export class RuleIndex<R extends RuleConfig> {
  readonly #byHost = new Map<string, PathTree<R>>();
  readonly #byEnding = new Map<string, PathTree<R>>();
  /** The lengths of the endings. */
  readonly #endingLengths: readonly number[];
  readonly #anyHost = new PathTree<R>();
  /** The one rule, if it takes every request. */
  readonly #only: R | null;

  constructor(rules: readonly R[]) {
    const alternatives = orderedAlternatives(rules);
    for (const [rank, alternative] of alternatives.entries()) this.#add(alternative, rank);
    this.#endingLengths = [...new Set([...this.#byEnding.keys()].map((ending) => ending.length))];
    this.#only = alternatives.length === 1 && takesAll(alternatives[0]!) ? alternatives[0]!.rule : null;
  }

  /**
   * Finds the first rule in order whose conditions hold for a request with this canonical path; null if there is none.
   */
  match(path: string, request: RuleRequest): R | null {
    if (this.#only !== null) return this.#only;
    let best: Entry<R> | null = null;
    if (this.#byHost.size > 0 || this.#endingLengths.length > 0) {
      best = this.#ofHost(bareHost(request.host), path, request);
    }
    best = this.#anyHost.find(path, request, best);
    return best === null ? null : best.rule;
  }

  #ofHost(host: string, path: string, request: RuleRequest): Entry<R> | null {
    let best = this.#byHost.get(host)?.find(path, request, null) ?? null;
    for (const length of this.#endingLengths) {
      if (length > host.length) continue;
      const tree = this.#byEnding.get(host.slice(host.length - length));
      if (tree !== undefined) best = tree.find(path, request, best);
    }
    return best;
  }

  #add({ rule, host, hostKind, literal, pathKind, others }: Alternative<R>, rank: number): void {
    const tests = others.map(compileCondition);
    const ending = host === null ? null : endingOf(host);
    let tree = this.#anyHost;
    if (hostKind === HOST_KIND.exact) tree = treeOf(this.#byHost, parsePattern(host!).literal);
    else if (ending !== null) tree = treeOf(this.#byEnding, ending);
    else if (host !== null) tests.unshift(hostTest(host));
    tree.add(literal, { rule, rank, pathKind, tests: tests.length === 0 ? null : tests });
  }
}

function hostTest(pattern: string): Test {
  const like = compilePattern(pattern);
  return (request) => like(bareHost(request.host));
}

/** The text after the `*` of a pattern that begins with it and has no other wildcard; null for other patterns. */
function endingOf(pattern: string): string | null {
  if (!pattern.startsWith("*")) return null;
  const { exact, literal } = parsePattern(pattern.slice(1));
  return exact ? literal : null;
}

function treeOf<R>(trees: Map<string, PathTree<R>>, key: string): PathTree<R> {
  let tree = trees.get(key);
  if (tree === undefined) trees.set(key, tree = new PathTree());
  return tree;
}

function takesAll({ host, literal, pathKind, others }: Alternative): boolean {
  return host === null && literal === "/" && pathKind === PATH_KIND.prefix && others.length === 0;
}
