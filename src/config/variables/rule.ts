import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { Config, TargetGroupConfig } from "../model.ts";
import { prefixOf, prefixRule, type RuleConfig } from "../rule.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { closest } from "../values/closest.ts";
import { underPrefix } from "../values/path_prefix.ts";
import { PATH } from "../values/path_values.ts";
import { anyText, orEmpty } from "../values/value_kind.ts";
import { TARGET_GROUP } from "./target_group.ts";
import type { Scene, Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** Most groups that a message names. */
const MOST_NAMED = 10;

/** One listener rule. */
export const RULE = {
  pathPrefix: define("LISTENER_RULE_<N>_PATH_PREFIX", {
    kind: PATH,
    meaning: "The rule applies to paths with this prefix, by whole segments. The longest prefix wins, whatever N is.",
    example: "/api",
  }),
  pathRewrite: define("LISTENER_RULE_<N>_PATH_REWRITE", {
    kind: orEmpty(PATH),
    default: "",
    meaning: "Prefix to remove from the path before sluice puts the target's base in front; empty: remove nothing.",
    example: "/api",
    emptyCounts: true,
  }),
  targetGroup: define("LISTENER_RULE_<N>_TARGET_GROUP", {
    kind: anyText("name"),
    meaning: "Name of the target group that gets the requests.",
    example: "backends",
  }),
};

/** Parses one rule; null if it has no prefix or no group, which is then reported. */
export function parseRule(
  reader: SettingsReader,
  number: number,
  groups: readonly TargetGroupConfig[],
): RuleConfig | null {
  const at = { number };
  const { pathPrefix: prefix, pathRewrite, targetGroup: group } = reader.readAll(RULE, at);
  if (prefix === null && reader.find(RULE.pathPrefix, at) === null) {
    reader.reportMissing(`LISTENER_RULE_${number}_PATH_PREFIX`, 'Must be set; "/" takes every request');
  }
  const names = groups.map((group) => group.name);
  if (group === null) {
    const choice = names.length === 0 ? "" : ` (${listed(names)})`;
    reader.reportMissing(`LISTENER_RULE_${number}_TARGET_GROUP`, `The rule names no target group${choice}`);
  } else if (!names.includes(group) && !groups.some((each) => isNameless(reader, each))) {
    const meant = closest(group, names, 3);
    const choice = names.length === 0 ? "there is no group" : `the groups are ${listed(names)}`;
    const text = `No group is called ${quote(group)}: ${choice}${
      meant === null ? "" : `; did you mean ${quote(meant)}?`
    }`;
    reader.report(problemOf(`LISTENER_RULE_${number}_TARGET_GROUP`, text));
  }
  return prefix === null || group === null ? null : prefixRule(number, { prefix, group, pathRewrite });
}

/** Tells whether a group has its number as name because it has no valid name, which is reported. */
function isNameless(reader: SettingsReader, { number, name }: TargetGroupConfig): boolean {
  return name === String(number) && reader.find(TARGET_GROUP.name, { number })?.text !== name;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).map(quote).join(", ");
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}

function adviceOnRule(rule: RuleConfig, config: Config): Problem[] {
  const advice: Problem[] = [];
  const pathPrefix = prefixOf(rule);
  const { group, pathRewrite } = rule.action;
  const aboutPrefix = (text: string) => advice.push(problemOf(`LISTENER_RULE_${rule.number}_PATH_PREFIX`, text));
  if (pathPrefix === config.listener.statsPath) {
    aboutPrefix(`Requests for ${quote(pathPrefix)} itself never reach the rule: they get the statistics (STATS_PATH)`);
  }
  if (pathPrefix.endsWith("/") && pathPrefix !== "/") {
    const twin = config.rules.find((other) => prefixOf(other) === pathPrefix.slice(0, -1));
    if (twin !== undefined && twin.action.group === group && twin.action.pathRewrite === pathRewrite) {
      aboutPrefix(
        `${quote(pathPrefix)} changes nothing: rule ${twin.number} does the same for ${quote(prefixOf(twin))}`,
      );
    }
  }
  const wildcard = /\*|\/:[^/]*/.exec(pathPrefix)?.[0];
  if (wildcard !== undefined) {
    const plain = pathPrefix.slice(0, pathPrefix.search(/\/[^/]*(\*|:)/)) || "/";
    aboutPrefix(
      `${quote(wildcard)} in ${quote(pathPrefix)} is taken literally, because prefixes have no wildcards: the prefix ` +
        `${quote(plain)} matches every path below it`,
    );
  }
  const rewrites = underPrefix(pathPrefix, pathRewrite) || underPrefix(pathRewrite, pathPrefix);
  if (pathRewrite !== "" && !rewrites) {
    advice.push(problemOf(
      `LISTENER_RULE_${rule.number}_PATH_REWRITE`,
      `${quote(pathRewrite)} removes nothing: no path under the rule's prefix ${quote(pathPrefix)} begins with it`,
    ));
  }
  return advice;
}

export const RULE_TOPIC: Topic = {
  name: "rules",
  variables: RULE,
  adviceOn: ({ config }: Scene) => config.rules.flatMap((rule) => adviceOnRule(rule, config)),
};
