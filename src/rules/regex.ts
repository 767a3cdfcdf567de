import type { RE2JS } from "re2js";
import type { RuleConfig } from "../config/rule.ts";
import type { RegexSyntax } from "../config/values/regex_rewrite.ts";

/**
 * Regular expressions of rules are run by RE2JS, in time that grows linearly with the path whatever the expression: a
 * client can't make one hang. It is loaded where a rule has an expression: it costs each thread 4 MB.
 */
let engine: typeof RE2JS | null = null;

/** Loads what runs regular expressions, once. */
export async function loadRegexEngine(): Promise<void> {
  engine ??= (await import("re2js")).RE2JS;
}

/** Tells whether the engine is needed for rules, and not loaded yet. */
export function needsRegexEngine(rules: readonly Pick<RuleConfig, "conditions" | "action">[]): boolean {
  return engine === null &&
    rules.some(({ conditions, action }) =>
      conditions.some(({ kind }) => kind === "path_regex") ||
      (action.kind === "forward" && action.rewrite?.kind === "regex")
    );
}

/** What configuration must know of the syntax. The engine must be loaded. */
export const REGEX_SYNTAX: RegexSyntax = {
  problem(regex) {
    try {
      compileRegex(regex);
      return null;
    } catch (error) {
      return (error as Error).message.replace("error parsing regexp: ", "");
    }
  },
  groupCount: (regex) => compileRegex(regex).groupCount(),
};

/** Compiles an expression; throws for one that RE2's syntax does not have. The engine must be loaded. */
export function compileRegex(regex: string): RE2JS {
  if (engine === null) throw new TypeError("Cannot compile a regular expression before its engine is loaded");
  return engine.compile(regex);
}
