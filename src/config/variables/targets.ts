import { formatHostPort } from "../values/address_values.ts";
import { cannotUse, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { TargetEntry } from "../model.ts";
import { type At, originOf, type SettingsReader } from "../settings_reader.ts";
import type { Found } from "../sources/sources.ts";
import { formatTarget, parseTarget, type TargetAddress } from "../values/target_text.ts";
import { Refusal, splitList } from "../values/value_kind.ts";
import { formatWeightKey, parseWeight, type WeightEntry, weightKeysOf, weightOf } from "../values/weights.ts";
import type { AnyVariable } from "./variable.ts";

/** Most targets that a message names. */
const MOST_NAMED = 10;

/** The variables of a list of targets and their weights. */
export interface TargetVariables {
  readonly targets: AnyVariable;
  readonly weights: AnyVariable;
  /** The algorithm that needs a weight for every target; null if the weight defaults to 1. */
  readonly needsWeights: string | null;
}

/** Parses a list of targets with their weights; reports each bad piece by itself. */
export function parseTargets(reader: SettingsReader, at: At, names: TargetVariables): readonly TargetEntry[] {
  const found = reader.find(names.targets, at);
  const { targets, complete } = found === null ? { targets: [], complete: false } : parseAddresses(reader, found);
  const shown = reader.shownAs(names.targets, at);
  reader.record({
    variable: shown,
    value: targets.map(formatTarget).join(","),
    origin: found === null ? "default" : originOf(found, shown),
    secret: false,
  });
  const weights = parseWeights(reader, at, { name: names.weights, targets, complete });
  // A weight that could not be parsed may be the missing one, so its own problem is enough.
  if (names.needsWeights !== null && weights.complete) {
    const missing = targets.filter((target) => weightOf(target, weights.byKey) === null);
    for (const key of new Set(missing.map((target) => formatHostPort(target.host, target.port)))) {
      reader.report(problemOf(
        reader.shownAs(names.weights, at),
        `No weight for ${quote(key)}: ${names.needsWeights} needs host:weight or host:port:weight for every target`,
      ));
    }
  }
  return targets.map((target) => ({ ...target, weight: weightOf(target, weights.byKey) ?? 1 }));
}

function parseAddresses(
  reader: SettingsReader,
  found: Found,
): { readonly targets: readonly TargetAddress[]; readonly complete: boolean } {
  let complete = true;
  const withoutPort: string[] = [];
  const targets = new Map<string, TargetAddress>();
  const pieces = splitList(found.text);
  if (pieces.length === 0) reader.report(cannotUse(found.text, found.label, "a comma list of targets"));
  for (const piece of pieces) {
    const target = parseTarget(piece);
    if (target instanceof Refusal) {
      reader.report(cannotUse(withoutUser(piece), found.label, `a target ${target.mustBe}`));
      complete = false;
      continue;
    }
    if (!namesPort(piece)) withoutPort.push(formatHostPort(target.host, target.port));
    const key = `${target.scheme}://${formatTarget(target)}`;
    if (targets.has(key)) {
      reader.report(cannotUse(piece, found.label, "a target that is not in the list already"));
    }
    targets.set(key, target);
  }
  warnOfPorts(reader, found, withoutPort);
  return { targets: [...targets.values()], complete };
}

/** A scheme implies a port; if a bare host has none, it was probably forgotten. */
function namesPort(piece: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(piece) || /^(\[[^\]]*\]|[^:/]*):\d/.test(piece);
}

function warnOfPorts(reader: SettingsReader, { label }: Found, withoutPort: readonly string[]): void {
  if (withoutPort.length === 0) return;
  const shown = withoutPort.slice(0, MOST_NAMED).join(", ");
  const more = withoutPort.length > MOST_NAMED ? ` and ${withoutPort.length - MOST_NAMED} more` : "";
  reader.warn([problemOf(label, `A target without a port gets port 80: ${shown}${more}`)]);
}

function parseWeights(
  reader: SettingsReader,
  at: At,
  { name, targets, complete }: {
    name: AnyVariable;
    targets: readonly TargetAddress[];
    /** All targets could be parsed. */
    complete: boolean;
  },
): { readonly byKey: ReadonlyMap<string, WeightEntry>; readonly complete: boolean } {
  let allRead = true;
  const found = reader.find(name, at);
  const wanted = new Set(targets.flatMap(weightKeysOf));
  const weights = new Map<string, WeightEntry>();
  for (const piece of splitList(found?.text ?? "")) {
    const { label } = found!;
    const entry = parseWeight(piece);
    if (entry instanceof Refusal) {
      reader.report(cannotUse(piece, label, entry.mustBe));
      allRead = false;
      continue;
    }
    const key = formatWeightKey(entry);
    if (weights.has(key)) reader.report(cannotUse(piece, label, `the only weight of ${quote(key)}`));
    weights.set(key, entry);
    if (complete && !wanted.has(key)) {
      allRead = false;
      const hosts = [...new Set(targets.map((target) => formatHostPort(target.host, target.port)))].slice(0, 10);
      reader.report(cannotUse(piece, label, `the weight of a target (${hosts.join(", ") || "there are none"})`));
    }
  }
  const variable = reader.shownAs(name, at);
  reader.record({
    variable,
    value: [...weights].map(([key, entry]) => `${key}:${entry.weight}`).join(","),
    origin: found === null ? "default" : originOf(found, variable),
    secret: false,
  });
  return { byKey: weights, complete: allRead };
}

/** Hides what is before an `@`: it is probably a password, and problems are logged. */
function withoutUser(piece: string): string {
  return piece.replace(/^([^@/]*:\/\/)?[^/]*@/, "$1***@");
}
