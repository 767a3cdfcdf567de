import { problemOf } from "../config_error.ts";
import { type HeaderEditsConfig, NO_HEADER_EDITS } from "../header_edits.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { HEADER_LINES, HEADER_NAMES } from "../values/header_lines.ts";
import type { Topic } from "./topic.ts";
import { type AnyVariable, define, type Variable } from "./variable.ts";

const PER_LINE = "a line each (`\\n` in double quotes)";

/** Changes of headers, for every request. */
export const HEADERS = {
  requestSet: define("REQUEST_HEADERS_SET", {
    kind: HEADER_LINES,
    meaning: `Headers to set on requests to targets, ${PER_LINE}. All lines of their names are replaced.`,
    example: "X-Client: #{client_ip}",
  }),
  requestRemove: define("REQUEST_HEADERS_REMOVE", {
    kind: HEADER_NAMES,
    meaning: `Headers to remove from requests to targets, ${PER_LINE}.`,
    example: "X-Debug",
  }),
  responseSet: define("RESPONSE_HEADERS_SET", {
    kind: HEADER_LINES,
    meaning: `Headers to set on responses, sluice's own included, ${PER_LINE}. All lines of their names are replaced.`,
    example: "Strict-Transport-Security: max-age=31536000",
  }),
  responseRemove: define("RESPONSE_HEADERS_REMOVE", {
    kind: HEADER_NAMES,
    meaning: `Headers to remove from responses, ${PER_LINE}.`,
    example: "Server",
  }),
};

/** The same for the requests of one rule, after those of the listener. */
export const RULE_HEADERS = {
  requestSet: ofRule(HEADERS.requestSet, "X-Tenant: shop"),
  requestRemove: ofRule(HEADERS.requestRemove, "Cookie"),
  responseSet: ofRule(HEADERS.responseSet, "Cache-Control: no-store"),
  responseRemove: ofRule(HEADERS.responseRemove, "X-Powered-By"),
};

function ofRule<T>(variable: Variable<T>, example: string): Variable<T> {
  const meaning = `As \`${variable.name}\`, for the rule's requests, and after it.`;
  return { ...variable, name: `LISTENER_RULE_<N>_${variable.name}`, meaning, example };
}

/** Parses the changes for the listener, or for a rule. */
export function parseHeaderEdits(
  reader: SettingsReader,
  variables: typeof HEADERS,
  at: At = {},
): HeaderEditsConfig {
  const { requestSet, requestRemove, responseSet, responseRemove } = variables;
  reportCut(reader, [requestSet, responseSet], at);
  return {
    requestSet: reader.readIfSet(requestSet, at) ?? NO_HEADER_EDITS.requestSet,
    requestRemove: reader.readIfSet(requestRemove, at) ?? NO_HEADER_EDITS.requestRemove,
    responseSet: reader.readIfSet(responseSet, at) ?? NO_HEADER_EDITS.responseSet,
    responseRemove: reader.readIfSet(responseRemove, at) ?? NO_HEADER_EDITS.responseRemove,
  };
}

/** In a `.env` file, `#` begins a comment outside quotes, also where a placeholder was meant. */
function reportCut(reader: SettingsReader, variables: readonly AnyVariable[], at: At): void {
  for (const found of variables.map((variable) => reader.find(variable, at))) {
    if (found?.cut !== true) continue;
    const text = 'It was cut at "#{", where a comment begins in .env: put the value between double quotes';
    reader.report(problemOf(found.label, text));
  }
}

export const HEADERS_TOPIC: Topic = { name: "headers", variables: HEADERS };
export const RULE_HEADERS_TOPIC: Topic = { name: "headers of rules", variables: RULE_HEADERS };
