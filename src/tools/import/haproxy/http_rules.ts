import type { Collector } from "../output/collector.ts";
import type { Action, From, Setting } from "../output/imported.ts";
import { type Acls, type Case } from "./conditions.ts";
import { answerOf, isAnswer } from "./http_answers.ts";
import { requestSetting, responseSetting } from "./http_settings.ts";
import type { Line } from "./sections.ts";

/** What `http-request` and `redirect` lines of a section do. */
export interface HttpRules {
  /** Responses without a target, in order. */
  readonly answers: readonly { readonly line: Line; readonly cases: readonly Case[]; readonly action: From<Action> }[];
  /** What holds for all requests of the section. */
  readonly settings: readonly Setting[];
  /** A line that keeps clients out and could not be carried over. */
  readonly guard?: Line;
}

/** Reads the lines `http-request`, `http-response`, `redirect` and the older `reqadd` of a section. */
export function readHttpRules(lines: readonly Line[], acls: Acls, found: Collector): HttpRules {
  const answers: { line: Line; cases: readonly Case[]; action: From<Action> }[] = [];
  const settings: Setting[] = [];
  let guard: Line | undefined;
  for (const line of lines) {
    const [keyword, first = ""] = line.words;
    if (!["http-request", "http-response", "http-after-response", "redirect"].includes(keyword ?? "")) continue;
    const words = keyword === "redirect" ? line.words : line.words.slice(1);
    const { statement, cases } = split(words, acls, line);
    if (cases === null) {
      const keepsOut = ["deny", "auth", "reject", "tarpit"].includes(first);
      const why = keepsOut
        ? "sluice has no condition for it; look for RATE_LIMIT, ALLOW and DENY"
        : "sluice has no condition for it";
      found.lose(line.origin, why);
      continue;
    }
    if (keyword === "http-request" || keyword === "redirect") {
      if (first === "auth" && keyword === "http-request") {
        guard = line;
        found.lose(line.origin, "sluice reads users from a file: BASIC_AUTH_FILE");
        continue;
      }
      const action = answerOf(statement, line, found);
      if (action !== null) answers.push({ line, cases, action });
      else if (action === null && !isAnswer(statement)) requestSetting(statement, cases, line, settings, found);
    } else responseSetting(statement, cases, line, settings, found);
  }
  return guard === undefined ? { answers, settings } : { answers, settings, guard };
}

/** Cuts off what follows `if` or `unless`. */
export function split(
  words: readonly string[],
  acls: Acls,
  line: Line,
): { statement: readonly string[]; cases: Case[] | null } {
  const at = words.findIndex((word) => word === "if" || word === "unless");
  if (at < 0) return { statement: words, cases: acls.cases([], false, line.origin) };
  return { statement: words.slice(0, at), cases: acls.cases(words.slice(at + 1), words[at] === "unless", line.origin) };
}
