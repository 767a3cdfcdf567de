import { formatDuration } from "../config/values/duration.ts";
import { quote, shown } from "../logging/shown_text.ts";
import type { ExplainedCandidate, Explanation } from "../views/explanation.ts";
import { textTable } from "../logging/text_table.ts";

/** Most targets that are listed; the others are counted. */
const MOST_TARGETS = 40;
const MOST_RULES = 40;
/** Most rules whose conditions are listed. */
const MOST_CONDITIONS = 10;

/** Puts an explanation into words, from what came to what would be sent. */
export function explainText(explanation: Explanation): string {
  const { method, path, answer, engine, engineNotes } = explanation;
  const parts = [[
    `${method} ${path ?? "(refused before its path was read)"}`,
    `  received by the engine ${engine}`,
    ...engineNotes.map((note) => `  ${note}`),
  ]];
  if (explanation.rules.length > 0) parts.push(rulesPart(explanation));
  if (explanation.rules.some(({ conditions }) => conditions.some(({ kind }) => kind !== "path_prefix"))) {
    parts.push(conditionLines(explanation));
  }
  if (explanation.rewrite.length > 0) parts.push(["Path", ...rewriteLines(explanation)]);
  if (explanation.groups.length > 0) parts.push(groupsPart(explanation));
  if (explanation.group !== null) parts.push(targetsPart(explanation));
  parts.push(
    answer === null ? [`Choice: ${explanation.chosen}`, `  ${explanation.why}`] : [
      `Response by sluice itself: ${answer.status}${answer.reason === null ? "" : ` ${answer.reason}`}`,
      `  ${explanation.why}`,
    ],
  );
  if (explanation.limits !== null) parts.at(-1)!.push(`  ${limitsText(explanation.limits)}`);
  if (explanation.headers.length > 0) parts.push(sentPart(explanation));
  const { responseHeaders, locations } = explanation;
  if (responseHeaders !== null) {
    const set = responseHeaders.set.map(([name, value]) => `  set ${name}: ${value}`);
    parts.push(["Response headers", ...set, ...responseHeaders.removed.map((name) => `  remove ${name}`)]);
  }
  if (locations !== null) {
    parts.push(["Redirects (LOCATION_REWRITE)", `  ${locations.from}  becomes  ${locations.to}`]);
  }
  // What a client wrote must neither drive the terminal nor begin a line.
  return parts.map((lines) => lines.map(shown).join("\n")).join("\n\n") + "\n";
}

function limitsText({ connectMs, headersMs }: NonNullable<Explanation["limits"]>): string {
  const headers = `${formatDuration(headersMs)} for the response headers`;
  return connectMs === null ? `Limit: ${headers}` : `Limits: ${formatDuration(connectMs)} to connect, ${headers}`;
}

function rulesPart({ rules }: Explanation): string[] {
  const taken = rules.findIndex(({ matched }) => matched);
  const shown = rules.filter((_, index) => index < MOST_RULES || index === taken);
  const lines = textTable(
    shown.map((rule) => [rule.matched ? ">" : " ", `rule ${rule.number}`, rule.takes, `-> ${rule.action}`, rule.why]),
    { indent: "  " },
  );
  const left = rules.length - shown.length;
  return [
    "Rules, in the order in which they are considered",
    ...lines,
    ...left > 0 ? [`    and ${left} more that were not chosen`] : [],
  ];
}

/** The values that conditions compared: those of the rule that was taken, and of the first rules. */
function conditionLines({ rules }: Explanation): string[] {
  const rows = rules.filter(({ matched }, index) => matched || index < MOST_CONDITIONS).flatMap((rule) =>
    rule.conditions.map(({ kind, text, held, value }) => [
      held ? "+" : "-",
      `rule ${rule.number}`,
      `${kind.replace("_", " ")} ${text}`,
      held ? "holds" : "does not hold",
      value === null ? "there is none" : quote(value),
    ])
  );
  return rows.length === 0 ? [] : ["Conditions", ...textTable(rows, { indent: "  " })];
}

function groupsPart({ groups }: Explanation): string[] {
  const sum = groups.reduce((total, { weight }) => total + weight, 0);
  return [
    "Groups",
    ...textTable(
      groups.map(({ name, weight, eligible, chosen, why }) => [
        chosen ? ">" : " ",
        name,
        `${Number((100 * weight / sum).toFixed(1))} %`,
        `${eligible} eligible`,
        why,
      ]),
      { indent: "  " },
    ),
  ];
}

function rewriteLines({ rewrite }: Explanation): string[] {
  return textTable(rewrite.map(({ step, path }) => [step, path]), { indent: "  " });
}

function targetsPart({ group, algorithm, candidates, chosen, key, pinned }: Explanation): string[] {
  const notes = [key === null ? null : `HASH key ${quote(key)}`, pinned === null ? null : `cookie names ${pinned}`];
  const said = [algorithm, ...notes].filter((note) => note !== null).join(", ");
  const shown = candidates.filter(({ target }, index) => index < MOST_TARGETS || target === chosen);
  const lines = textTable(shown.map((candidate) => targetRow(candidate, chosen)), { indent: "  " });
  const left = candidates.length - shown.length;
  return [
    `Targets of group ${group} (${said})`,
    ...candidates.length === 0 ? ["    none"] : lines,
    ...left > 0 ? [`    and ${left} more`] : [],
  ];
}

function targetRow(candidate: ExplainedCandidate, chosen: string | null): string[] {
  const { target, state, since, score, why, reason } = candidate;
  const sinceText = since === null ? "" : `since ${since.slice(0, 19)}Z`;
  return [
    target === chosen ? ">" : " ",
    target,
    state === "unknown" ? "" : `[${state.toUpperCase()}]`,
    sinceText,
    score,
    target === chosen ? reason ?? "" : why,
  ];
}

function sentPart({ method, rewrite, headers }: Explanation): string[] {
  return [
    "Request to the target",
    `  ${method} ${rewrite.at(-1)?.path ?? ""} HTTP/1.1`,
    ...headers.map(([name, value]) => `  ${name}: ${value}`),
  ];
}
