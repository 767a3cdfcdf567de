import { HOST_HEADER } from "../values/address_values.ts";
import { problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import { duration, isBareNumber } from "../values/duration.ts";
import type { EjectionConfig, HealthCheckConfig } from "../model.ts";
import { PATH_AND_QUERY } from "../values/path_values.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { STATUS_MATCHER } from "../values/status_matcher.ts";
import { BOOLEAN, integer, PORT } from "../values/value_kind.ts";

/** Shorter intervals burden targets and make sluice's view of them flutter. */
const RECOMMENDED_INTERVAL_MS = 5000;
/** A bare number below this is likely meant as seconds. */
const LOOKS_LIKE_SECONDS_MS = 1000;

/** Thresholds: so many probes or failures one after the other. */
const THRESHOLD = integer(1, 1000);

/** Reads a group's active health checks. */
export function parseHealthCheck(reader: SettingsReader, at: At): HealthCheckConfig {
  const check: HealthCheckConfig = {
    enabled: reader.read("TARGET_GROUP_<N>_HEALTH_CHECK_ENABLED", BOOLEAN, at),
    path: reader.read("TARGET_GROUP_<N>_HEALTH_CHECK_PATH", PATH_AND_QUERY, at),
    intervalMs: reader.read("TARGET_GROUP_<N>_HEALTH_CHECK_INTERVAL", duration(1), at),
    timeoutMs: reader.read("TARGET_GROUP_<N>_HEALTH_CHECK_TIMEOUT", duration(1), at),
    succeedThreshold: reader.read("TARGET_GROUP_<N>_HEALTH_CHECK_SUCCEED_THRESHOLD", THRESHOLD, at),
    failureThreshold: reader.read("TARGET_GROUP_<N>_HEALTH_CHECK_FAILURE_THRESHOLD", THRESHOLD, at),
    matcher: reader.read("TARGET_GROUP_<N>_HEALTH_CHECK_MATCHER", STATUS_MATCHER, at),
    host: reader.readOptional("TARGET_GROUP_<N>_HEALTH_CHECK_HOST", HOST_HEADER, at),
    port: reader.readOptional("TARGET_GROUP_<N>_HEALTH_CHECK_PORT", PORT, at),
  };
  if (check.enabled) {
    warnOfInterval(reader, at, check.intervalMs);
  } else {
    warnOfChecksThatAreOff(reader, at);
  }
  return check;
}

/** Reads a group's passive ejection. */
export function parseEjection(reader: SettingsReader, at: At): EjectionConfig {
  return {
    enabled: reader.read("TARGET_GROUP_<N>_EJECTION_ENABLED", BOOLEAN, at),
    failures: reader.read("TARGET_GROUP_<N>_EJECTION_FAILURES", THRESHOLD, at),
    timeMs: reader.read("TARGET_GROUP_<N>_EJECTION_TIME", duration(1), at),
  };
}

function warnOfInterval(reader: SettingsReader, at: At, intervalMs: number): void {
  const found = reader.find("TARGET_GROUP_<N>_HEALTH_CHECK_INTERVAL", at);
  if (found === null || intervalMs >= RECOMMENDED_INTERVAL_MS) return;
  const problem = isBareNumber(found.text) && intervalMs < LOOKS_LIKE_SECONDS_MS
    ? problemOf(found.label, `${quote(found.text)} is milliseconds; write "${found.text}s" if seconds are meant`)
    : problemOf(found.label, `${quote(found.text)} is a short interval: 5 seconds or more are recommended`);
  // a global interval is read for every group
  if (!reader.warnings.some((warning) => warning.message === problem.message)) reader.warnings.push(problem);
}

/** Settings of checks that are off are the sign of a forgotten switch. */
function warnOfChecksThatAreOff(reader: SettingsReader, at: At): void {
  if (at.number === undefined || reader.find("TARGET_GROUP_<N>_HEALTH_CHECK_ENABLED", at) !== null) return;
  const found = ([
    "TARGET_GROUP_<N>_HEALTH_CHECK_PATH",
    "TARGET_GROUP_<N>_HEALTH_CHECK_INTERVAL",
    "TARGET_GROUP_<N>_HEALTH_CHECK_TIMEOUT",
    "TARGET_GROUP_<N>_HEALTH_CHECK_SUCCEED_THRESHOLD",
    "TARGET_GROUP_<N>_HEALTH_CHECK_FAILURE_THRESHOLD",
    "TARGET_GROUP_<N>_HEALTH_CHECK_MATCHER",
    "TARGET_GROUP_<N>_HEALTH_CHECK_HOST",
    "TARGET_GROUP_<N>_HEALTH_CHECK_PORT",
  ] as const).map((name) => reader.find(name, at)).find((each) => each !== null);
  if (found === undefined || found === null) return;
  reader.warnings.push(problemOf(
    found.label,
    `Has no effect on group ${at.number}: its checks are off` +
      ` (${reader.shownAs("TARGET_GROUP_<N>_HEALTH_CHECK_ENABLED", at)}=true turns them on)`,
  ));
}
