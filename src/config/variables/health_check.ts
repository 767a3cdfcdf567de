import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { HealthCheckConfig } from "../model.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { HOST_HEADER } from "../values/address_values.ts";
import { duration, isBareNumber } from "../values/duration.ts";
import { PATH_AND_QUERY } from "../values/path_values.ts";
import { STATUS_MATCHER } from "../values/status_matcher.ts";
import { BOOLEAN, integer, PORT } from "../values/value_kind.ts";
import type { Topic } from "./topic.ts";
import { defineForGroups } from "./variable.ts";

/** Shorter intervals are a load on targets, and make their states change back and forth. */
const RECOMMENDED_INTERVAL_MS = 5000;
/** A bare number below this is probably meant as seconds. */
const LOOKS_LIKE_SECONDS_MS = 1000;
/** Probes in a row. */
const THRESHOLD = integer(1, 1000, "probes");

/** The active health checks of a group. */
const HEALTH_CHECK = {
  enabled: defineForGroups("HEALTH_CHECK_ENABLED", {
    kind: BOOLEAN,
    default: "false",
    doorDefaults: { backend_list: "true", servers_file: "true" },
    meaning: "Probe the targets.",
    example: "true",
  }),
  path: defineForGroups("HEALTH_CHECK_PATH", {
    kind: PATH_AND_QUERY,
    default: "/health",
    doorDefaults: { servers_file: "/" },
    meaning: "Path of probes; the target's base is not put in front.",
    example: "/healthz",
  }),
  intervalMs: defineForGroups("HEALTH_CHECK_INTERVAL", {
    kind: duration(1),
    default: "30000",
    doorDefaults: { backend_list: "5000", servers_file: "5000" },
    meaning: "Time from one probe of a target to the next. We recommend 5 seconds or more.",
    example: "10s",
  }),
  timeoutMs: defineForGroups("HEALTH_CHECK_TIMEOUT", {
    kind: duration(1),
    default: "5000",
    doorDefaults: { backend_list: "2000" },
    meaning: "How long a probe may take; it may exceed the interval.",
    example: "2s",
  }),
  succeedThreshold: defineForGroups("HEALTH_CHECK_SUCCEED_THRESHOLD", {
    kind: THRESHOLD,
    default: "2",
    doorDefaults: { backend_list: "1", servers_file: "1" },
    meaning: "Successful probes in a row until an unhealthy target is healthy.",
    example: "3",
  }),
  failureThreshold: defineForGroups("HEALTH_CHECK_FAILURE_THRESHOLD", {
    kind: THRESHOLD,
    default: "2",
    doorDefaults: { backend_list: "1" },
    meaning: "Failed probes in a row until a healthy target is unhealthy.",
    example: "3",
  }),
  matcher: defineForGroups("HEALTH_CHECK_MATCHER", {
    kind: STATUS_MATCHER,
    default: "200",
    doorDefaults: { backend_list: "200-499", servers_file: "200-399" },
    meaning: "Statuses of a successful probe.",
    example: "200-299,301",
  }),
  host: defineForGroups("HEALTH_CHECK_HOST", {
    kind: HOST_HEADER,
    meaning: "`Host` header of probes. Unset: the target's `host:port`, as configured.",
    example: "shop.example.com",
  }),
  port: defineForGroups("HEALTH_CHECK_PORT", {
    kind: PORT,
    meaning: "Port to probe. Unset: the target's port.",
    example: "9000",
  }),
};

/** Parses a group's health checks. */
export function parseHealthCheck(reader: SettingsReader, at: At): HealthCheckConfig {
  const check = reader.readAll(HEALTH_CHECK, at);
  reader.warn(check.enabled ? adviceOnInterval(reader, at, check.intervalMs) : adviceOnChecksThatAreOff(reader, at));
  return check;
}

function adviceOnInterval(reader: SettingsReader, at: At, intervalMs: number): Problem[] {
  const found = reader.find(HEALTH_CHECK.intervalMs, at);
  if (found === null || intervalMs >= RECOMMENDED_INTERVAL_MS) return [];
  const text = isBareNumber(found.text) && intervalMs < LOOKS_LIKE_SECONDS_MS
    ? `${quote(found.text)} is milliseconds; write "${found.text}s" if you mean seconds`
    : `${quote(found.text)} is a short interval: we recommend 5 seconds or more`;
  return [problemOf(found.label, text)];
}

/** A group that has settings of health checks, but no checks: the switch was probably forgotten. */
function adviceOnChecksThatAreOff(reader: SettingsReader, at: At): Problem[] {
  const { enabled, ...others } = HEALTH_CHECK;
  if (at.number === undefined || reader.find(enabled, at) !== null) return [];
  const found = Object.values(others).map((each) => reader.find(each, at)).find((each) => each !== null);
  if (found === undefined || found === null) return [];
  return [problemOf(
    found.label,
    `Has no effect on group ${at.number}: its health checks are off (${
      reader.shownAs(enabled, at)
    }=true turns them on)`,
  )];
}

export const HEALTH_CHECK_TOPIC: Topic = { name: "health checks", variables: HEALTH_CHECK };
