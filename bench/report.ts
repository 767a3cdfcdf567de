import type { EntryResult, ScenarioResult } from "./measure.ts";
import { median, pairedRatios, type Spread, spread } from "./statistics.ts";

/** One line of a scenario's table. */
export interface Row {
  readonly name: string;
  readonly cpuMicros: Spread;
  /** To the scenario's first entry, paired by round. */
  readonly ratio: Spread;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly residentBytes: number;
  readonly errors: number;
}

/** Sums up a scenario. */
export function rowsOf(result: ScenarioResult): Row[] {
  const base = result.entries[0]?.samples.map((sample) => sample.cpuMicrosPerRequest) ?? [];
  return result.entries.map((entry) => row(entry, base));
}

/** A scenario as a Markdown table, readable on a terminal too. */
export function table(result: ScenarioResult): string {
  const rows = rowsOf(result);
  const lines = [
    ["", "CPU per request", "lowest to highest", `ratio to ${rows[0]?.name ?? ""}`, "req/s", "p50", "p99", "RSS"],
    ...rows.map((r) => [
      r.errors > 0 ? `${r.name} (${r.errors} errors)` : r.name,
      `${r.cpuMicros.median.toFixed(1)} µs`,
      `${r.cpuMicros.min.toFixed(1)} to ${r.cpuMicros.max.toFixed(1)}`,
      `${r.ratio.median.toFixed(2)} (${r.ratio.min.toFixed(2)} to ${r.ratio.max.toFixed(2)})`,
      `${Math.round(r.requestsPerSecond)}`,
      `${(r.p50Micros / 1000).toFixed(1)} ms`,
      `${(r.p99Micros / 1000).toFixed(1)} ms`,
      `${Math.round(r.residentBytes / 1048576)} MB`,
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const shown = lines.map((line) => `| ${line.map((cell, i) => pad(cell, widths[i]!, i === 0)).join(" | ")} |`);
  shown.splice(
    1,
    0,
    `|${widths.map((width, i) => i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`).join("|")}|`,
  );
  const notes = [
    ...result.note === null ? [] : [result.note],
    ...result.absent.length === 0 ? [] : [`Not there: ${result.absent.join(", ")}.`],
  ];
  return [`### ${result.name}: ${result.title}`, "", ...shown, ...notes.flatMap((note) => ["", note]), ""].join("\n");
}

function row(entry: EntryResult, base: readonly number[]): Row {
  const cpu = entry.samples.map((sample) => sample.cpuMicrosPerRequest);
  return {
    name: entry.name,
    cpuMicros: spread(cpu),
    ratio: spread(pairedRatios(cpu, base)),
    requestsPerSecond: median(entry.samples.map((sample) => sample.requestsPerSecond)),
    p50Micros: median(entry.samples.map((sample) => sample.p50Micros)),
    p99Micros: median(entry.samples.map((sample) => sample.p99Micros)),
    residentBytes: entry.residentBytes,
    errors: entry.samples.reduce((sum, sample) => sum + sample.errors, 0),
  };
}

function pad(cell: string, width: number, left: boolean): string {
  return left ? cell.padEnd(width) : cell.padStart(width);
}
