import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { AlgorithmOptions } from "../model.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { closest } from "../values/closest.ts";
import { duration } from "../values/duration.ts";
import { COOKIE_NAME, defaultCookieName, HASH_KEY } from "../values/http_names.ts";
import { anyText, Refusal, SECRET, SHORTEST_SECRET, type ValueKind } from "../values/value_kind.ts";
import type { KnownAlgorithm } from "./known_algorithm.ts";
import type { Scene, Topic } from "./topic.ts";
import { unusedByAlgorithm } from "./unused.ts";
import { define, defineForGroups } from "./variable.ts";

/** Which algorithm chooses a group's targets. Which names there are is known only to the registry of algorithms. */
export const ALGORITHM = {
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
  stickyCookieName: defineForGroups("STICKY_COOKIE_NAME", {
    kind: COOKIE_NAME,
    default: "sluice-<group>",
    meaning: "Name of the cookie of `STICKY`.",
    example: "route",
  }),
  stickyTtlMs: defineForGroups("STICKY_TTL", {
    kind: duration(0, Number.MAX_SAFE_INTEGER),
    default: "1d",
    meaning: "How long a client stays with its target; 0: until it closes its browser.",
    example: "1h",
  }),
  stickySecret: defineForGroups("STICKY_SECRET", {
    kind: SECRET,
    meaning: "Secret that makes cookies unforgeable, the same on all replicas. Unset: sluice makes one at start, so " +
      "that pins end with the process.",
    example: "c0ffee5ec2e7c0ffee5ec2e7",
    secret: true,
    advice: (secret) =>
      secret.length < SHORTEST_SECRET
        ? [`Shorter than ${SHORTEST_SECRET} characters: it can be guessed, and cookies forged`]
        : [],
  }),
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

/** Parses the options of a group's algorithm, also those of other algorithms. */
export function parseAlgorithmOptions(reader: SettingsReader, group: string, at: At): AlgorithmOptions {
  const { stickyCookieName } = ALGORITHM_OPTIONS;
  const named = { ...stickyCookieName, default: defaultCookieName(group) };
  return reader.readAll({ ...ALGORITHM_OPTIONS, stickyCookieName: named }, at);
}

function adviceOnOptions(scene: Scene): Problem[] {
  const { stickyCookieName, stickyTtlMs, stickySecret, hashKey } = ALGORITHM_OPTIONS;
  return [
    ...sharedCookies(scene),
    ...unusedByAlgorithm([hashKey], (each) => each.usesKey, scene),
    ...unusedByAlgorithm([stickyCookieName, stickyTtlMs, stickySecret], (each) => each.sticky, scene),
  ];
}

function sharedCookies({ config, reader, algorithms }: Scene): Problem[] {
  const advice: Problem[] = [];
  const groupOf = new Map<string, string>();
  for (const { name, number, algorithm, algorithmOptions } of config.groups) {
    if (!algorithms.some((each) => each.name === algorithm && each.sticky === true)) continue;
    const cookie = algorithmOptions.stickyCookieName;
    const other = groupOf.get(cookie);
    if (other !== undefined) {
      const at = config.door === "groups" ? { number } : {};
      advice.push(problemOf(
        reader.shownAs(ALGORITHM_OPTIONS.stickyCookieName, at),
        `Groups ${quote(other)} and ${quote(name)} share the cookie ${quote(cookie)} and overwrite each other's`,
      ));
    }
    groupOf.set(cookie, name);
  }
  return advice;
}

export const ALGORITHM_TOPIC: Topic = {
  name: "algorithms",
  variables: { ...ALGORITHM, ...ALGORITHM_OPTIONS },
  adviceOn: adviceOnOptions,
};
