import { problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { TargetGroupConfig } from "../model.ts";
import type { WeightedGroup } from "../rule_action.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { closest } from "../values/closest.ts";
import { TARGET_GROUP } from "./target_group.ts";

/** Most groups that a message names. */
const MOST_NAMED = 10;

/** Reports names of a rule that no group has. */
export function checkGroups(
  reader: SettingsReader,
  number: number,
  { given, groups }: { readonly given: readonly WeightedGroup[]; readonly groups: readonly TargetGroupConfig[] },
): void {
  // A group whose name could not be parsed was reported, and may be the one that is meant.
  if (groups.some((group) => isNameless(reader, group))) return;
  const names = groups.map(({ name }) => name);
  for (const { name } of given) {
    if (names.includes(name)) continue;
    const meant = closest(name, names, 3);
    const choice = names.length === 0 ? "there is no group" : `the groups are ${quotedNames(groups)}`;
    const hint = meant === null ? "" : `; did you mean ${quote(meant)}?`;
    reader.report(
      problemOf(`LISTENER_RULE_${number}_TARGET_GROUP`, `No group is called ${quote(name)}: ${choice}${hint}`),
    );
  }
}

/** Names groups, ten at most. */
export function quotedNames(groups: readonly TargetGroupConfig[]): string {
  const shown = groups.slice(0, MOST_NAMED).map(({ name }) => quote(name)).join(", ");
  return groups.length > MOST_NAMED ? `${shown} and ${groups.length - MOST_NAMED} more` : shown;
}

/** Tells whether a group has its number as name because it has no valid name, which is reported. */
function isNameless(reader: SettingsReader, { number, name }: TargetGroupConfig): boolean {
  return name === String(number) && reader.find(TARGET_GROUP.name, { number })?.text !== name;
}
