import { both } from "../output/conditions.ts";
import type { Conditions, Origin } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { type Criterion, parseCriterion, SHARE } from "./acl.ts";
import type { Line } from "./sections.ts";

/** One way to meet an `if`: what must hold, what must not, and which share of the requests it takes. */
export interface Case {
  readonly conditions: Conditions;
  readonly except: readonly Conditions[];
  /** In percent; null takes all. */
  readonly share: number | null;
}

/** The ACLs of a section, by name: several lines of a name are alternatives. */
export class Acls {
  readonly #lines = new Map<string, Line[]>();
  readonly #used = new Set<string>();

  constructor(lines: readonly Line[]) {
    for (const line of lines) {
      const [keyword, name = ""] = line.words;
      if (keyword === "acl") this.#lines.set(name, [...this.#lines.get(name) ?? [], line]);
    }
  }

  /** The lines of ACLs that no condition names. */
  unused(): Line[] {
    return [...this.#lines].filter(([name]) => !this.#used.has(name)).flatMap(([, lines]) => lines);
  }

  /** Reads the words behind `if` or `unless`: one case for each alternative; null if sluice can't ask for it. */
  cases(words: readonly string[], unless: boolean, origin: Origin): Case[] | null {
    const alternatives: string[][] = [[]];
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      if (word === "||" || word === "or") alternatives.push([]);
      else if (word === "{" || word === "!{") {
        const end = words.indexOf("}", i);
        if (end < 0) return null;
        alternatives.at(-1)!.push(`${word === "!{" ? "!" : ""}{ ${words.slice(i + 1, end).join("\u0000")}`);
        i = end;
      } else if (word === "!" && words[i + 1] !== undefined) {
        words = [...words.slice(0, i + 1), `!${words[i + 1]}`, ...words.slice(i + 2)];
      } else alternatives.at(-1)!.push(word);
    }
    if (unless && (alternatives.length > 1 || alternatives[0]!.length > 1)) return null;
    const terms = unless
      ? [alternatives[0]!.map((term) => term.startsWith("!") ? term.slice(1) : `!${term}`)]
      : alternatives;
    const cases = terms.map((each) => this.#all(each, origin));
    return cases.includes(null) ? null : cases.flatMap((each) => each!);
  }

  #all(terms: readonly string[], origin: Origin): Case[] | null {
    let cases: Case[] = [{ conditions: NO_CONDITIONS, except: [], share: null }];
    for (const term of terms) {
      const negated = term.startsWith("!");
      const bare = negated ? term.slice(1) : term;
      const share = bare.startsWith("{ ") ? shareOf(bare.slice(2).split("\u0000")) : null;
      if (share !== null && !negated) {
        cases = cases.map((each) => ({ ...each, share }));
        continue;
      }
      const options = this.#term(bare, origin);
      if (options === null || options.includes(null)) return null;
      const known = options as Partial<Conditions>[];
      if (negated) {
        const flipped = known.length === 1 && known[0]!.protocol !== undefined ? known[0]!.protocol : null;
        if (flipped !== null) {
          const value = flipped.value === "http" ? "https" : "http";
          const together = joined(cases, [{ protocol: { value, from: flipped.from } }]);
          if (together === null) return null;
          cases = together;
        } else {
          cases = cases.map((each) => ({
            ...each,
            except: [...each.except, ...known.map((one) => ({ ...NO_CONDITIONS, ...one }))],
          }));
        }
      } else {
        const together = joined(cases, known);
        if (together === null) return null;
        cases = together;
      }
    }
    return cases;
  }

  /** The alternatives of one ACL. */
  #term(term: string, origin: Origin): Criterion[] | null {
    if (term.startsWith("{ ")) return [parseCriterion(term.slice(2).split("\u0000"), origin)];
    const builtin: Record<string, Criterion> = {
      METH_GET: { methods: ["GET", "HEAD"].map((value) => ({ value, from: origin })) },
      METH_POST: { methods: [{ value: "POST", from: origin }] },
      METH_OPTIONS: { methods: [{ value: "OPTIONS", from: origin }] },
      HTTP: {},
      TRUE: {},
      LOCALHOST: { sourceIps: [{ value: "127.0.0.0/8", from: origin }, { value: "::1", from: origin }] },
    };
    const lines = this.#lines.get(term);
    if (lines === undefined) return Object.hasOwn(builtin, term) ? [builtin[term]!] : null;
    this.#used.add(term);
    return merged(lines.map((line) => parseCriterion(line.words.slice(2), line.origin)));
  }
}

/** Alternatives of one kind become one list of values. */
function merged(criteria: readonly Criterion[]): Criterion[] {
  const result: Criterion[] = [];
  for (const each of criteria) {
    const before = result.at(-1);
    if (each?.hosts && before?.hosts) result[result.length - 1] = { hosts: [...before.hosts, ...each.hosts] };
    else if (each?.path?.value.kind === "patterns" && before?.path?.value.kind === "patterns") {
      const patterns = [...before.path.value.patterns, ...each.path.value.patterns];
      const also = [...before.path.also ?? [], each.path.from];
      result[result.length - 1] = { path: { ...before.path, value: { kind: "patterns", patterns }, also } };
    } else result.push(each);
  }
  return result;
}

/** Each case with each option; null if sluice can't ask for both at once. */
function joined(cases: readonly Case[], options: readonly Partial<Conditions>[]): Case[] | null {
  const all = cases.flatMap((each) =>
    options.map((option) => {
      const conditions = both(each.conditions, option);
      return conditions === null ? null : { ...each, conditions };
    })
  );
  return all.includes(null) ? null : all as Case[];
}

function shareOf([fetch = "", operator, value]: readonly string[]): number | null {
  const [, whole] = SHARE.exec(fetch) ?? [];
  if (whole === undefined || !["lt", "le"].includes(operator ?? "") || !/^\d+$/.test(value ?? "")) return null;
  const count = Number(value) + (operator === "le" ? 1 : 0);
  return Math.round(count * 100 / Number(whole));
}
