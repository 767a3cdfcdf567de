import { quote } from "../../logging/shown_text.ts";
import type { TargetEntry, TargetGroupConfig } from "../model.ts";
import { algorithmName, type KnownAlgorithm, parseAlgorithmOptions } from "./parse_algorithm.ts";
import { parseEjection, parseHealthCheck } from "./parse_health_check.ts";
import { parseTargets } from "./parse_targets.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { BOOLEAN, Refusal, type ValueKind } from "../values/value_kind.ts";

/** Group names; `,` and `:` are kept free for lists of groups with weights. */
const GROUP_NAME: ValueKind<string> = {
  parse: (text) =>
    text.length <= 128 && !/[\p{C}\p{Zl}\p{Zp},:]/u.test(text)
      ? text
      : new Refusal('at most 128 characters without ",", ":" and control characters'),
  format: String,
};

/** Reads one group of the numbered variables. */
export function parseTargetGroup(
  reader: SettingsReader,
  number: number,
  known: readonly KnownAlgorithm[],
): TargetGroupConfig {
  const at = { number };
  const name = reader.readOptional("TARGET_GROUP_<N>_NAME", GROUP_NAME, at);
  if (name === null && reader.find("TARGET_GROUP_<N>_NAME", at) === null) {
    reader.reportMissing(`TARGET_GROUP_${number}_NAME`, "Must be set: rules name the group by it");
  }
  if (reader.find("TARGET_GROUP_<N>_TARGETS", at) === null) {
    const group = name === null ? "The group" : `Group ${quote(name)}`;
    reader.reportMissing(`TARGET_GROUP_${number}_TARGETS`, `${group} names no target`);
  }
  const algorithm = reader.read("TARGET_GROUP_<N>_ALGORITHM", algorithmName(known), at);
  const needsWeights = known.some((each) => each.name === algorithm && each.requiresWeights === true);
  const entries = parseTargets(reader, at, {
    targets: "TARGET_GROUP_<N>_TARGETS",
    weights: "TARGET_GROUP_<N>_WEIGHTS",
    needsWeights: needsWeights ? algorithm : null,
  });
  return parseGroupSettings(reader, { number, name: name ?? String(number), entries, algorithm }, at);
}

/** Reads what a group of any door may set: options, checks, ejection. */
export function parseGroupSettings(
  reader: SettingsReader,
  group: { number: number; name: string; entries: readonly TargetEntry[]; algorithm: string },
  at: At,
): TargetGroupConfig {
  return {
    ...group,
    preserveHost: reader.read("TARGET_GROUP_<N>_PRESERVE_HOST", BOOLEAN, at),
    locationRewrite: reader.read("TARGET_GROUP_<N>_LOCATION_REWRITE", BOOLEAN, at),
    failOpen: reader.read("TARGET_GROUP_<N>_FAIL_OPEN", BOOLEAN, at),
    algorithmOptions: parseAlgorithmOptions(reader, group.name, at),
    healthCheck: parseHealthCheck(reader, at),
    ejection: parseEjection(reader, at),
  };
}
