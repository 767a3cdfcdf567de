import type { Conditions } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { literal } from "../output/patterns.ts";
import { toPatterns } from "../output/re2.ts";
import type { Directive } from "./directives.ts";
import { conditionOn } from "./pools.ts";

/** `($request_method = POST)` and `($http_user_agent ~* bot)` as conditions; null if sluice has none for it. */
export function ifConditions(directive: Directive): Conditions | null {
  const words = directive.args.join(" ").replace(/^\(\s*|\s*\)$/g, "");
  const [, variable, operator, value = ""] = /^(\$\w+)(?:\s*(!?=|!?~\*?)\s*(.*))?$/s.exec(words) ?? [];
  if (variable === undefined) return null;
  const text = value.replace(/^(["'])(.*)\1$/s, "$2");
  if (operator === "=" && text !== "") return combined(conditionOn(variable, [literal(text)], directive));
  if (operator === "!=" && variable === "$scheme") {
    return combined(conditionOn(variable, [text === "https" ? "http" : "https"], directive));
  }
  if (operator === "~" || operator === "~*") {
    const patterns = toPatterns(text);
    const single = ["$scheme", "$remote_addr", "$uri"].includes(variable);
    return patterns === null || single ? null : combined(conditionOn(variable, patterns, directive));
  }
  // A bare variable is true if it has a value.
  const present = /^\$(http|cookie|arg)_/.test(variable) && operator === undefined;
  return present ? combined(conditionOn(variable, [], directive)) : null;
}

function combined(conditions: Partial<Conditions> | null): Conditions | null {
  return conditions === null ? null : { ...NO_CONDITIONS, ...conditions };
}
