import { isToken } from "../../http1/tokens.ts";
import { quote } from "../../logging/shown_text.ts";
import type { ConditionKind, NamedCondition, RuleCondition } from "../rule_condition.ts";
import { CIDR } from "./address_values.ts";
import { parseAlternatives, splitParts } from "./alternatives.ts";
import { PATH, PATH_PATTERN } from "./path_values.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

type Read = (text: string) => RuleCondition | Refusal;

/** How each kind's text is read, part by part. */
const READ: Readonly<Record<ConditionKind, Read>> = {
  path_prefix: (text) => built(PATH.parse(text), (prefix) => ({ kind: "path_prefix", text, prefix })),
  path: (text) => built(parseAlternatives(text, PATH_PATTERN.parse), (patterns) => ({ kind: "path", text, patterns })),
  path_regex: (text) => ({ kind: "path_regex", text, regex: text }),
  host: (text) => built(parseAlternatives(text, hostPattern), (patterns) => ({ kind: "host", text, patterns })),
  method: (text) => built(parseAlternatives(text, method), (methods) => ({ kind: "method", text, methods })),
  header: (text) =>
    built(
      named("header", ":", text),
      ({ name, ...rest }) => ({ ...rest, kind: "header", text, name: name.toLowerCase() }),
    ),
  cookie: (text) => named("cookie", "=", text),
  query: (text) => named("query", "=", text),
  source_ip: (text) => built(parseAlternatives(text, CIDR.parse), (ranges) => ({ kind: "source_ip", text, ranges })),
  protocol: (text) => built(parseAlternatives(text, protocol), (protocols) => ({ kind: "protocol", text, protocols })),
};

/** Kinds with only one value: a character that separates values elsewhere is part of it. */
const WHOLE: readonly ConditionKind[] = ["path_prefix", "path_regex"];

/** Reads the conditions that a variable's text says; more than one if it has ` && ` in it. */
export function parseConditions(kind: ConditionKind, text: string): readonly RuleCondition[] | Refusal {
  const conditions: RuleCondition[] = [];
  for (const part of WHOLE.includes(kind) ? [text] : splitParts(text)) {
    if (part === "") return new Refusal('without an empty part: " && " stands between two');
    const condition = READ[kind](part);
    if (condition instanceof Refusal) return condition;
    conditions.push(condition);
  }
  return conditions;
}

/** Makes the kind of values of one kind of condition. */
export function conditionsOf(kind: ConditionKind, words: string): ValueKind<readonly RuleCondition[]> {
  return {
    words,
    parse: (text) => parseConditions(kind, text),
    format: (conditions) => conditions.map(({ text }) => text).join(" && "),
  };
}

function built<T, C>(value: T | Refusal, build: (value: T) => C): C | Refusal {
  return value instanceof Refusal ? value : build(value);
}

function hostPattern(text: string): string | Refusal {
  const host = text.toLowerCase().replace(/(.)\.$/, "$1");
  if (/^\[[0-9a-f:.*?]+\]$/.test(host)) return host;
  if (host.includes(":")) {
    return new Refusal(`hosts without a port, an IPv6 address in brackets (${quote(text)} is not)`);
  }
  return /^[a-z0-9_.*?~!$&'()+,;=%\\-]+$/.test(host)
    ? host
    : new Refusal(`host names or patterns (${quote(text)} is not)`);
}

function method(text: string): string | Refusal {
  return isToken(text) ? text : new Refusal(`methods such as GET|HEAD (${quote(text)} is not)`);
}

function protocol(text: string): "http" | "https" | Refusal {
  const lower = text.toLowerCase();
  return lower === "http" || lower === "https" ? lower : new Refusal("http or https");
}

/** `NAME` alone, or with a separator and values. */
function named<K extends "header" | "cookie" | "query">(
  kind: K,
  separator: string,
  text: string,
): NamedCondition<K> | Refusal {
  const at = text.indexOf(separator);
  const name = at === -1 ? text : text.slice(0, at).trim();
  const form = `NAME, or NAME${separator === ":" ? ": " : "="}VALUE|VALUE`;
  if (name === "" || (kind !== "query" && !isToken(name))) return new Refusal(`${form} (${quote(text)} is not)`);
  if (at === -1) return { kind, text, name, patterns: [] };
  const patterns = parseAlternatives(text.slice(at + 1).trim(), (pattern) => pattern);
  if (patterns instanceof Refusal) return new Refusal(`${form}; the name alone takes every value`);
  return { kind, text, name, patterns };
}
