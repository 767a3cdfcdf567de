import { problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { TargetGroupConfig } from "../model.ts";
import { prefixRule, type RuleConfig } from "../rule.ts";
import { PATH } from "../values/path_values.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { closest } from "../sources/unknown_names.ts";
import type { ValueKind } from "../values/value_kind.ts";

const ANY_TEXT: ValueKind<string> = { parse: (text) => text, format: String };

/** Reads one rule; null where it has no prefix or no group, which was reported then. */
export function parseRule(
  reader: SettingsReader,
  number: number,
  groups: readonly TargetGroupConfig[],
): RuleConfig | null {
  const at = { number };
  const prefix = reader.readOptional("LISTENER_RULE_<N>_PATH_PREFIX", PATH, at);
  if (prefix === null && reader.find("LISTENER_RULE_<N>_PATH_PREFIX", at) === null) {
    reader.reportMissing(`LISTENER_RULE_${number}_PATH_PREFIX`, 'Must be set; "/" takes every request');
  }
  const pathRewrite = reader.readOptional("LISTENER_RULE_<N>_PATH_REWRITE", PATH, at) ?? "";
  const group = reader.readOptional("LISTENER_RULE_<N>_TARGET_GROUP", ANY_TEXT, at);
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

/** Tells whether a group goes by its number, as it has no name that could be read: that was reported. */
function isNameless(reader: SettingsReader, { number, name }: TargetGroupConfig): boolean {
  return name === String(number) && reader.find("TARGET_GROUP_<N>_NAME", { number })?.text !== name;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(quote).join(", ");
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
