import type { TargetEntry, TargetGroupConfig } from "../config/model.ts";
import { hostPort } from "../state/group_snapshot.ts";

/** Says, a line each, what differs between two configurations of the target groups. Names settings, never their values. */
export function describeGroupChanges(
  before: readonly TargetGroupConfig[],
  after: readonly TargetGroupConfig[],
): string[] {
  const lines: string[] = [];
  const old = new Map(before.map((group) => [group.name, group]));
  const present = new Set(after.map((group) => group.name));
  for (const group of before) {
    if (!present.has(group.name)) lines.push(`Target group ${group.name}: removed`);
  }
  for (const group of after) {
    const known = old.get(group.name);
    if (known === undefined) lines.push(`Target group ${group.name}: added (${entryList(group.entries)})`);
    else lines.push(...changesOfGroup(known, group));
  }
  return lines;
}

function changesOfGroup(before: TargetGroupConfig, after: TargetGroupConfig): string[] {
  const lines: string[] = [];
  const had = new Set(before.entries.map(entryText));
  const has = new Set(after.entries.map(entryText));
  const added = after.entries.filter((entry) => !had.has(entryText(entry)));
  const removed = before.entries.filter((entry) => !has.has(entryText(entry)));
  if (added.length > 0) lines.push(`Target group ${after.name}: targets added: ${entryList(added)}`);
  if (removed.length > 0) lines.push(`Target group ${after.name}: targets removed: ${entryList(removed)}`);
  const weights = new Map(before.entries.map((entry) => [entryText(entry), entry.weight]));
  for (const entry of after.entries) {
    const weight = weights.get(entryText(entry));
    if (weight === undefined || weight === entry.weight) continue;
    lines.push(`Target group ${after.name}: weight of ${entryText(entry)} changed: ${weight} to ${entry.weight}`);
  }
  const settings = (Object.keys(after) as (keyof TargetGroupConfig)[]).filter((key) =>
    key !== "entries" && key !== "number" && JSON.stringify(before[key]) !== JSON.stringify(after[key])
  );
  if (settings.length > 0) lines.push(`Target group ${after.name}: settings changed: ${settings.join(", ")}`);
  return lines;
}

function entryText({ scheme, host, port, base }: TargetEntry): string {
  return `${scheme}://${hostPort(host, port)}${base}`;
}

function entryList(entries: readonly TargetEntry[]): string {
  return entries.map(entryText).join(", ");
}
