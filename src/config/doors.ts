import { type Problem, problemOf } from "./config_error.ts";
import type { Door, TargetEntry, TargetGroupConfig } from "./model.ts";
import { prefixRule, type RuleConfig } from "./rule.ts";
import type { SettingsReader } from "./settings_reader.ts";
import type { ReadServersFile } from "./sources/servers_file.ts";
import type { Layer, SourceFile } from "./sources/sources.ts";
import type { RegexSyntax } from "./values/regex_rewrite.ts";
import { formatTarget } from "./values/target_text.ts";
import { parseAlgorithm } from "./variables/algorithm.ts";
import { BACKEND_LIST } from "./variables/backend_list.ts";
import type { KnownAlgorithm } from "./variables/known_algorithm.ts";
import { parseRule } from "./variables/rule.ts";
import { parseGroupOptions, parseTargetGroup } from "./variables/target_group.ts";
import { parseTargets } from "./variables/targets.ts";
import { isKnown, numberOf } from "./variables/variables.ts";

/** What a door leads to: target groups, and the rules that name them. */
export interface Routes {
  readonly groups: readonly TargetGroupConfig[];
  readonly rules: readonly RuleConfig[];
}

/** Most rules, groups and targets: the table of targets has no more room. */
export const LIMITS = { rules: 4096, groups: 1024, entries: 4096 } as const;

/** The numbers of groups and rules that have any variable set, in order. */
export interface Numbers {
  readonly groups: readonly number[];
  readonly rules: readonly number[];
  /** Of LISTENER_TLS_CERT_<N> and its key. */
  readonly certificates: readonly number[];
}

/** Finds the numbers in use. An empty variable does not use one. */
export function numbersIn(layers: readonly Layer[]): Numbers {
  const groups = new Set<number>();
  const rules = new Set<number>();
  const certificates = new Set<number>();
  for (const layer of layers) {
    for (const [name, { text }] of layer.values) {
      const numbered = numberOf(name);
      if (numbered === null || text.trim() === "" || !isKnown(name)) continue;
      const { pattern, number } = numbered;
      if (pattern.startsWith("TARGET_GROUP")) groups.add(number);
      else (pattern.startsWith("LISTENER_RULE") ? rules : certificates).add(number);
    }
  }
  const sorted = (numbers: Set<number>) => [...numbers].sort((one, other) => one - other);
  return { groups: sorted(groups), rules: sorted(rules), certificates: sorted(certificates) };
}

/** Finds which doors are open; more than one is an error. */
export function openDoors(layers: readonly Layer[], configFile: SourceFile | null): { door: Door; by: string }[] {
  const doors: { door: Door; by: string }[] = [];
  const { groups, rules } = numbersIn(layers);
  if (groups.length > 0) doors.push({ door: "groups", by: `TARGET_GROUP_${groups[0]}_*` });
  else if (rules.length > 0) doors.push({ door: "groups", by: `LISTENER_RULE_${rules[0]}_*` });
  const list = layers.map((layer) => layer.values.get("BACKEND_SERVERS")).find((each) =>
    (each?.text.trim() ?? "") !== ""
  );
  if (list !== undefined) doors.push({ door: "backend_list", by: list.label });
  if (configFile !== null) doors.push({ door: "servers_file", by: `--config ${configFile.path}` });
  return doors;
}

/** Parses the numbered variables; groups first, since rules name them. */
export function parseGroupsDoor(
  reader: SettingsReader,
  { algorithms, regex }: { readonly algorithms: readonly KnownAlgorithm[]; readonly regex: RegexSyntax },
  numbers: Numbers,
): Routes {
  const excess = findExcess(numbers);
  if (excess.length > 0) {
    // Each group and rule would add problems and settings of its own.
    for (const problem of excess) reader.report(problem);
    return { groups: [], rules: [] };
  }
  const groups = numbers.groups.map((number) => parseTargetGroup(reader, number, algorithms));
  const rules = numbers.rules.map((number) => parseRule(reader, number, { groups, regex }));
  return { groups, rules: rules.filter((rule) => rule !== null) };
}

function findExcess({ groups, rules }: Numbers): Problem[] {
  return [
    ...groups.length > LIMITS.groups ? [tooMany("TARGET_GROUP_*", "target groups", groups.length, LIMITS.groups)] : [],
    ...rules.length > LIMITS.rules ? [tooMany("LISTENER_RULE_*", "rules", rules.length, LIMITS.rules)] : [],
  ];
}

/** Makes the problem of more than the limit. */
export function tooMany(subject: string, what: string, count: number, most: number): Problem {
  return problemOf(subject, `There can be at most ${most} ${what}, not ${count}`);
}

/** Parses `BACKEND_SERVERS`. */
export function parseBackendList(reader: SettingsReader, known: readonly KnownAlgorithm[]): Routes {
  const entries = parseTargets(reader, {}, { ...BACKEND_LIST, needsWeights: null });
  return oneGroup(reader, known, { name: "backends", entries });
}

/** Parses the file of `--config`. */
export function parseServersFile(
  reader: SettingsReader,
  known: readonly KnownAlgorithm[],
  { file, read }: { file: SourceFile; read: ReadServersFile },
): Routes {
  if ("error" in file) {
    reader.report(problemOf(file.path, `Cannot read the file of --config: ${file.error}`));
    return oneGroup(reader, known, { name: "servers", entries: [] });
  }
  const { servers, problems } = read(file.path, file.text);
  problems.forEach((problem) => reader.report(problem));
  for (const { place, entry } of servers) {
    const value = `${formatTarget(entry)} weight ${entry.weight}`;
    reader.record({ variable: place, value, origin: "config file", secret: false });
  }
  return oneGroup(reader, known, { name: "servers", entries: servers.map((server) => server.entry) });
}

/** Makes the one group and the one rule of a door without numbers. */
function oneGroup(
  reader: SettingsReader,
  known: readonly KnownAlgorithm[],
  what: { name: string; entries: readonly TargetEntry[] },
): Routes {
  const algorithm = parseAlgorithm(reader, known, {});
  return {
    groups: [parseGroupOptions(reader, { number: 1, ...what, algorithm }, { known, at: {} })],
    rules: [prefixRule(1, { prefix: "/", group: what.name })],
  };
}
