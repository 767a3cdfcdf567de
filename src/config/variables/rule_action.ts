import { type Problem, problemOf } from "../config_error.ts";
import type { TargetGroupConfig } from "../model.ts";
import type { ForwardAction, PathRewrite, RuleAction } from "../rule_action.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { duration } from "../values/duration.ts";
import { HOST_HEADER } from "../values/address_values.ts";
import { FIXED_RESPONSE } from "../values/fixed_response.ts";
import { PATH } from "../values/path_values.ts";
import { REDIRECT } from "../values/redirect.ts";
import { refusalOfGroups, REGEX_REWRITE, type RegexSyntax } from "../values/regex_rewrite.ts";
import { BOOLEAN, orEmpty } from "../values/value_kind.ts";
import { WEIGHTED_GROUPS } from "../values/weighted_groups.ts";
import { reportRegex } from "./rule_conditions.ts";
import { checkGroups, quotedNames } from "./rule_groups.ts";
import { STICKINESS } from "./stickiness.ts";
import { type AnyVariable, define } from "./variable.ts";

/** The action of a listener rule. */
export const RULE_ACTION = {
  targetGroup: define("LISTENER_RULE_<N>_TARGET_GROUP", {
    kind: WEIGHTED_GROUPS,
    meaning: "Target group that gets the requests; several groups share them by weight, 0 to 999 (default 1).",
    example: "blue:90,green:10",
    exampleNeeds: {
      TARGET_GROUP_2_NAME: "blue",
      TARGET_GROUP_2_TARGETS: "10.0.0.3",
      TARGET_GROUP_3_NAME: "green",
      TARGET_GROUP_3_TARGETS: "10.0.0.4",
    },
  }),
  failover: define("LISTENER_RULE_<N>_TARGET_GROUP_FAILOVER", {
    kind: BOOLEAN,
    default: "false",
    meaning: "If the chosen group has no eligible target, choose another one; otherwise its share gets 503.",
    example: "true",
  }),
  stickiness: define("LISTENER_RULE_<N>_STICKINESS_ENABLED", {
    kind: BOOLEAN,
    default: "false",
    meaning: "Keep a client with its group by the signed cookie `sluice-rule-<N>`, even if weights change.",
    example: "true",
  }),
  stickinessTtl: define("LISTENER_RULE_<N>_STICKINESS_TTL", {
    kind: duration(0, Number.MAX_SAFE_INTEGER),
    default: "1d",
    meaning: "How long a client stays with its group; 0: until it closes its browser.",
    example: "1h",
  }),
  redirect: define("LISTENER_RULE_<N>_REDIRECT", {
    kind: REDIRECT,
    meaning:
      "Redirect to a URL with `#{protocol}`, `#{host}`, `#{port}`, `#{path}`, `#{query}` of the request; put it " +
      "between double quotes in `.env`.",
    example: "301 https://#{host}/#{path}?#{query}",
    exampleNeeds: { LISTENER_RULE_1_TARGET_GROUP: "" },
  }),
  fixedResponse: define("LISTENER_RULE_<N>_FIXED_RESPONSE", {
    kind: FIXED_RESPONSE,
    meaning: "Respond with this status, type and body, or with a status alone; text types get `charset=utf-8`.",
    example: "503 text/plain Back soon",
    exampleNeeds: { LISTENER_RULE_1_TARGET_GROUP: "" },
  }),
  pathRewrite: define("LISTENER_RULE_<N>_PATH_REWRITE", {
    kind: orEmpty(PATH),
    default: "",
    meaning: "Prefix to remove from the path before sluice puts the target's base in front; empty: remove nothing.",
    example: "/api",
    emptyCounts: true,
  }),
  rewriteRegex: define("LISTENER_RULE_<N>_REWRITE_REGEX", {
    kind: REGEX_REWRITE,
    meaning: "Replace the first match in the path, with `$1` for a group, before sluice puts the base in front.",
    example: "^/v1/(.*)$ /v2/$1",
  }),
  hostRewrite: define("LISTENER_RULE_<N>_HOST_REWRITE", {
    kind: HOST_HEADER,
    meaning: "Host that targets see, whatever `PRESERVE_HOST` says; `X-Forwarded-Host` keeps the client's.",
    example: "internal.example",
  }),
};

/** What an action is parsed with. */
export interface ActionContext {
  readonly groups: readonly TargetGroupConfig[];
  readonly regex: RegexSyntax;
}

const ACTIONS: readonly AnyVariable[] = [RULE_ACTION.targetGroup, RULE_ACTION.redirect, RULE_ACTION.fixedResponse];

/** Parses a rule's action; null if it has none that can be parsed, which is then reported. */
export function readAction(reader: SettingsReader, number: number, context: ActionContext): RuleAction | null {
  const at = { number };
  const given = ACTIONS.filter((variable) => reader.find(variable, at) !== null);
  if (given.length > 1) {
    const names = given.map((variable) => reader.shownAs(variable, at)).join(" and ");
    reader.report(problemOf(names, "A rule does one thing: it forwards, redirects or responds by itself"));
  } else if (given.length === 0) {
    const names = quotedNames(context.groups);
    const choice = names === "" ? "" : ` (${names})`;
    const text = `The rule names no target group${choice}, no redirect and no fixed response`;
    reader.reportMissing(`LISTENER_RULE_${number}_TARGET_GROUP`, text);
  }
  const redirect = reader.readIfSet(RULE_ACTION.redirect, at);
  const fixedResponse = reader.readIfSet(RULE_ACTION.fixedResponse, at);
  const cut = reader.find(RULE_ACTION.redirect, at);
  if (cut?.cut === true) {
    const text = 'It was cut at "#{", where a comment begins in .env: put the value between double quotes';
    reader.report(problemOf(cut.label, text));
  }
  const forward = readForward(reader, number, context);
  const own = redirect ?? fixedResponse;
  reader.warn(own === null ? uselessWithOneGroup(reader, number, forward) : uselessForwarding(reader, number));
  return own ?? forward;
}

function readForward(reader: SettingsReader, number: number, context: ActionContext): ForwardAction | null {
  const { groups, regex } = context;
  const at = { number };
  const targetGroup = reader.readIfSet(RULE_ACTION.targetGroup, at);
  const failover = reader.readIfSet(RULE_ACTION.failover, at);
  const stickiness = reader.readIfSet(RULE_ACTION.stickiness, at);
  const stickinessTtl = reader.readIfSet(RULE_ACTION.stickinessTtl, at);
  const pathRewrite = reader.readIfSet(RULE_ACTION.pathRewrite, at);
  const rewriteRegex = reader.readIfSet(RULE_ACTION.rewriteRegex, at);
  const hostRewrite = reader.readIfSet(RULE_ACTION.hostRewrite, at);
  if (pathRewrite !== "" && rewriteRegex !== null) {
    const names = `LISTENER_RULE_${number}_PATH_REWRITE and LISTENER_RULE_${number}_REWRITE_REGEX`;
    reader.report(problemOf(names, "A rule can have only one of them"));
  }
  if (rewriteRegex !== null) {
    reportRegex(reader, RULE_ACTION.rewriteRegex, { number, regex: rewriteRegex.regex, syntax: regex });
    const wrong = regex.problem(rewriteRegex.regex) === null ? refusalOfGroups(rewriteRegex, regex) : null;
    if (wrong !== null) reader.report(problemOf(reader.find(RULE_ACTION.rewriteRegex, { number })!.label, wrong));
  }
  if (targetGroup === null) return null;
  checkGroups(reader, number, { given: targetGroup, groups });
  const strip: PathRewrite | null = pathRewrite === "" ? null : { kind: "strip", prefix: pathRewrite };
  return {
    kind: "forward",
    groups: targetGroup,
    failover,
    stickiness: stickiness ? { ttlMs: stickinessTtl, secret: reader.read(STICKINESS.secret) } : null,
    rewrite: rewriteRegex ?? strip,
    hostRewrite,
  };
}

/** What only forwarding has a use for. */
const OF_FORWARDING: readonly AnyVariable[] = [
  RULE_ACTION.failover,
  RULE_ACTION.stickiness,
  RULE_ACTION.stickinessTtl,
  RULE_ACTION.pathRewrite,
  RULE_ACTION.rewriteRegex,
  RULE_ACTION.hostRewrite,
];

function uselessForwarding(reader: SettingsReader, number: number): Problem[] {
  return OF_FORWARDING.flatMap((variable) => {
    const found = reader.find(variable, { number });
    return found === null || found.text === ""
      ? []
      : [problemOf(found.label, "Has no effect: the rule sends no request to a target group")];
  });
}

function uselessWithOneGroup(reader: SettingsReader, number: number, forward: ForwardAction | null): Problem[] {
  if (forward === null) return [];
  const one = forward.groups.length === 1;
  const useless = one
    ? [RULE_ACTION.failover, RULE_ACTION.stickiness, RULE_ACTION.stickinessTtl]
    : forward.stickiness === null
    ? [RULE_ACTION.stickinessTtl]
    : [];
  const why = one ? "the rule has one target group only" : `LISTENER_RULE_${number}_STICKINESS_ENABLED is off`;
  return useless.flatMap((variable: AnyVariable) => {
    const found = reader.find(variable, { number });
    return found === null ? [] : [problemOf(found.label, `Has no effect: ${why}`)];
  });
}
