import { groupsOf } from "../rule_action.ts";
import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { ListenerConfig, TargetEntry, TargetGroupConfig } from "../model.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { isLoopback, isWildcard } from "../values/address_values.ts";
import { formatTarget } from "../values/target_text.ts";
import { anyText, BOOLEAN, Refusal, type ValueKind } from "../values/value_kind.ts";
import { ALGORITHM_OPTIONS, parseAlgorithm } from "./algorithm.ts";
import { EJECTION } from "./ejection.ts";
import { parseHealthCheck } from "./health_check.ts";
import type { KnownAlgorithm } from "./known_algorithm.ts";
import { parseStickiness } from "./stickiness.ts";
import { parseTargetTls } from "./target_tls.ts";
import { parseTargets } from "./targets.ts";
import type { Scene, Topic } from "./topic.ts";
import { unusedByAlgorithm, unusedOptions } from "./unused.ts";
import { define, defineForGroups } from "./variable.ts";

/** Names of groups. Lists of groups with weights need `,` and `:`. */
const GROUP_NAME: ValueKind<string> = {
  words: "text",
  parse: (text) =>
    text.length <= 128 && !/[\p{C}\p{Zl}\p{Zp},:]/u.test(text)
      ? text
      : new Refusal('at most 128 characters without ",", ":" and control characters'),
  format: String,
};

/** What a numbered group is, and which targets it has. */
export const TARGET_GROUP = {
  name: define("TARGET_GROUP_<N>_NAME", {
    kind: GROUP_NAME,
    meaning: "Name of the group in rules, logs and statistics.",
    example: "backends",
  }),
  targets: define("TARGET_GROUP_<N>_TARGETS", {
    kind: anyText("list of targets"),
    meaning: "`[http://|https://]host[:port][/base]`, IPv6 in brackets. Each address of a host name is a target.",
    example: "10.0.0.1:8080,backend.example.com:8080/v1",
  }),
  weights: define("TARGET_GROUP_<N>_WEIGHTS", {
    kind: anyText("list of weights"),
    meaning: "`host:weight` or `host:port:weight`, whole numbers of at least 1. `WEIGHTED` needs one for each target.",
    example: "10.0.0.1:1,10.0.0.2:8080:5",
  }),
};

/** Options of a group of any door. */
const GROUP_OPTIONS = {
  preserveHost: defineForGroups("PRESERVE_HOST", {
    kind: BOOLEAN,
    default: "false",
    meaning: "Send the client's `Host` to targets, instead of their own `host:port`.",
    example: "true",
  }),
  locationRewrite: defineForGroups("LOCATION_REWRITE", {
    kind: BOOLEAN,
    default: "false",
    meaning:
      "If a `Location`, `Content-Location` or `Refresh` names the target's own scheme, host and port, change it " +
      "to name the client's.",
    example: "true",
  }),
  failOpen: defineForGroups("FAIL_OPEN", {
    kind: BOOLEAN,
    default: "false",
    meaning: "If all targets are unhealthy, use all of them. Otherwise the response is 503.",
    example: "true",
  }),
};

/** Parses one group of the numbered variables. */
export function parseTargetGroup(
  reader: SettingsReader,
  number: number,
  known: readonly KnownAlgorithm[],
): TargetGroupConfig {
  const at = { number };
  const name = reader.read(TARGET_GROUP.name, at);
  if (name === null && reader.find(TARGET_GROUP.name, at) === null) {
    reader.reportMissing(`TARGET_GROUP_${number}_NAME`, "Must be set: rules name the group by it");
  }
  if (reader.find(TARGET_GROUP.targets, at) === null) {
    const group = name === null ? "The group" : `Group ${quote(name)}`;
    reader.reportMissing(`TARGET_GROUP_${number}_TARGETS`, `${group} names no target`);
  }
  const algorithm = parseAlgorithm(reader, known, at);
  const needsWeights = known.some((each) => each.name === algorithm && each.requiresWeights === true);
  const { targets, weights } = TARGET_GROUP;
  const entries = parseTargets(reader, at, { targets, weights, needsWeights: needsWeights ? algorithm : null });
  return parseGroupOptions(reader, { number, name: name ?? String(number), entries, algorithm }, { known, at });
}

/** Parses the options of a group of any door. */
export function parseGroupOptions(
  reader: SettingsReader,
  group: { number: number; name: string; entries: readonly TargetEntry[]; algorithm: string },
  { known, at }: { readonly known: readonly KnownAlgorithm[]; readonly at: At },
): TargetGroupConfig {
  return {
    ...group,
    ...reader.readAll(GROUP_OPTIONS, at),
    algorithmOptions: reader.readAll(ALGORITHM_OPTIONS, at),
    stickiness: parseStickiness(reader, { name: group.name, implied: isSticky(known, group.algorithm) }, at),
    tls: parseTargetTls(reader, at),
    healthCheck: parseHealthCheck(reader, at),
    ejection: reader.readAll(EJECTION, at),
  };
}

function isSticky(known: readonly KnownAlgorithm[], algorithm: string): boolean {
  return known.some((each) => each.name === algorithm && each.sticky === true);
}

function adviceOnGroups(scene: Scene): Problem[] {
  const { config: { groups, rules } } = scene;
  const unnamed = groups.filter(({ name }) => !rules.some((rule) => groupsOf(rule.action).includes(name)));
  return [
    ...adviceOnLoops(scene),
    ...unnamed.map(({ name, number }) =>
      problemOf(`TARGET_GROUP_${number}_NAME`, `No rule names group ${quote(name)}`)
    ),
    ...unusedByAlgorithm([TARGET_GROUP.weights], (each) => each.usesWeights, scene),
    ...unusedOptions({
      variables: [GROUP_OPTIONS.failOpen],
      isUsedBy: ({ failOpen, healthCheck, ejection }) => !failOpen || healthCheck.enabled || ejection.enabled,
      why: () => "without health checks and ejection no target is ever out",
    }, scene),
  ];
}

/**
 * Finds targets that are the listener. Such requests get 508; without VIA_ENABLE sluice can't see the loop, so it is a
 * problem.
 */
function adviceOnLoops({ config: { door, groups, listener }, reader }: Scene): Problem[] {
  const loops = groups.flatMap((group) =>
    group.entries.filter((entry) => isListenerItself(entry, listener)).map((entry) => ({
      subject: door === "groups" ? `TARGET_GROUP_${group.number}_TARGETS` : `group ${group.name}`,
      text: `Target ${quote(formatTarget(entry))} is the listener itself`,
    }))
  );
  if (listener.via) {
    return loops.map(({ subject, text }) => problemOf(subject, `${text}: requests to it will get 508`));
  }
  const why = "and with VIA_ENABLE=false sluice finds no loop: one request would take every file descriptor";
  for (const { subject, text } of loops) reader.report(problemOf(subject, `${text}, ${why}`));
  return [];
}

/**
 * Tells whether a target certainly is the listener. If only its name's address can tell, sluice finds the loop at the
 * first request.
 */
function isListenerItself(entry: TargetEntry, listener: ListenerConfig): boolean {
  if (listener.port === 0 || entry.port !== listener.port) return false;
  if (entry.host === listener.host) return true;
  const local = isLoopback(entry.host) || isWildcard(entry.host);
  return local && (isLoopback(listener.host) || isWildcard(listener.host));
}

export const TARGET_GROUP_TOPIC: Topic = {
  name: "target groups",
  variables: { ...TARGET_GROUP, ...GROUP_OPTIONS },
  adviceOn: adviceOnGroups,
};
