import type { Collector } from "../output/collector.ts";
import type { Action, Conditions, From, Origin } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { literal } from "../output/patterns.ts";
import { toPatterns, toRe2 } from "../output/re2.ts";
import { type Directive, originOf } from "./directives.ts";
import { conditionOn } from "./pools.ts";
import { type Blocks, effective, withPlaceholders } from "./values.ts";

/** A response without a target. */
export interface OwnAnswer {
  readonly from: Origin[];
  readonly conditions: Conditions;
  readonly action: From<Action>;
}

/** A fixed response with nothing but a status. */
export function readOwnAnswer(status: number, from: Origin): From<Action> {
  return { value: { kind: "fixed", status, type: "text/plain", body: "" }, from };
}

/** The `if`, `rewrite` and `return` of the innermost block that respond by themselves, in their order. */
export function readOwnAnswers(blocks: Blocks, where: "server" | "location", found: Collector): OwnAnswer[] {
  return blocks[0]!.flatMap((directive) => {
    if (directive.name === "return") return answer(directive, NO_CONDITIONS, blocks, found);
    if (directive.name === "rewrite") return rewriteAnswer(directive, where, blocks, found);
    return directive.name === "if" ? ifAnswers(directive, blocks, found) : [];
  });
}

function answer(directive: Directive, conditions: Conditions, blocks: Blocks, found: Collector): OwnAnswer[] {
  const action = returnAction(directive, blocks, found);
  return action === null ? [] : [{ from: [originOf(directive)], conditions, action }];
}

function returnAction(directive: Directive, blocks: Blocks, found: Collector): From<Action> | null {
  const from = originOf(directive);
  const [first = "", second] = directive.args;
  const status = /^\d{3}$/.test(first) ? Number(first) : 302;
  const text = status === 302 && first !== "302" ? first : second ?? "";
  if (status === 444) {
    found.lose(from, "sluice can't close without a response; it answers with 404");
    return readOwnAnswer(404, from);
  }
  const redirects = [301, 302, 303, 307, 308].includes(status) && text !== "";
  if (redirects) {
    const location = redirectLocation(text, blocks);
    if (location !== null) return { value: { kind: "redirect", status, location }, from };
    found.lose(from, "sluice has no placeholder for a variable in it");
    return null;
  }
  if (status < 200 || status > 599) {
    found.lose(from, "a fixed response has a status from 200 to 599");
    return null;
  }
  if (text.includes("$")) {
    found.lose(from, "a fixed response has no variables: its body is left out");
    return readOwnAnswer(status, from);
  }
  const type =
    effective(blocks, "add_header").find((each) => each.args[0]?.toLowerCase() === "content-type")?.args[1] ??
      effective(blocks, "default_type")[0]?.args[0] ?? "text/plain";
  const body = status === 204 || status === 304 ? "" : text;
  return { value: { kind: "fixed", status, type: type.replace(/;.*$/s, ""), body }, from };
}

/** A target of a redirect; one that begins with `/` gets the scheme and host, as nginx does it. */
function redirectLocation(text: string, blocks: Blocks): string | null {
  const location = withPlaceholders(text, blocks);
  if (location === null || /\s/.test(location)) return null;
  return location.startsWith("/") ? `#{protocol}://#{host}:#{port}${location}` : location;
}

/** `rewrite REGEX URL permanent` as a redirect; other rewrites belong to forwarding. */
function rewriteAnswer(
  directive: Directive,
  where: "server" | "location",
  blocks: Blocks,
  found: Collector,
): OwnAnswer[] {
  const [pattern = "", to = "", flag = ""] = directive.args;
  const from = originOf(directive);
  const redirects = flag === "permanent" || flag === "redirect" || /^https?:\/\//.test(to);
  if (!redirects) {
    if (where === "server") found.lose(from, "sluice rewrites the path of a rule, not of all");
    else if (flag === "") found.lose(from, "sluice does not look for another rule after a rewrite");
    return [];
  }
  const whole = /^\^(\/?)\(\.\*\)\$?$/.exec(pattern);
  // The part in brackets is the path, without its first slash if that stands before the bracket.
  const target = whole === null
    ? to
    : to.replace(/(\/?)\$1/, (_, slash) => whole[1] === "" ? "/#{path}" : `${slash}#{path}`);
  const ends = target.endsWith("?") || target.includes("$request_uri");
  const bare = target.replace(/\?$/, "");
  const location = redirectLocation(ends ? bare : `${bare}${bare.includes("?") ? "&" : "?"}#{query}`, blocks);
  const regex = toRe2(pattern);
  if (location === null || /\$\d/.test(target) || regex === null) {
    found.lose(from, "a redirect of sluice's has the whole path, not parts of it");
    return [];
  }
  const status = flag === "permanent" ? 301 : 302;
  const conditions: Conditions = whole !== null || pattern === "^"
    ? NO_CONDITIONS
    : { ...NO_CONDITIONS, path: { value: { kind: "regex", regex }, from } };
  return [{ from: [from], conditions, action: { value: { kind: "redirect", status, location }, from } }];
}

function ifAnswers(directive: Directive, blocks: Blocks, found: Collector): OwnAnswer[] {
  const from = originOf(directive);
  const inner = directive.block ?? [];
  const conditions = ifConditions(directive);
  const returns = inner.filter(({ name }) => name === "return" || name === "rewrite");
  for (const each of inner) {
    if (conditions === null || !returns.includes(each)) found.lose(originOf(each), "part of an if");
  }
  if (conditions === null) {
    found.lose(from, "sluice has no condition for it");
    return [];
  }
  return returns.flatMap((each) => {
    const answers = each.name === "return"
      ? answer(each, conditions, [inner, ...blocks], found)
      : rewriteAnswer(each, "location", [inner, ...blocks], found).map((one) => ({
        ...one,
        conditions: { ...conditions, ...one.conditions.path ? { path: one.conditions.path } : {} },
      }));
    return answers.map((one) => ({ ...one, from: [from, ...one.from] }));
  });
}

/** `($request_method = POST)` and `($http_user_agent ~* bot)` as conditions; null if sluice has none for it. */
function ifConditions(directive: Directive): Conditions | null {
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
