import { ACME_TOPIC } from "./acme.ts";
import { ADMIN_TOPIC } from "./admin.ts";
import { ALGORITHM_TOPIC } from "./algorithm.ts";
import { BACKEND_LIST_TOPIC } from "./backend_list.ts";
import { DNS_TOPIC } from "./dns.ts";
import { EJECTION_TOPIC } from "./ejection.ts";
import { FORWARDING_TOPIC } from "./forwarding.ts";
import { FRONT_TOPIC } from "./front.ts";
import { HEADERS_TOPIC, RULE_HEADERS_TOPIC } from "./headers.ts";
import { HEALTH_CHECK_TOPIC } from "./health_check.ts";
import { LISTENER_TOPIC } from "./listener.ts";
import { LOGGING_TOPIC } from "./logging.ts";
import { OWN_RESPONSES_TOPIC } from "./own_responses.ts";
import { RULE_TOPIC } from "./rule.ts";
import { TARGET_GROUP_TOPIC } from "./target_group.ts";
import { TARGET_TLS_TOPIC } from "./target_tls.ts";
import { TIMEOUTS_TOPIC } from "./timeouts.ts";
import { STICKINESS_TOPIC } from "./stickiness.ts";
import { TLS_TOPIC } from "./tls.ts";
import type { Topic } from "./topic.ts";
import type { AnyVariable } from "./variable.ts";

/** Every topic, in the order of their warnings. */
export const TOPICS: readonly Topic[] = [
  LISTENER_TOPIC,
  FRONT_TOPIC,
  TLS_TOPIC,
  ACME_TOPIC,
  TIMEOUTS_TOPIC,
  FORWARDING_TOPIC,
  HEADERS_TOPIC,
  OWN_RESPONSES_TOPIC,
  RULE_TOPIC,
  RULE_HEADERS_TOPIC,
  TARGET_GROUP_TOPIC,
  TARGET_TLS_TOPIC,
  ALGORITHM_TOPIC,
  STICKINESS_TOPIC,
  HEALTH_CHECK_TOPIC,
  EJECTION_TOPIC,
  BACKEND_LIST_TOPIC,
  DNS_TOPIC,
  LOGGING_TOPIC,
  ADMIN_TOPIC,
];

/** Every variable that sluice reads. */
export const VARIABLES: readonly AnyVariable[] = TOPICS.flatMap(({ variables }) => Object.values(variables));

/** Every name without a number: variables, their forms for all groups, and aliases. */
export const PLAIN_NAMES: ReadonlySet<string> = new Set(
  VARIABLES.flatMap((each) => [each.name, each.global ?? "", each.older?.global ?? "", ...(each.aliases ?? [])])
    .filter((name) => name !== "" && !name.includes("<N>")),
);

/** Every name with a number, as `TARGET_GROUP_<N>_NAME`. */
export const NUMBERED_NAMES: ReadonlySet<string> = new Set(
  VARIABLES.flatMap(({ name, older }) => older === undefined ? [name] : [name, older.name])
    .filter((name) => name.includes("<N>")),
);

const NEED_RESTART: ReadonlySet<string> = new Set(VARIABLES.filter((each) => each.restart).map((each) => each.name));

/** Tells whether a change of a variable takes effect at the next start only. */
export function needsRestart(name: string): boolean {
  return NEED_RESTART.has(name);
}

/** Replaces a name's number by `<N>`; null if it has none. `01` is not a number here. */
export function numberOf(name: string): { readonly pattern: string; readonly number: number } | null {
  const certificate = /^(LISTENER_TLS_(?:CERT|KEY))_(0|[1-9]\d{0,8})$/.exec(name);
  if (certificate !== null) return { pattern: `${certificate[1]}_<N>`, number: Number(certificate[2]) };
  const match = /^(TARGET_GROUP|LISTENER_RULE)_(0|[1-9]\d{0,8})_(.+)$/.exec(name);
  return match === null ? null : { pattern: `${match[1]}_<N>_${match[3]}`, number: Number(match[2]) };
}

/** Tells whether sluice reads a variable of this name. */
export function isKnown(name: string): boolean {
  const numbered = numberOf(name);
  return PLAIN_NAMES.has(name) || (numbered !== null && NUMBERED_NAMES.has(numbered.pattern));
}
