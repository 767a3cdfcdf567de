import type { Problem } from "../config_error.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { closest } from "../values/closest.ts";
import { HASH_KEY } from "../values/http_names.ts";
import { anyText, Refusal, type ValueKind } from "../values/value_kind.ts";
import type { KnownAlgorithm } from "./known_algorithm.ts";
import type { Scene, Topic } from "./topic.ts";
import { unusedByAlgorithm } from "./unused.ts";
import { define, defineForGroups } from "./variable.ts";

/** Which algorithm chooses a group's targets. Which names there are is known only to the registry of algorithms. */
const ALGORITHM = {
  ofAll: define("LOAD_BALANCING_ALGORITHM", {
    kind: anyText("name"),
    default: "ROUND_ROBIN",
    meaning: "Algorithm of the groups that have none of their own.",
    example: "LEAST_CONNECTIONS",
    aliases: ["ALGORITHM"],
  }),
  ofGroup: define("TARGET_GROUP_<N>_ALGORITHM", {
    kind: anyText("name"),
    default: "ROUND_ROBIN",
    meaning: "Algorithm of the group.",
    example: "WEIGHTED",
    exampleNeeds: { TARGET_GROUP_1_WEIGHTS: "10.0.0.1:1,10.0.0.2:2" },
    global: "LOAD_BALANCING_ALGORITHM",
    aliases: ["ALGORITHM"],
  }),
};

/** Options of algorithms. */
export const ALGORITHM_OPTIONS = {
  hashKey: defineForGroups("HASH_KEY", {
    kind: HASH_KEY,
    default: "client-ip",
    meaning: "What `HASH` hashes.",
    example: "header:x-tenant",
  }),
};

/** Makes the kind of algorithms' names, in any case; an alias becomes the name. */
function algorithmName(known: readonly KnownAlgorithm[]): ValueKind<string> {
  const names = known.map((each) => each.name);
  return {
    ...ALGORITHM.ofAll.kind,
    parse: (text) => {
      const wanted = text.toUpperCase();
      const found = known.find((each) => each.name === wanted || each.aliases.includes(wanted));
      if (found !== undefined) return found.name;
      const meant = closest(wanted, known.flatMap((each) => [each.name, ...each.aliases]), 3);
      return new Refusal(`one of ${names.join(", ")}${meant === null ? "" : `; did you mean ${meant}?`}`);
    },
  };
}

/** Parses the algorithm of all groups, which may be wrong although no group uses it. */
export function parseAlgorithmOfAll(reader: SettingsReader, known: readonly KnownAlgorithm[]): void {
  reader.read({ ...ALGORITHM.ofAll, kind: algorithmName(known) });
}

/** Parses the name of a group's algorithm. */
export function parseAlgorithm(reader: SettingsReader, known: readonly KnownAlgorithm[], at: At): string {
  return reader.read({ ...ALGORITHM.ofGroup, kind: algorithmName(known) }, at);
}

function adviceOnOptions(scene: Scene): Problem[] {
  return unusedByAlgorithm([ALGORITHM_OPTIONS.hashKey], (each) => each.usesKey, scene);
}

export const ALGORITHM_TOPIC: Topic = {
  name: "algorithms",
  variables: { ...ALGORITHM, ...ALGORITHM_OPTIONS },
  adviceOn: adviceOnOptions,
};
