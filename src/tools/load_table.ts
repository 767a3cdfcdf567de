import { textTable } from "../logging/text_table.ts";
import type { LevelReport, LoadReport } from "./load_test.ts";
import type { LoadError } from "./exchange.ts";

const KINDS: Readonly<Record<LoadError, string>> = {
  timeout: "timed out",
  connect: "not connected",
  broken: "broken off",
  status: "bad status",
};

const COLUMNS = ["concurrency", "time s", "ok", "errors", "ok/s", "avg ms", "p50", "p90", "p95", "p99", "max"];

/** Prints the levels side by side, one line each, then what went wrong and who answered. */
export function formatTable(report: LoadReport): string {
  if (report.levels.length === 0) return "Nothing was measured\n";
  const rows = [COLUMNS, ...report.levels.map(cells)];
  const lines = textTable(rows, { right: COLUMNS.map((_, column) => column) });
  report.levels.forEach((level, index) => {
    if (level.concurrency === report.firstLevelWithErrors) lines[index + 1] += "  <- first level with errors";
  });
  return [...lines, "", ...errorLines(report), ...shareLines(report), ...noteLines(report)].join("\n").trimEnd() + "\n";
}

function cells(level: LevelReport): string[] {
  const { avg, p50, p90, p95, p99, max } = level.latencyMs;
  return [
    String(level.concurrency),
    level.seconds.toFixed(2),
    grouped(level.ok),
    grouped(level.errors),
    grouped(level.throughput),
    ...[avg, p50, p90, p95, p99, max].map(significant),
  ];
}

function errorLines(report: LoadReport): string[] {
  return report.levels.filter((level) => level.errors > 0).map((level) => {
    const kinds = Object.entries(level.errorsByKind).filter(([, count]) => count > 0)
      .map(([kind, count]) => `${grouped(count)} ${KINDS[kind as LoadError]}`);
    const bad = Object.entries(level.statuses).filter(([status]) => Number(status) < 200 || Number(status) >= 400)
      .map(([status, count]) => `${grouped(count)} x ${status}`);
    return `errors at ${level.concurrency}: ${kinds.join(", ")}${bad.length > 0 ? ` (${bad.join(", ")})` : ""}`;
  });
}

/** Names beyond the first dozen are summed up. */
const SHOWN_TARGETS = 12;

function shareLines(report: LoadReport): string[] {
  return report.levels.filter((level) => level.targets.length > 0).map((level) => {
    const shown = level.targets.slice(0, SHOWN_TARGETS)
      .map((target) => `${printable(target.name)} ${(target.share * 100).toFixed(1)} % (${grouped(target.answers)})`);
    const more = level.targets.length - SHOWN_TARGETS;
    return `share at ${level.concurrency}: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  });
}

function noteLines(report: LoadReport): string[] {
  const lines: string[] = [];
  if (report.firstLevelWithErrors !== null) {
    lines.push(`First errors at concurrency ${report.firstLevelWithErrors}: the capacity lies below`);
  }
  if (report.interrupted) lines.push("Ended early: these are the requests that had finished");
  return lines;
}

/** Three significant digits, no exponent. */
function significant(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

/** Whole, with a space between thousands. */
export function grouped(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A target names itself, so its name must not drive the terminal. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?");
}
