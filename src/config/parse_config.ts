import { adviceOn } from "./advice.ts";
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
import { prefixOf } from "./rule.ts";
import { parseAdmin } from "./variables/parse_admin.ts";
import { algorithmName, type KnownAlgorithm } from "./variables/parse_algorithm.ts";
import { parseDns } from "./variables/parse_dns.ts";
import { parseListener } from "./variables/parse_listener.ts";
import { parseLogging } from "./variables/parse_logging.ts";
import type { Setting } from "./setting.ts";
import type { ReadServersFile } from "./sources/servers_file.ts";
import { SettingsReader } from "./settings_reader.ts";
import type { Layer, Sources } from "./sources/sources.ts";
import { findUnknownNames } from "./sources/unknown_names.ts";

/** What the sources say. */
export interface ParseResult {
  /** Frozen; null where there is any problem. */
  readonly config: Config | null;
  /** Every reason why it can't start. */
  readonly problems: readonly Problem[];
  /** What is allowed and yet likely not meant. */
  readonly warnings: readonly Problem[];
  /** Every effective value with its origin; whoever prints them masks the secret ones. */
  readonly settings: readonly Setting[];
}

/** What the parser is told of the parts that it does not know itself. */
export interface Known {
  readonly algorithms: readonly KnownAlgorithm[];
  /** Needed where there is a servers file. */
  readonly readServersFile: ReadServersFile | null;
}

/** Reads the whole configuration and finds every problem at once; never throws, whatever the texts hold. */
export function parseConfig(sources: Sources, known: Known): ParseResult {
  const { layers, problems, warnings } = layersOf(sources);
  const doors = openDoors(layers, sources.configFile);
  const door: Door = doors[0]?.door ?? "nothing";
  const unknown = findUnknownNames(layers);
  const reader = new SettingsReader(layers, door, unknown.meant);
  [...problems, ...unknown.problems].forEach((problem) => reader.report(problem));
  reader.warn(warnings);
  reader.warn(unknown.warnings);
  if (doors.length > 1) {
    reader.report(problemOf(
      doors.map(({ by }) => by).join(" and "),
      "Only one of the groups, the backend list and the servers file can say what the targets are",
    ));
  }

  const listener = parseListener(reader);
  const admin = parseAdmin(reader, listener);
  const dns = parseDns(reader);
  const logging = parseLogging(reader);
  reader.read("LOAD_BALANCING_ALGORITHM", algorithmName(known.algorithms));
  const routes: Routes[] = doors.map((each) => {
    if (each.door === "groups") return parseGroupsDoor(reader, known.algorithms, numbersIn(layers));
    if (each.door === "backend_list") return parseBackendList(reader, known.algorithms);
    return parseServersFile(reader, known.algorithms, { file: sources.configFile!, read: known.readServersFile! });
  });
  const config: Config = { door, listener, admin, dns, logging, ...(routes[0] ?? { rules: [], groups: [] }) };

  for (const each of routes) {
    for (const problem of [...findDuplicates(each), ...findExcess(each)]) reader.report(problem);
  }
  if (door !== "backend_list") reader.warn(weightsOfNoList(layers));
  reader.warn(adviceOn(config, reader, known.algorithms));
  const found = reader.problems;
  return {
    config: found.length === 0 ? freezeDeep(config) : null,
    problems: found,
    warnings: reader.warnings,
    settings: reader.settings,
  };
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
  const ruleOf = new Map<string, number>();
  for (const rule of rules) {
    const { number } = rule;
    const pathPrefix = prefixOf(rule);
    const before = ruleOf.get(pathPrefix);
    if (before !== undefined) {
      problems.push(problemOf(
        `LISTENER_RULE_${number}_PATH_PREFIX`,
        `${quote(pathPrefix)} is the prefix of rule ${before} too`,
      ));
    }
    ruleOf.set(pathPrefix, before ?? number);
  }
  return problems;
}

/** Names that resolve to many addresses can't be counted here; whoever gives out the slots says so then. */
function findExcess({ groups }: Routes): Problem[] {
  const entries = groups.reduce((sum, group) => sum + group.entries.length, 0);
  return entries > LIMITS.entries ? [tooMany("targets", "targets", entries, LIMITS.entries)] : [];
}

function weightsOfNoList(layers: readonly Layer[]): Problem[] {
  const weights = layers.map((layer) => layer.values.get("BACKEND_WEIGHTS"))
    .find((each) => (each?.text.trim() ?? "") !== "");
  return weights === undefined ? [] : [problemOf(weights.label, "Has no effect without BACKEND_SERVERS")];
}

function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeep);
    Object.freeze(value);
  }
  return value;
}
