import { type Problem, problemOf } from "../config_error.ts";
import type { TargetGroupConfig } from "../model.ts";
import type { KnownAlgorithm } from "./known_algorithm.ts";
import type { Scene } from "./topic.ts";
import type { AnyVariable } from "./variable.ts";

/** Options of target groups that only some groups use. */
export interface GroupOptions {
  readonly variables: readonly AnyVariable[];
  readonly isUsedBy: (group: TargetGroupConfig) => boolean;
  /** Why a group does not use them, as the end of the warning. */
  readonly why: (group: TargetGroupConfig) => string;
  /** The switch that turns them off. An operator who set it knows that they have no effect. */
  readonly switch?: AnyVariable;
}

/**
 * Warns of options that are set but that no group uses. One that is set for all groups is used if one group uses it.
 */
export function unusedOptions(options: GroupOptions, { config, reader }: Scene): Problem[] {
  return options.variables.flatMap((variable) => {
    const unused = new Map<string, string>();
    const used = new Set<string>();
    for (const group of config.groups) {
      const at = config.door === "groups" ? { number: group.number } : {};
      const found = reader.find(variable, at);
      if (found === null) continue;
      const known = options.switch !== undefined && reader.find(options.switch, at) !== null;
      if (known || options.isUsedBy(group)) used.add(found.label);
      else if (!unused.has(found.label)) unused.set(found.label, options.why(group));
    }
    return [...unused].flatMap(([label, why]) => used.has(label) ? [] : [problemOf(label, `Has no effect: ${why}`)]);
  });
}

/** Warns of options that are set although the groups' algorithms ignore them. */
export function unusedByAlgorithm(
  variables: readonly AnyVariable[],
  uses: (algorithm: KnownAlgorithm) => boolean | undefined,
  scene: Scene,
): Problem[] {
  const users = scene.algorithms.filter((each) => uses(each) === true).map((each) => each.name);
  return unusedOptions({
    variables,
    isUsedBy: ({ algorithm }) => users.includes(algorithm),
    why: ({ algorithm }) => `only ${users.join(" and ")} ${users.length === 1 ? "uses" : "use"} it, not ${algorithm}`,
  }, scene);
}
