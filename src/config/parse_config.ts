import { type Problem, problemOf } from "./config_error.ts";
import { quote } from "../logging/shown_text.ts";
import {
  LIMITS,
  numbersIn,
  openDoors,
  parseBackendList,
  parseGroupsDoor,
  parseServersFile,
  type Routes,
  tooMany,
} from "./doors.ts";
import { layersOf } from "./sources/layers.ts";
import type { Config, Door } from "./model.ts";
import type { RuleConfig } from "./rule.ts";
import type { Setting } from "./setting.ts";
import { SettingsReader } from "./settings_reader.ts";
import type { ReadServersFile } from "./sources/servers_file.ts";
import type { Sources } from "./sources/sources.ts";
import { findUnknownNames } from "./sources/unknown_names.ts";
import type { RegexSyntax } from "./values/regex_rewrite.ts";
import { parseAcme } from "./variables/acme.ts";
import { parseAdmin } from "./variables/admin.ts";
import { parseAlgorithmOfAll } from "./variables/algorithm.ts";
import { DNS } from "./variables/dns.ts";
import type { KnownAlgorithm } from "./variables/known_algorithm.ts";
import { parseListener } from "./variables/listener.ts";
import { LOGGING } from "./variables/logging.ts";
import { findEqualRules } from "./variables/rule.ts";
import { leavesConditionsOpen } from "./variables/rule_conditions.ts";
import { TOPICS } from "./variables/variables.ts";

/** What the sources say. */
export interface ParseResult {
  /** Frozen; null if there is any problem. */
  readonly config: Config | null;
  /** Why sluice can't start with it. */
  readonly problems: readonly Problem[];
  /** What is valid but probably not meant. */
  readonly warnings: readonly Problem[];
  /** Every value in effect with its source, secrets included. */
  readonly settings: readonly Setting[];
}

/** What the parser can't import. */
export interface Known {
  readonly algorithms: readonly KnownAlgorithm[];
  /** Must be there if there is a servers file. */
  readonly readServersFile: ReadServersFile | null;
  readonly regex: RegexSyntax;
  /** Finds rules that are valid but probably not as they are meant. */
  readonly adviceOnRules: (config: Pick<Config, "rules" | "listener">) => Problem[];
}

/** Parses the whole configuration and finds all problems at once. Never throws, whatever the texts hold. */
export function parseConfig(sources: Sources, known: Known): ParseResult {
  const { layers, problems, warnings } = layersOf(sources);
  const doors = openDoors(layers, sources.configFile);
  const door: Door = doors[0]?.door ?? "nothing";
  const unknown = findUnknownNames(layers);
  const reader = new SettingsReader(layers, door, unknown.meant);
  for (const problem of [...problems, ...unknown.problems]) reader.report(problem);
  reader.warn([...warnings, ...unknown.warnings]);
  if (doors.length > 1) {
    reader.report(problemOf(
      doors.map(({ by }) => by).join(" and "),
      "Only one of the groups, the backend list and the servers file can say what the targets are",
    ));
  }

  const numbers = numbersIn(layers);
  const listener = parseListener(reader, numbers.certificates);
  const admin = parseAdmin(reader, listener);
  const dns = reader.readAll(DNS);
  const logging = reader.readAll(LOGGING);
  parseAlgorithmOfAll(reader, known.algorithms);
  const routes: Routes[] = [];
  for (const { door } of doors) {
    if (door === "groups") routes.push(parseGroupsDoor(reader, known, numbersIn(layers)));
    if (door === "backend_list") routes.push(parseBackendList(reader, known.algorithms));
    if (door === "servers_file") {
      const [file, read] = [sources.configFile!, known.readServersFile!];
      routes.push(parseServersFile(reader, known.algorithms, { file, read }));
    }
  }
  const { rules, groups } = routes[0] ?? { rules: [], groups: [] };
  const acme = parseAcme(reader, { ...listener, rules });
  const config: Config = { door, listener: { ...listener, acme }, admin, dns, logging, rules, groups };

  const unknownNames = new Set(unknown.problems.map(({ subject }) => subject));
  for (const each of routes) {
    const comparable = { ...each, rules: withKnownConditions(each.rules, reader.problems, unknownNames) };
    for (const problem of [...findDuplicates(comparable), ...findExcess(each)]) reader.report(problem);
  }
  const scene = { config, reader, algorithms: known.algorithms };
  for (const topic of TOPICS) reader.warn(topic.adviceOn?.(scene) ?? []);
  reader.warn(
    known.adviceOnRules({ ...config, rules: withKnownConditions(rules, reader.problems, unknownNames) }),
  );
  const found = reader.problems;
  return {
    config: found.length === 0 ? freezeDeep(config) : null,
    problems: found,
    warnings: reader.warnings,
    settings: reader.settings,
  };
}

/** The rules that can be compared: a mistake in a condition would make a rule look like another one. */
function withKnownConditions(
  rules: readonly RuleConfig[],
  problems: readonly Problem[],
  unknown: ReadonlySet<string>,
): RuleConfig[] {
  return rules.filter(({ number }) => !problems.some(({ subject }) => leavesConditionsOpen(number, subject, unknown)));
}

function findDuplicates({ groups, rules }: Routes): Problem[] {
  const problems: Problem[] = [];
  const groupOf = new Map<string, number>();
  for (const { name, number } of groups) {
    const before = groupOf.get(name);
    if (before !== undefined) {
      problems.push(problemOf(`TARGET_GROUP_${number}_NAME`, `${quote(name)} is the name of group ${before} too`));
    }
    groupOf.set(name, before ?? number);
  }
  return [...problems, ...findEqualRules(rules)];
}

/** Host names may resolve to more addresses than there is room for; that shows only when they do. */
function findExcess({ groups }: Routes): Problem[] {
  const entries = groups.reduce((sum, group) => sum + group.entries.length, 0);
  return entries > LIMITS.entries ? [tooMany("targets", "targets", entries, LIMITS.entries)] : [];
}

function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeep);
    Object.freeze(value);
  }
  return value;
}
