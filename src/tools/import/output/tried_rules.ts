import type { Collector } from "./collector.ts";
import { both } from "./conditions.ts";
import type { Conditions, ImportedRule } from "./imported.ts";
import { mayMeet } from "./rule_order.ts";

/** A rule as other systems have it: it may pass some requests over, or take only a share of them. */
export interface TriedRule extends ImportedRule {
  /** Requests that meet one of these go on to the rules behind. */
  readonly except: readonly Conditions[];
  /** In percent: the others go on to the rules behind; null takes all. */
  readonly share: number | null;
}

/**
 * Adds rules that are tried in their order. sluice's rules take all that meets their conditions. So if a rule passes
 * requests over, the rules behind are written in front of it once more for these alone; if it takes a share, the rules
 * behind become weighted ones.
 */
export function addTriedRules(rules: readonly TriedRule[], found: Collector): void {
  const result: ImportedRule[] = [];
  for (const rule of [...rules].reverse()) {
    const { except, share, ...plain } = rule;
    const before: ImportedRule[] = [];
    for (const each of except) {
      const passed = both(rule.conditions, each);
      const at = each.path?.from ?? rule.from[0]!;
      if (!mayMeet(rule.conditions, each)) {
        found.needless(at, `no request that ${rule.from[0]!.place} takes meets it`);
      } else if (passed === null) {
        found.lose(at, "a rule of sluice's has one test of each kind: this exception is left out");
      } else before.push(...restricted(result, passed, found));
    }
    if (share === null) before.push(plain);
    else {
      const { action } = rule;
      for (const later of restricted(result, rule.conditions, found)) {
        const other = later.action.value;
        if (action.value.kind !== "forward" || other.kind !== "forward" || other.groups.length > 1) {
          found.lose(rule.from[0]!, "sluice shares requests out among target groups alone");
        } else {
          const groups = [
            { name: action.value.groups[0]!.name, weight: share },
            { name: other.groups[0]!.name, weight: 100 - share },
          ];
          const from = [...rule.from, ...later.from];
          before.push({
            ...later,
            from,
            action: { ...action, value: { kind: "forward", groups }, also: [later.action.from] },
          });
        }
      }
    }
    result.unshift(...before);
  }
  for (const rule of result) found.rule(rule);
}

/**
 * The rules that requests with these conditions would meet, for these requests alone, up to the first that takes all.
 */
function restricted(rules: readonly ImportedRule[], conditions: Conditions, found: Collector): ImportedRule[] {
  const result: ImportedRule[] = [];
  for (const rule of rules) {
    if (!mayMeet(rule.conditions, conditions)) continue;
    const narrower = both(conditions, rule.conditions) ?? sameOrNull(rule.conditions, conditions);
    if (narrower === null) {
      found.lose(
        rule.from[0]!,
        "a rule of sluice's has one test of each kind: it is not tried for an exception before it",
      );
      continue;
    }
    result.push({ ...rule, conditions: narrower });
    if (JSON.stringify(withoutOrigins(narrower)) === JSON.stringify(withoutOrigins(conditions))) break;
  }
  return result;
}

/** Both conditions, if they have the same lists where both have one. */
function sameOrNull(one: Conditions, other: Conditions): Conditions | null {
  const lists = ["hosts", "methods", "sourceIps"] as const;
  const same = lists.filter((name) => JSON.stringify(values(one[name])) === JSON.stringify(values(other[name])));
  return both({ ...one, ...Object.fromEntries(same.map((name) => [name, []])) }, other);
}

function values(list: readonly { readonly value: string }[]): string[] {
  return list.map((each) => each.value);
}

function withoutOrigins({ path, protocol, ...lists }: Conditions): unknown {
  return [path?.value, protocol?.value, ...Object.values(lists).map((list) => list.map((each) => each.value))];
}
