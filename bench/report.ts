import { markdownTable } from "./markdown.ts";
import type { EntryResult, ScenarioResult } from "./measure.ts";
import { median, pairedRatios, type Summary, summary } from "./statistics.ts";

/** One line of a scenario's table. */
export interface Row {
  readonly name: string;
  /** The name of the entry that the ratio is to. */
  readonly base: string;
  readonly cpuMicros: Summary;
  /** Paired by round. */
  readonly ratio: Summary;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly residentBytes: number;
  /** Of the warm-up and all rounds. */
  readonly errors: number;
}

/** Sums up a scenario. */
export function rowsOf(result: ScenarioResult): Row[] {
  return result.entries.map((entry) => row(entry, result.entries.find(({ name }) => name === entry.base) ?? entry));
}

/** A scenario as a Markdown section: its table, how it was measured, what must be known. */
export function table(result: ScenarioResult): string {
  const rows = rowsOf(result);
  const bases = new Set(rows.map(({ base }) => base));
  const base = bases.size === 1 ? [...bases][0] : "its base";
  const lines = markdownTable([
    ["", "CPU per request", "quartiles", `ratio to ${base}`, "quartiles", "95 %", "req/s", "p50", "p99", "RSS"],
    ...rows.map((r) => [
      r.errors > 0 ? `${r.name} (${r.errors} errors)` : r.name,
      `${r.cpuMicros.median.toFixed(1)} µs`,
      `${r.cpuMicros.lowerQuartile.toFixed(1)} to ${r.cpuMicros.upperQuartile.toFixed(1)}`,
      r.ratio.median.toFixed(2),
      `${r.ratio.lowerQuartile.toFixed(2)} to ${r.ratio.upperQuartile.toFixed(2)}`,
      r.ratio.interval === null ? "-" : `${r.ratio.interval.low.toFixed(2)} to ${r.ratio.interval.high.toFixed(2)}`,
      `${Math.round(r.requestsPerSecond)}`,
      `${(r.p50Micros / 1000).toFixed(1)} ms`,
      `${(r.p99Micros / 1000).toFixed(1)} ms`,
      `${Math.round(r.residentBytes / 1048576)} MB`,
    ]),
  ]);
  const notes = [
    paceLine(result),
    ...result.note === null ? [] : [result.note],
    ...result.absent.length === 0 ? [] : [`Not there: ${result.absent.join(", ")}.`],
  ];
  return [`### ${result.name}: ${result.title}`, "", ...lines, ...notes.flatMap((note) => ["", note]), ""].join("\n");
}

function paceLine({ pace, entries }: ScenarioResult): string {
  const others = entries.filter((entry) => entry.warmUpSeconds !== pace.warmUpSeconds);
  const exceptions = new Map(others.map(({ name, warmUpSeconds }) => [name, warmUpSeconds]));
  const except = exceptions.size === 0 ? "" : `; ${[...exceptions].map(([n, s]) => `${n} ${s} s`).join(", ")}`;
  const rounds = pace.rounds === 1 ? "1 round" : `${pace.rounds} rounds`;
  const fewest = Math.min(...entries.map(({ warmUpRequests }) => warmUpRequests)).toLocaleString("en");
  return `Medians of ${rounds} of ${pace.seconds} s, after ${pace.warmUpSeconds} s of load to warm up${except} ` +
    `(${fewest} requests or more).`;
}

function row(entry: EntryResult, base: EntryResult): Row {
  const cpu = cpuMicros(entry);
  return {
    name: entry.name,
    base: entry.base,
    cpuMicros: summary(cpu),
    ratio: summary(pairedRatios(cpu, cpuMicros(base))),
    requestsPerSecond: median(entry.samples.map((sample) => sample.requestsPerSecond)),
    p50Micros: median(entry.samples.map((sample) => sample.p50Micros)),
    p99Micros: median(entry.samples.map((sample) => sample.p99Micros)),
    residentBytes: entry.residentBytes,
    errors: entry.samples.reduce((sum, sample) => sum + sample.errors, entry.warmUpErrors),
  };
}

function cpuMicros({ samples }: EntryResult): number[] {
  return samples.map((sample) => sample.cpuMicrosPerRequest);
}
