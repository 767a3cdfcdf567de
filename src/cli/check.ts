import { certificateText } from "./certificate_report.ts";
import type { CertificateView } from "../views/certificate_view.ts";
import { clientLimits } from "./client_limits.ts";
import { firstProblems } from "./first_problems.ts";
import { probeFailed, type ProbeReport, reachableButUnhealthy } from "./probe_targets.ts";
import { probeText } from "./probe_text.ts";
import { formatDuration } from "../config/values/duration.ts";
import type { Config, TargetGroupConfig } from "../config/model.ts";
import type { ParseResult } from "../config/parse_config.ts";
import { shownValue } from "../config/setting.ts";
import { counted } from "../logging/counted.ts";
import { textTable } from "../logging/text_table.ts";

/** Options of `check`, and what it found beside the configuration. */
export interface CheckOptions {
  readonly json?: boolean;
  /** Warnings count as errors. */
  readonly strict?: boolean;
  /** What the environment lacks, and what most applications need. Often fine as it is, so not a warning. */
  readonly notes?: readonly string[];
  /** What LISTENER_TLS_PORT would serve. */
  readonly certificates?: readonly CertificateView[];
  /** What `--probe` found; absent without `--probe`. */
  readonly probes?: ProbeReport;
}

/** How long a target that died may still get requests. */
export interface TakeOutTime {
  readonly group: string;
  /** Null if checks are off. */
  readonly worstCaseMs: number | null;
  /** How the time is computed, or why there is none. */
  readonly formula: string;
}

/** A turn may come this much before its interval is over, and is skipped while a probe runs. */
const EARLIEST_TURN = 0.9;
/** A longer value moves only its own line. */
const WIDEST_COLUMN = 60;

/**
 * Says what the configuration is and what is wrong or odd about it, as text or JSON, with the exit code of `check`: 2
 * for a configuration that can't be used (with `strict` also for one that has warnings), 1 for a probe that failed.
 */
export function runCheck(result: ParseResult, options: CheckOptions = {}): { text: string; exitCode: 0 | 1 | 2 } {
  const { probes, strict = false, notes = [], certificates = [] } = options;
  const unusable = result.problems.length > 0 || (strict && result.warnings.length > 0);
  const sick = probes !== undefined && (probeFailed(probes) || (strict && reachableButUnhealthy(probes).length > 0));
  return {
    text: options.json === true
      ? asJson(result, { ok: !unusable && !sick, notes, probes, certificates })
      : asText(result, { notes, probes, certificates }),
    exitCode: unusable ? 2 : sick ? 1 : 0,
  };
}

/**
 * Computes the worst case: a target dies just after a good probe. Probes start at most an interval apart, and the last
 * one of the threshold runs into its timeout. If a probe may still run at the next turn, that turn is skipped, and two
 * probes start at most a timeout and an interval apart.
 */
export function takeOutTime(group: Pick<TargetGroupConfig, "name" | "healthCheck" | "ejection">): TakeOutTime {
  const { healthCheck: check, ejection } = group;
  if (!check.enabled) {
    const formula = ejection.enabled
      ? `health checks are off; ${ejection.failures} connection failures of live requests in a row eject a target`
      : "health checks are off, so it stays in; requests that can't connect to it go to another target";
    return { group: group.name, worstCaseMs: null, formula };
  }
  const interval = formatDuration(check.intervalMs);
  const timeout = formatDuration(check.timeoutMs);
  const probes = check.failureThreshold;
  if (probes === 1 || check.timeoutMs <= check.intervalMs * EARLIEST_TURN) {
    const worstCaseMs = check.intervalMs * probes + check.timeoutMs;
    return {
      group: group.name,
      worstCaseMs,
      formula: `${interval} interval x ${probes} failures + ${timeout} timeout`,
    };
  }
  return {
    group: group.name,
    worstCaseMs: (check.intervalMs + check.timeoutMs) * probes,
    formula:
      `(${interval} interval + ${timeout} timeout, because a slow probe delays the next one) x ${probes} failures`,
  };
}

interface Findings {
  readonly ok: boolean;
  readonly notes: readonly string[];
  readonly probes: ProbeReport | undefined;
  readonly certificates: readonly CertificateView[];
}

function asJson(result: ParseResult, { ok, notes, probes, certificates }: Findings): string {
  const settings = result.settings.map((setting) => ({ ...setting, value: shownValue(setting) }));
  const { problems, warnings, config } = result;
  const takeOutTimes = config?.groups.map(takeOutTime) ?? [];
  const all = {
    ok,
    door: config?.door ?? null,
    problems,
    warnings,
    notes,
    takeOutTimes,
    certificates,
    probes,
    settings,
  };
  return `${JSON.stringify(all, null, 2)}\n`;
}

function asText(result: ParseResult, { notes, probes, certificates }: Omit<Findings, "ok">): string {
  const rows = result.settings.map((setting) => [setting.variable, shownValue(setting) || "-", setting.origin]);
  const parts = [textTable([["VARIABLE", "VALUE", "SOURCE"], ...rows], { widest: WIDEST_COLUMN }).join("\n")];
  if (result.config !== null && result.config.groups.length > 0) parts.push(takeOutText(result.config));
  if (result.config !== null && result.config.door !== "nothing") parts.push(clientText(result.config));
  if (certificates.length > 0) parts.push(certificateText(certificates));
  if (probes !== undefined) parts.push(probeText(probes));
  if (result.warnings.length > 0) parts.push(section("Warnings", firstProblems(result.warnings, "warning")));
  if (notes.length > 0) parts.push(section("Notes", notes.map((message) => ({ message }))));
  if (result.problems.length > 0) parts.push(section("Problems", firstProblems(result.problems, "problem")));
  const sick = probes !== undefined && probeFailed(probes);
  parts.push(summary(result) + (sick && result.config !== null ? ", but some targets are not healthy" : ""));
  return `${parts.join("\n\n")}\n`;
}

function takeOutText(config: Config): string {
  const lines = config.groups.map((group) => {
    const { worstCaseMs, formula } = takeOutTime(group);
    const time = worstCaseMs === null ? "" : `${formatDuration(worstCaseMs)} = `;
    return `  ${group.name}: ${time}${formula}`;
  });
  return `Worst-case time to take a dead target out:\n${lines.join("\n")}`;
}

function clientText({ listener }: Config): string {
  const lines = clientLimits(listener).map((message) => ({ message }));
  return section(`Clients (LISTENER_ENGINE=${listener.front.engine})`, lines);
}

function section(title: string, problems: readonly { readonly message: string }[]): string {
  return `${title}:\n${problems.map((problem) => `  ${problem.message}`).join("\n")}`;
}

function summary({ problems, warnings, config }: ParseResult): string {
  const odd = warnings.length === 0 ? "" : `, ${counted(warnings.length, "warning")}`;
  if (config === null) return `The configuration is not valid: ${counted(problems.length, "problem")}${odd}`;
  if (config.door === "nothing") {
    return `The configuration is valid${odd}, but empty: sluice answers every request with 404. ` +
      "Set TARGET_GROUP_1_NAME, TARGET_GROUP_1_TARGETS, LISTENER_RULE_1_PATH_PREFIX and " +
      "LISTENER_RULE_1_TARGET_GROUP, or BACKEND_SERVERS, or use --config servers.json";
  }
  return `The configuration is valid${odd}`;
}
