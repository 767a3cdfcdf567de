import { type Problem, problemOf } from "../config/config_error.ts";
import type { RuleConfig } from "../config/rule.ts";
import type { RuleCondition } from "../config/rule_condition.ts";
import { parsePattern } from "../config/values/pattern.ts";
import { quote } from "../logging/shown_text.ts";
import { type Alternative, HOST_KIND, orderedAlternatives, PATH_KIND } from "./rule_order.ts";
import { compilePattern } from "./wildcard.ts";

/** Finds rules that no request reaches, and expressions whose requests all go to a rule with a longer path. */
export function hiddenRules(rules: readonly RuleConfig[]): Problem[] {
  const before = new Takers();
  const reached = new Set<RuleConfig>();
  const takenBy = new Map<RuleConfig, RuleConfig>();
  for (const alternative of orderedAlternatives(rules)) {
    const taker = before.takerOf(alternative);
    if (taker === null) reached.add(alternative.rule);
    else takenBy.set(alternative.rule, taker.rule);
    before.add(alternative);
  }
  return rules.flatMap((rule) => {
    const taker = takenBy.get(rule);
    if (taker === undefined || reached.has(rule)) return [];
    const regex = rule.conditions.find(({ kind }) => kind === "path_regex");
    if (regex !== undefined && taker.priority === null) {
      const text =
        `Rule ${taker.number} takes every path that ${quote(regex.text)} can match, as a longer path comes ` +
        `before an expression: LISTENER_RULE_${rule.number}_PRIORITY would put this rule first`;
      return [problemOf(`LISTENER_RULE_${rule.number}_PATH_REGEX`, text)];
    }
    return [
      problemOf(`LISTENER_RULE_${rule.number}_*`, `No request reaches the rule: rule ${taker.number} takes them all`),
    ];
  });
}

/** Alternatives that were considered already, by their literal path and host. */
class Takers {
  readonly #byLiteral = new Map<string, { byHost: Map<string | null, Alternative[]>; patterns: Alternative[] }>();

  add(alternative: Alternative): void {
    const { literal, host, hostKind, pathKind } = alternative;
    if (pathKind === PATH_KIND.pattern) return;
    let known = this.#byLiteral.get(literal);
    if (known === undefined) this.#byLiteral.set(literal, known = { byHost: new Map(), patterns: [] });
    const same = known.byHost.get(host);
    if (same === undefined) known.byHost.set(host, [alternative]);
    else same.push(alternative);
    if (hostKind === HOST_KIND.pattern) known.patterns.push(alternative);
  }

  /** One of them that takes every request of another alternative; null if none does. */
  takerOf(other: Alternative): Alternative | null {
    const path = surePath(other);
    for (let length = 1; length <= path.length; length++) {
      const known = this.#byLiteral.get(path.slice(0, length));
      if (known === undefined) continue;
      const byHost = [
        ...known.byHost.get(other.host) ?? [],
        ...other.host === null ? [] : known.byHost.get(null) ?? [],
      ];
      const taker = byHost.find((each) => takesPath(each, other) && takesOthers(each, other)) ??
        known.patterns.find((each) => takesHost(each, other) && takesPath(each, other) && takesOthers(each, other));
      if (taker !== undefined) return taker;
    }
    return null;
  }
}

function takesHost({ host }: Alternative, other: Alternative): boolean {
  if (host === null || host === other.host) return true;
  return other.hostKind === HOST_KIND.exact && compilePattern(host)(parsePattern(other.host!).literal);
}

function takesPath({ literal, pathKind }: Alternative, other: Alternative): boolean {
  const path = surePath(other);
  if (pathKind === PATH_KIND.exact) return other.pathKind === PATH_KIND.exact && literal === other.literal;
  if (!path.startsWith(literal)) return false;
  if (literal.endsWith("/") || path.charAt(literal.length) === "/") return true;
  // Of a prefix or an exact path the end is known to end a segment; of a pattern or an expression it is not.
  return path.length === literal.length && other.pathKind !== PATH_KIND.pattern && regexOf(other) === null;
}

/** What every path of an alternative begins with: for an expression more than its place in the order says. */
function surePath(alternative: Alternative): string {
  const regex = regexOf(alternative);
  return regex === null ? alternative.literal : literalOfRegex(regex);
}

function regexOf({ others }: Alternative): string | null {
  return others.find((condition) => condition.kind === "path_regex")?.regex ?? null;
}

/** The plain characters that an expression begins with, if `^` binds it to the beginning; else "/", as every path. */
function literalOfRegex(regex: string): string {
  if (regex.includes("|") || regex.includes("(?")) return "/";
  const plain = /^\^(\/(?:[\w/~-]|\\[./-])*)/.exec(regex);
  if (plain === null) return "/";
  const [whole, literal = "/"] = plain;
  // A quantifier concerns the character before it.
  const cut = /^[*?+{]/.test(regex.slice(whole.length)) ? literal.replace(/\\?.$/, "") : literal;
  return cut.replaceAll("\\", "") || "/";
}

function takesOthers(taker: Alternative, other: Alternative): boolean {
  const asked = new Set(other.others.map(keyOf));
  return taker.others.every((condition) => asked.has(keyOf(condition)));
}

function keyOf({ kind, text }: RuleCondition): string {
  return `${kind} ${text}`;
}
