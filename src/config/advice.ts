import { isLoopback, isWildcard } from "./values/address_values.ts";
import { type Problem, problemOf } from "./config_error.ts";
import { quote } from "../logging/shown_text.ts";
import { isBareNumber } from "./values/duration.ts";
import type { Config, ListenerConfig, TargetEntry } from "./model.ts";
import { prefixOf, type RuleConfig } from "./rule.ts";
import type { KnownAlgorithm } from "./variables/parse_algorithm.ts";
import { matchesWholeSegments } from "./values/path_values.ts";
import type { SettingsReader } from "./settings_reader.ts";
import { formatTarget } from "./values/target_text.ts";
import { unusedSettings } from "./sources/unused_settings.ts";

/** A bare number of milliseconds up to this, as a timeout of requests, is likely meant as seconds. */
const LOOKS_LIKE_SECONDS_MS = 60;

/** Finds what is allowed and yet likely not what was meant. */
export function adviceOn(config: Config, reader: SettingsReader, known: readonly KnownAlgorithm[]): Problem[] {
  return [
    ...adviceOnTimeouts(reader),
    ...adviceOnReuse(config.listener, reader),
    ...adviceOnConnecting(config, reader),
    ...adviceOnLoops(config, reader),
    ...config.rules.flatMap((rule) => adviceOnRule(rule, config)),
    ...adviceOnGroups(config, reader, known),
    ...unusedSettings(config, reader, known),
  ];
}

function adviceOnTimeouts(reader: SettingsReader): Problem[] {
  const names = [
    "CONNECTION_TIMEOUT",
    "CONNECT_TIMEOUT",
    "LISTENER_BODY_TIMEOUT",
    "STREAM_IDLE_TIMEOUT",
    "SHUTDOWN_TIMEOUT",
    "SHUTDOWN_DELAY",
  ] as const;
  return names.flatMap((name) => {
    const found = reader.find(name);
    if (found === null || !isBareNumber(found.text)) return [];
    const ms = Number(found.text);
    if (ms < 1 || ms > LOOKS_LIKE_SECONDS_MS) return [];
    return [
      problemOf(found.label, `${quote(found.text)} is milliseconds; write "${found.text}s" if seconds are meant`),
    ];
  });
}

function adviceOnReuse({ upstreamTransport }: ListenerConfig, reader: SettingsReader): Problem[] {
  const found = reader.find("UPSTREAM_REUSE");
  if (found === null || upstreamTransport !== "fetch") return [];
  const text =
    `${quote(found.text)} has no effect with UPSTREAM_TRANSPORT=fetch: POST and PATCH get connections of their ` +
    "own there, and all others share";
  return [problemOf(found.label, text)];
}

/** `fetch` does not tell when a connection stands, so that only the deadline of the whole request is left there. */
function adviceOnConnecting({ listener, groups }: Config, reader: SettingsReader): Problem[] {
  const found = reader.find("CONNECT_TIMEOUT");
  if (found === null) return [];
  const byFetch = listener.upstreamTransport === "fetch";
  if (!byFetch && !groups.some(({ entries }) => entries.some(({ scheme }) => scheme === "https"))) return [];
  const which = byFetch ? "with UPSTREAM_TRANSPORT=fetch" : "on requests to https:// targets";
  const text = `${
    quote(found.text)
  } has no effect ${which}, except for WebSockets: only CONNECTION_TIMEOUT limits them`;
  return [problemOf(found.label, text)];
}

/** Finds targets that are the listener: a warning, since such requests are answered 508; a problem if VIA_ENABLE=false finds no loops. */
function adviceOnLoops({ door, groups, listener }: Config, reader: SettingsReader): Problem[] {
  const loops = groups.flatMap((group) =>
    group.entries.filter((entry) => isListenerItself(entry, listener)).map((entry) => ({
      subject: door === "groups" ? `TARGET_GROUP_${group.number}_TARGETS` : `group ${group.name}`,
      text: `Target ${quote(formatTarget(entry))} is the listener itself`,
    }))
  );
  if (listener.via) {
    return loops.map(({ subject, text }) => problemOf(subject, `${text}: requests to it will be answered 508`));
  }
  const why = "and with VIA_ENABLE=false no loop is found: one request would take every file descriptor";
  for (const { subject, text } of loops) reader.report(problemOf(subject, `${text}, ${why}`));
  return [];
}

/** Tells whether a target surely is the listener: a name that only resolution could tell is found when it happens. */
function isListenerItself(entry: TargetEntry, listener: ListenerConfig): boolean {
  if (listener.port === 0 || entry.port !== listener.port) return false;
  if (entry.host === listener.host) return true;
  const local = isLoopback(entry.host) || isWildcard(entry.host);
  return local && (isLoopback(listener.host) || isWildcard(listener.host));
}

function adviceOnRule(rule: RuleConfig, config: Config): Problem[] {
  const advice: Problem[] = [];
  const pathPrefix = prefixOf(rule);
  const { group, pathRewrite } = rule.action;
  if (pathPrefix === config.listener.statsPath) {
    advice.push(problemOf(
      `LISTENER_RULE_${rule.number}_PATH_PREFIX`,
      `Requests for ${quote(pathPrefix)} itself never reach the rule: STATS_PATH answers them`,
    ));
  }
  if (pathPrefix.endsWith("/") && pathPrefix !== "/") {
    const twin = config.rules.find((other) => prefixOf(other) === pathPrefix.slice(0, -1));
    if (twin !== undefined && twin.action.group === group && twin.action.pathRewrite === pathRewrite) {
      advice.push(problemOf(
        `LISTENER_RULE_${rule.number}_PATH_PREFIX`,
        `${quote(pathPrefix)} changes nothing: rule ${twin.number} does the same for ${quote(prefixOf(twin))}`,
      ));
    }
  }
  const wildcard = /\*|\/:[^/]*/.exec(pathPrefix)?.[0];
  if (wildcard !== undefined) {
    const plain = pathPrefix.slice(0, pathPrefix.search(/\/[^/]*(\*|:)/)) || "/";
    advice.push(problemOf(
      `LISTENER_RULE_${rule.number}_PATH_PREFIX`,
      `${quote(wildcard)} in ${quote(pathPrefix)} is matched as it stands, as there are no wildcards: ` +
        `the prefix ${quote(plain)} takes every path below it`,
    ));
  }
  const rewrites = matchesWholeSegments(pathRewrite, pathPrefix) || matchesWholeSegments(pathPrefix, pathRewrite);
  if (pathRewrite !== "" && !rewrites) {
    advice.push(problemOf(
      `LISTENER_RULE_${rule.number}_PATH_REWRITE`,
      `${quote(pathRewrite)} strips nothing: no path under the rule's prefix ${quote(pathPrefix)} begins with it`,
    ));
  }
  return advice;
}

function adviceOnGroups(config: Config, reader: SettingsReader, known: readonly KnownAlgorithm[]): Problem[] {
  const advice: Problem[] = [];
  const cookies = new Map<string, string>();
  for (const group of config.groups) {
    const algorithm = known.find((each) => each.name === group.algorithm);
    if (!config.rules.some((rule) => rule.action.group === group.name)) {
      advice.push(problemOf(`TARGET_GROUP_${group.number}_NAME`, `No rule names group ${quote(group.name)}`));
    }
    if (algorithm?.sticky !== true) continue;
    const cookie = group.algorithmOptions.stickyCookieName;
    const other = cookies.get(cookie);
    if (other !== undefined) {
      const at = config.door === "groups" ? { number: group.number } : {};
      advice.push(problemOf(
        reader.shownAs("TARGET_GROUP_<N>_STICKY_COOKIE_NAME", at),
        `Groups ${quote(other)} and ${quote(group.name)} share the cookie ${quote(cookie)} and overwrite each other's`,
      ));
    }
    cookies.set(cookie, group.name);
  }
  return advice;
}
