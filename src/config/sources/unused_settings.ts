import { type Problem, problemOf } from "../config_error.ts";
import type { Config, Door, TargetGroupConfig } from "../model.ts";
import type { KnownAlgorithm } from "../variables/parse_algorithm.ts";
import type { SettingsReader } from "../settings_reader.ts";
import type { VariableName } from "../variables/variables.ts";

/** A setting of groups that only some groups make use of. */
interface GroupSetting {
  readonly names: readonly VariableName[];
  readonly isUsedBy: (group: TargetGroupConfig) => boolean;
  /** Why a group does not, as the end of the warning. */
  readonly why: (group: TargetGroupConfig) => string;
  /** The switch that turns it off; who set that to `false` knows. */
  readonly switch?: VariableName;
}

/** Finds settings that are given and that nothing uses: the algorithm of their groups, or a switch that is off, ignores them. */
export function unusedSettings(config: Config, reader: SettingsReader, known: readonly KnownAlgorithm[]): Problem[] {
  const ofGroups = groupSettings(config.door, known).flatMap((setting) =>
    setting.names.flatMap((name) => unusedOfGroups(name, setting, config, reader))
  );
  return [...ofGroups, ...unusedOfAdmin(config, reader)];
}

function groupSettings(door: Door, known: readonly KnownAlgorithm[]): GroupSetting[] {
  const byAlgorithm = (
    names: readonly VariableName[],
    uses: (algorithm: KnownAlgorithm) => boolean | undefined,
  ): GroupSetting => {
    const users = known.filter((each) => uses(each) === true).map((each) => each.name);
    return {
      names,
      isUsedBy: ({ algorithm }) => users.includes(algorithm),
      why: ({ algorithm }) => `only ${users.join(" and ")} ${users.length === 1 ? "uses" : "use"} it, not ${algorithm}`,
    };
  };
  return [
    byAlgorithm([door === "backend_list" ? "BACKEND_WEIGHTS" : "TARGET_GROUP_<N>_WEIGHTS"], (each) => each.usesWeights),
    byAlgorithm(["TARGET_GROUP_<N>_HASH_KEY"], (each) => each.usesKey),
    byAlgorithm(
      ["TARGET_GROUP_<N>_STICKY_COOKIE_NAME", "TARGET_GROUP_<N>_STICKY_TTL", "TARGET_GROUP_<N>_STICKY_SECRET"],
      (each) => each.sticky,
    ),
    {
      names: ["TARGET_GROUP_<N>_EJECTION_FAILURES", "TARGET_GROUP_<N>_EJECTION_TIME"],
      isUsedBy: ({ ejection }) => ejection.enabled,
      why: () => "ejection is off (EJECTION_ENABLED=true turns it on)",
      switch: "TARGET_GROUP_<N>_EJECTION_ENABLED",
    },
    {
      names: ["TARGET_GROUP_<N>_FAIL_OPEN"],
      isUsedBy: ({ failOpen, healthCheck, ejection }) => !failOpen || healthCheck.enabled || ejection.enabled,
      why: () => "without health checks and ejection no target is ever out",
    },
  ];
}

/** A variable for all groups is used if one of them uses it. */
function unusedOfGroups(name: VariableName, setting: GroupSetting, config: Config, reader: SettingsReader): Problem[] {
  const unused = new Map<string, string>();
  const used = new Set<string>();
  for (const group of config.groups) {
    const at = config.door === "groups" ? { number: group.number } : {};
    const found = reader.find(name, at);
    if (found === null) continue;
    const knows = setting.switch !== undefined && reader.find(setting.switch, at) !== null;
    if (knows || setting.isUsedBy(group)) used.add(found.label);
    else if (!unused.has(found.label)) unused.set(found.label, setting.why(group));
  }
  return [...unused].flatMap(([label, why]) => used.has(label) ? [] : [problemOf(label, `Has no effect: ${why}`)]);
}

function unusedOfAdmin({ admin }: Config, reader: SettingsReader): Problem[] {
  if (!admin.enabled) {
    const names = ["ADMIN_HOST", "ADMIN_TOKEN", "ADMIN_HOSTS", "METRICS_PUBLIC"] as const;
    return names.map((name) => reader.find(name)).filter((found) => found !== null)
      .map(({ label }) => problemOf(label, "Has no effect: the admin listener is off (ADMIN_PORT)"));
  }
  const found = reader.find("METRICS_PUBLIC");
  if (found === null || !admin.metricsPublic || reader.find("ADMIN_TOKEN") !== null) return [];
  return [problemOf(found.label, "Has no effect: without ADMIN_TOKEN everything on the admin listener is public")];
}
