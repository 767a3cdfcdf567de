import assert from "node:assert/strict";
import { loadRegexEngine, REGEX_SYNTAX } from "../../../src/rules/regex.ts";
import { adviceOnRules } from "../../../src/rules/rule_advice.ts";
import type { Config } from "../../../src/config/model.ts";
import { parseConfig, type ParseResult } from "../../../src/config/parse_config.ts";
import { readServersFile } from "../../../src/config/sources/servers_file.ts";
import type { Sources } from "../../../src/config/sources/sources.ts";

await loadRegexEngine();

/** What the registry knows, as far as configuration asks. */
export const ALGORITHMS = [
  { name: "ROUND_ROBIN", aliases: [] },
  { name: "WEIGHTED", aliases: ["WEIGHTED_ROUND_ROBIN"], requiresWeights: true, usesWeights: true },
  { name: "LEAST_CONNECTIONS", aliases: ["LEAST_OUTSTANDING_REQUESTS"] },
  { name: "LRT", aliases: ["LEAST_RESPONSE_TIME"] },
  { name: "STICKY", aliases: [], sticky: true },
  { name: "RANDOM", aliases: [] },
  { name: "POWER_OF_TWO", aliases: [] },
  { name: "HASH", aliases: [], usesWeights: true, usesKey: true },
] as const;

/** Parses sources, of which only those of interest are given. */
export function parseWith(sources: Partial<Sources>): ParseResult {
  return parseConfig({ flags: {}, environment: {}, envFile: null, configFile: null, ...sources }, {
    algorithms: ALGORITHMS,
    readServersFile,
    regex: REGEX_SYNTAX,
    adviceOnRules,
  });
}

/** Parses an environment. */
export function parseEnvironment(environment: Record<string, string>): ParseResult {
  return parseWith({ environment });
}

/** Gives the configuration, which must have no problem. */
export function configOf(result: ParseResult): Config {
  assert.deepEqual(messages(result.problems), []);
  assert.ok(result.config !== null);
  return result.config;
}

/** Gives the lines of problems or warnings. */
export function messages(problems: readonly { readonly message: string }[]): string[] {
  return problems.map((problem) => problem.message);
}

/** Two targets behind one rule, which is enough to start. */
export const MINIMAL: Readonly<Record<string, string>> = {
  TARGET_GROUP_1_NAME: "web",
  TARGET_GROUP_1_TARGETS: "10.0.0.1:8081,10.0.0.2:8081",
  LISTENER_RULE_1_PATH_PREFIX: "/",
  LISTENER_RULE_1_TARGET_GROUP: "web",
};
