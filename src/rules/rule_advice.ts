import { type Problem, problemOf } from "../config/config_error.ts";
import type { Config } from "../config/model.ts";
import type { RuleConfig } from "../config/rule.ts";
import { underPrefix } from "../config/values/path_prefix.ts";
import { quote } from "../logging/shown_text.ts";
import { redirectLoops } from "./redirect_loops.ts";
import { strippedPrefix } from "./rewrite.ts";
import { hiddenRules } from "./hidden_rules.ts";

/** Finds rules that are allowed and yet likely not as they are meant. */
export function adviceOnRules({ rules, listener }: Pick<Config, "rules" | "listener">): Problem[] {
  return [
    ...rules.flatMap((rule) => [
      ...adviceOnStats(rule, listener.statsPath),
      ...adviceOnLastSlash(rule, rules),
      ...adviceOnWildcard(rule),
      ...adviceOnRewrite(rule),
    ]),
    ...hiddenRules(rules),
    ...redirectLoops(rules, listener),
  ];
}

function prefixOf({ conditions }: RuleConfig): string | null {
  return conditions.find((condition) => condition.kind === "path_prefix")?.prefix ?? null;
}

function adviceOnStats(rule: RuleConfig, statsPath: string | null): Problem[] {
  const prefix = prefixOf(rule);
  if (prefix === null || prefix !== statsPath) return [];
  const text = `Requests for ${quote(prefix)} itself never reach the rule: they get the statistics (STATS_PATH)`;
  return [problemOf(`LISTENER_RULE_${rule.number}_PATH_PREFIX`, text)];
}

function adviceOnLastSlash(rule: RuleConfig, rules: readonly RuleConfig[]): Problem[] {
  const prefix = prefixOf(rule);
  if (prefix === null || prefix === "/" || !prefix.endsWith("/") || rule.conditions.length > 1) return [];
  const twin = rules.find((other) => other.conditions.length === 1 && prefixOf(other) === prefix.slice(0, -1));
  if (twin === undefined || JSON.stringify(twin.action) !== JSON.stringify(rule.action)) return [];
  const text = `${quote(prefix)} changes nothing: rule ${twin.number} does the same for ${quote(prefixOf(twin)!)}`;
  return [problemOf(`LISTENER_RULE_${rule.number}_PATH_PREFIX`, text)];
}

function adviceOnWildcard(rule: RuleConfig): Problem[] {
  const prefix = prefixOf(rule);
  const wildcard = prefix === null ? undefined : /\*|\/:[^/]*/.exec(prefix)?.[0];
  if (prefix === null || wildcard === undefined) return [];
  const plain = prefix.slice(0, prefix.search(/\/[^/]*(\*|:)/)) || "/";
  const text = `${quote(wildcard)} in ${quote(prefix)} is taken literally, because prefixes have no wildcards: ` +
    `the prefix ${quote(plain)} matches every path below it, and LISTENER_RULE_${rule.number}_PATH takes patterns`;
  return [problemOf(`LISTENER_RULE_${rule.number}_PATH_PREFIX`, text)];
}

function adviceOnRewrite(rule: RuleConfig): Problem[] {
  const prefix = prefixOf(rule);
  const rewrite = strippedPrefix(rule);
  if (prefix === null || rewrite === "") return [];
  if (underPrefix(prefix, rewrite) || underPrefix(rewrite, prefix)) return [];
  const text = `${quote(rewrite)} removes nothing: no path under the rule's prefix ${quote(prefix)} begins with it`;
  return [problemOf(`LISTENER_RULE_${rule.number}_PATH_REWRITE`, text)];
}
