import { clientsText } from "../admin/stats/clients_text.ts";
import type { GroupStats, Stats, TargetStats } from "../admin/stats/stats_model.ts";
import { tlsText } from "../admin/stats/tls_text.ts";
import { counted } from "../logging/counted.ts";
import { shown } from "../logging/shown_text.ts";
import { shownState } from "../state/target_state.ts";
import { inColor, type Level, type StatusRow, type StatusScreen, statusTable, wrapped } from "./status_table.ts";

/** Text that goes into a file or to another program. */
const NO_SCREEN: StatusScreen = { columns: null, color: false };

/**
 * Puts the statistics into a table: groups, and under each its targets. Times are to first byte (TTFB). Nothing in it
 * drives a terminal but the colours that the screen asks for.
 */
export function statusText(stats: Stats, screen: StatusScreen = NO_SCREEN): string {
  const { columns, color } = screen;
  const { total } = stats;
  const ready = stats.ready ? "ready" : "NOT READY";
  const lines = [
    `sluice ${stats.version} at ${stats.listener}, ${ready}, up ${age(stats.uptimeSeconds)}`,
    `${counted(total.requests, "request")}, ${total.inFlight} in flight, ${percent(total.errorRate)} errors, ` +
    `${counted(total.retries, "retry", "retries")}, TTFB p50 ${ms(total.ttfb.p50Ms)}, p99 ${ms(total.ttfb.p99Ms)}`,
  ];
  if (stats.clients !== null) lines.push(clientsText(stats.clients));
  if (stats.tls !== null) lines.push(...tlsText(stats.tls));
  const own = Object.entries(stats.reasons).filter(([, count]) => count > 0);
  if (own.length > 0) {
    lines.push(`Responses by sluice itself: ${own.map(([reason, count]) => `${reason} ${count}`).join(", ")}`);
  }
  const nowMs = Date.parse(stats.now);
  if (stats.lastReload !== null) lines.push(reloadLine(stats.lastReload, nowMs));
  const rows = stats.groups.flatMap((
    group,
  ) => [groupRow(group), ...group.targets.map((target) => targetRow(target, group, nowMs))]);
  const remarks: string[] = [];
  for (const { name, names, probe, targets } of stats.groups) {
    if (probe !== null && targets.some(({ reason }) => /\bgot \d/.test(reason ?? ""))) {
      remarks.push(`Group ${name}: ${wanted(probe)}`);
    }
    for (const { host, lastError } of names) {
      if (lastError !== null) remarks.push(`Group ${name}: the last lookup of ${host} failed: ${lastError}`);
    }
  }
  const fit = (line: string) => columns === null ? [shown(line)] : wrapped(shown(line), columns);
  const [first, ...head] = lines.flatMap(fit);
  const all = [
    first!.replace(ready, (word) => inColor(word, stats.ready ? "good" : "bad", color)),
    ...head,
    "",
    ...statusTable(rows, screen),
    ...remarks.flatMap(fit),
  ];
  return all.join("\n") + "\n";
}

function reloadLine({ at, successful, lines }: NonNullable<Stats["lastReload"]>, nowMs: number): string {
  const ago = age(Math.max(0, (nowMs - Date.parse(at)) / 1000));
  if (successful) {
    return `Configuration reloaded ${ago} ago: ${lines.length === 0 ? "nothing changed" : lines.join("; ")}`;
  }
  return `Reload REFUSED ${ago} ago, the configuration before it stays in use: ${lines.join("; ")}`;
}

function wanted({ path, matcher }: NonNullable<GroupStats["probe"]>): string {
  return `a probe requests ${path} and wants status ${matcher} (HEALTH_CHECK_PATH, HEALTH_CHECK_MATCHER)`;
}

function groupRow(group: GroupStats): StatusRow {
  const eligible = group.states.healthy + group.states.initial;
  const open = group.failOpen && eligible === 0 ? ", failing open" : "";
  const state = group.resolved ? `${eligible}/${group.targets.length} eligible${open}` : "never resolved";
  const some = eligible < group.targets.length ? "warn" : group.checked ? "good" : "plain";
  return {
    cells: [`${group.name} (${group.algorithm})`, state, "", ...numbers(group)],
    level: eligible === 0 ? "bad" : some,
    why: "",
  };
}

const LEVELS: Readonly<Record<ReturnType<typeof shownState>, Level>> = {
  healthy: "good",
  unhealthy: "bad",
  ejected: "warn",
  initial: "plain",
  unchecked: "plain",
  draining: "plain",
};

function targetRow(target: TargetStats, { checked }: GroupStats, nowMs: number): StatusRow {
  const since = age(Math.max(0, (nowMs - Date.parse(target.since)) / 1000));
  const state = shownState(target.state, checked);
  return {
    cells: [`  ${target.address}`, state.toUpperCase(), since, ...numbers(target)],
    // A healthy target has a reason if its probes begin to fail.
    level: state === "healthy" && target.reason !== null ? "warn" : LEVELS[state],
    why: why(target, nowMs),
  };
}

function numbers(stats: GroupStats | TargetStats): string[] {
  const { inFlight, requests, errors, retries, ttfb } = stats;
  return [inFlight, requests, errors, retries].map(String).concat(ms(ttfb.p50Ms), ms(ttfb.p99Ms));
}

function why(target: TargetStats, nowMs: number): string {
  const next = target.ejectedUntil ?? target.nextProbe;
  if (target.state === "healthy" || target.state === "initial" || target.state === "draining" || next === null) {
    return target.reason ?? "";
  }
  const seconds = Math.max(0, Math.ceil((Date.parse(next) - nowMs) / 1000));
  const what = target.ejectedUntil !== null ? "back" : "next probe";
  return `${target.reason ?? ""}; ${what} in ${age(seconds)}`.replace(/^; /, "");
}

/** `3.2 ms`, `1.40 s`; `-` without a sample. */
function ms(value: number | null): string {
  if (value === null) return "-";
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.001 ? 3 : 1)} %`;
}

/** `42s`, `3m 10s`, `2h 05m`, `3d 4h`. */
function age(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${pad(Math.floor(whole / 60) % 60)}m`;
  return `${Math.floor(whole / 86_400)}d ${Math.floor(whole / 3600) % 24}h`;
}
