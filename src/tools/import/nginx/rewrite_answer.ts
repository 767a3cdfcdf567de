import type { Collector } from "../output/collector.ts";
import type { Action, Conditions, From, Origin } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { toRe2 } from "../output/re2.ts";
import { type Directive, originOf } from "./directives.ts";
import { redirectLocation } from "./return_action.ts";
import type { Blocks } from "./values.ts";

/** A response without a target. */
export interface OwnAnswer {
  readonly from: Origin[];
  readonly conditions: Conditions;
  readonly action: From<Action>;
}

/** `rewrite REGEX URL permanent` as a redirect; other rewrites belong to forwarding. */
export function rewriteAnswer(
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
