import type { Collector } from "../output/collector.ts";
import { literal } from "../output/patterns.ts";
import type { Conditions, From } from "../output/imported.ts";
import { toPatterns } from "../output/re2.ts";
import { type Directive, originOf } from "./directives.ts";

/** The value of a variable in one case: more conditions, and what it is then with shares of 999 at most. */
export interface Case {
  readonly conditions: Partial<Conditions>;
  readonly values: readonly { readonly value: string; readonly share: number }[];
  readonly from: Directive | null;
}

/** `map`, `geo` and `split_clients`: variables whose value depends on the request. */
export class Pools {
  readonly #found: Collector;
  readonly #byVariable = new Map<string, Directive>();
  readonly #used = new Set<Directive>();

  constructor(found: Collector, blocks: readonly Directive[]) {
    this.#found = found;
    for (const block of blocks) this.#byVariable.set(block.args.at(-1) ?? "", block);
  }

  /** The cases of a variable in the order in which they are tried, the default last; null if it has none. */
  casesOf(variable: string): Case[] | null {
    const block = this.#byVariable.get(variable);
    if (block === undefined) return null;
    this.#used.add(block);
    if (block.name === "split_clients") return [this.#split(block)];
    const source = block.args.length > 1 ? block.args[0]! : "$remote_addr";
    const cases: Case[] = [];
    let otherwise: Case = { conditions: {}, values: [{ value: "", share: 1 }], from: null };
    for (const entry of block.block ?? []) {
      const [value = ""] = entry.args;
      const found: Case = { conditions: {}, values: [{ value, share: 1 }], from: entry };
      if (entry.name === "default") otherwise = found;
      else if (["hostnames", "volatile"].includes(entry.name)) continue;
      else {
        const conditions = block.name === "geo" ? geoCondition(entry) : mapCondition(source, entry);
        if (conditions !== null) cases.push({ ...found, conditions });
        else if (entry.name !== "") {
          this.#found.lose(originOf(entry), `sluice has no condition for this value of ${source}`);
        }
      }
    }
    return [...cases, otherwise];
  }

  /** Says which blocks no `proxy_pass` uses. */
  reportUnused(): void {
    for (const block of this.#byVariable.values()) {
      if (this.#used.has(block)) continue;
      const upgrade = block.args[0] === "$http_upgrade";
      for (const each of [block, ...block.block ?? []]) {
        if (upgrade) this.#found.needless(originOf(each), "sluice passes WebSocket on by itself");
        else this.#found.lose(originOf(each), "sluice reads it only for the target group of proxy_pass");
      }
    }
  }

  #split(block: Directive): Case {
    const entries = block.block ?? [];
    const fine = entries.some((entry) => /\.\d/.test(entry.name));
    const scale = fine ? 10 : 1;
    let rest = 100 * scale;
    const values = entries.map((entry) => {
      const share = entry.name === "*" ? rest : Math.round(parseFloat(entry.name) * scale);
      if (/\.\d\d/.test(entry.name)) {
        this.#found.lose(originOf(entry), `shares are rounded to ${share} of ${100 * scale}`);
      }
      rest -= share;
      return { value: entry.args[0] ?? "", share: Math.min(share, 999) };
    });
    return { conditions: {}, values: values.filter((each) => each.share > 0), from: block };
  }
}

function geoCondition(entry: Directive): Partial<Conditions> | null {
  return /^[\da-f.:]+(\/\d+)?$/i.test(entry.name)
    ? { sourceIps: [{ value: entry.name, from: originOf(entry) }] }
    : null;
}

function mapCondition(source: string, entry: Directive): Partial<Conditions> | null {
  const patterns = valuePatterns(entry.name);
  return patterns === null ? null : conditionOn(source, patterns, entry);
}

/** `value`, `~regex` or `~*regex` as patterns. */
function valuePatterns(key: string): string[] | null {
  if (key === "") return null;
  const regex = /^~\*?(.*)$/s.exec(key);
  return regex === null ? [literal(key.replace(/^\\/, ""))] : toPatterns(regex[1]!);
}

/** The condition that a variable of nginx fits one of some patterns; null if sluice has none for it. */
export function conditionOn(
  variable: string,
  patterns: readonly string[],
  entry: Directive,
): Partial<Conditions> | null {
  const from = originOf(entry);
  const each = patterns.map((value): From<string> => ({ value, from }));
  const [, kind, name] = /^\$(http|cookie|arg)_(\w+)$/.exec(variable) ?? [];
  if (variable === "$host" || variable === "$http_host") return { hosts: each };
  if (variable === "$request_method") return { methods: each };
  if (variable === "$remote_addr") return { sourceIps: each };
  if (variable === "$uri") return { path: { value: { kind: "patterns", patterns }, from } };
  if (variable === "$scheme" && (patterns[0] === "http" || patterns[0] === "https")) {
    return { protocol: { value: patterns[0], from } };
  }
  if (kind === "http") return { headers: [{ value: { name: name!.replaceAll("_", "-"), patterns }, from }] };
  if (kind === "cookie") return { cookies: [{ value: { name: name!, patterns }, from }] };
  if (kind === "arg") return { queries: [{ value: { name: name!, patterns }, from }] };
  return null;
}
