import type { Setting } from "../config/setting.ts";
import { MASK } from "../logging/secrets.ts";

/** One variable whose value changed. */
export interface SettingChange {
  /** The variable; for the servers of a file, the file. */
  readonly variable: string;
  /** `CONNECTION_TIMEOUT 1s -> 2s`. Secrets are masked. */
  readonly text: string;
}

/** If the old and the new list are together longer than this, only the difference is shown. */
const LONGEST_VALUES = 200;
/** Most members of a list that are named. */
const MOST_PIECES = 10;

/** Finds the variables whose values differ, in the order of the new settings. The sources of values don't matter. */
export function changesOf(before: readonly Setting[], after: readonly Setting[]): SettingChange[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const gone = [...old.keys()].filter((variable) => !now.has(variable));
  return [...now.keys(), ...gone].flatMap((variable) => {
    const [was, is] = [old.get(variable), now.get(variable)];
    // A default that came or went with its group is no news.
    if ((was === undefined && is!.isDefault) || (is === undefined && was!.isDefault)) return [];
    if (was?.value === is?.value) return [];
    const secret = (was ?? is)!.secret;
    const text = secret ? masked(was?.value ?? "", is?.value ?? "") : difference(was?.value ?? "", is?.value ?? "");
    return [{ variable, text: `${variable} ${text}` }];
  });
}

interface Value {
  readonly value: string;
  readonly secret: boolean;
  readonly isDefault: boolean;
}

/** Values by variable; the servers of a file (`servers.json: $[0]`) are one list under the file's name. */
function valuesOf(settings: readonly Setting[]): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const { variable: name, value, origin, secret } of settings) {
    const file = /^(.*): \$\[\d+\]$/s.exec(name)?.[1];
    const before = file === undefined ? undefined : values.get(file)?.value;
    values.set(file ?? name, {
      value: before === undefined ? value : `${before},${value}`,
      secret,
      isDefault: origin.startsWith("default"),
    });
  }
  return values;
}

function masked(was: string, is: string): string {
  const shown = (value: string) => value === "" ? "unset" : MASK;
  return `${shown(was)} -> ${shown(is)}`;
}

function difference(was: string, is: string): string {
  if (was.length + is.length <= LONGEST_VALUES || !was.includes(",") && !is.includes(",")) {
    return `${cut(was)} -> ${cut(is)}`;
  }
  const [had, has] = [was.split(","), is.split(",")];
  const added = has.filter(not(had));
  const removed = had.filter(not(has));
  const parts = [
    ...removed.length > 0 ? [`removed ${pieces(removed)}`] : [],
    ...added.length > 0 ? [`added ${pieces(added)}`] : [],
  ];
  return parts.length === 0 ? "in another order" : parts.join("; ");
}

function not(others: readonly string[]): (piece: string) => boolean {
  const known = new Set(others);
  return (piece) => piece !== "" && !known.has(piece);
}

function pieces(all: readonly string[]): string {
  const named = all.slice(0, MOST_PIECES).map(cut).join(", ");
  return all.length > MOST_PIECES ? `${named} and ${all.length - MOST_PIECES} more` : named;
}

function cut(value: string): string {
  if (value === "") return "unset";
  return value.length <= LONGEST_VALUES ? value : `${value.slice(0, LONGEST_VALUES)}...`;
}
