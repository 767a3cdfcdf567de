import { markdownTable } from "./markdown.ts";
import type { EntryResult, ScenarioResult } from "./measure.ts";
import { median, pairedRatios, type Summary, summary } from "./statistics.ts";
import { LONGEST_WARM_UP_SECONDS } from "./warm_up.ts";

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
    [
      "",
      `CPU per ${result.unit}`,
      "quartiles",
      `ratio to ${base}`,
      "quartiles",
      "95 %",
      result.unit === "request" ? "req/s" : "per second",
      "p50",
      "p99",
      "RSS",
    ],
    ...rows.map((r) => [
      r.errors > 0 ? `${r.name} (${r.errors} errors)` : r.name,
      `${r.cpuMicros.median.toFixed(1)} µs`,
      `${r.cpuMicros.lowerQuartile.toFixed(1)} to ${r.cpuMicros.upperQuartile.toFixed(1)}`,
      r.ratio.median.toFixed(2),
      `${r.ratio.lowerQuartile.toFixed(2)} to ${r.ratio.upperQuartile.toFixed(2)}`,
      r.ratio.interval === null ? "-" : `${r.ratio.interval.low.toFixed(2)} to ${r.ratio.interval.high.toFixed(2)}`,
      `${Math.round(r.requestsPerSecond)}`,
      shownMillis(r.p50Micros),
      shownMillis(r.p99Micros),
      `${Math.round(r.residentBytes / 1048576)} MB`,
    ]),
  ]);
  const notes = [
    paceLine(result),
    ...result.note === null ? [] : [result.note],
    ...result.alsoTo.map((name) => ratiosTo(name, result)).filter((line) => line !== ""),
    ...result.showsThreads ? [threadsLine(result)] : [],
    ...result.absent.length === 0 ? [] : [`Not there: ${result.absent.join(", ")}.`],
  ];
  return [`### ${result.name}: ${result.title}`, "", ...lines, ...notes.flatMap((note) => ["", note]), ""].join("\n");
}

function shownMillis(micros: number): string {
  return Number.isNaN(micros) ? "-" : `${(micros / 1000).toFixed(1)} ms`;
}

/** The ratios of all entries to one that is not the base, paired by round; empty if that one stayed away. */
function ratiosTo(name: string, { entries }: ScenarioResult): string {
  const base = entries.find((entry) => entry.name === name);
  if (base === undefined) return "";
  const ratios = entries.filter((entry) => entry !== base).map((entry) => {
    const { median, interval } = summary(pairedRatios(cpuMicros(entry), cpuMicros(base)));
    const sure = interval === null ? "" : ` (95 % ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)})`;
    return `${entry.name} ${median.toFixed(2)}${sure}`;
  });
  return `Ratios to ${name}: ${ratios.join("; ")}.`;
}

function paceLine({ pace, entries, unit }: ScenarioResult): string {
  const rounds = pace.rounds === 1 ? "1 round" : `${pace.rounds} rounds`;
  const compiling = entries.filter(({ warmUpGoal }) => warmUpGoal > 0);
  const ahead = entries.filter(({ warmUpGoal }) => warmUpGoal === 0).map(({ name }) => name);
  const fewest = Math.min(...compiling.map(({ warmUpRequests }) => warmUpRequests)).toLocaleString("en");
  const warm = compiling.length === 0 ? "a second of load" : `${fewest} ${unit}s or more`;
  const less = compiling.length > 0 && ahead.length > 0 ? `; ${ahead.join(", ")} after a second of load` : "";
  const tooFew = compiling.filter(({ warmUpRequests, warmUpGoal }) => warmUpRequests < warmUpGoal)
    .map(({ name, warmUpRequests, warmUpGoal }) =>
      `${name} (${warmUpRequests.toLocaleString("en")} of ${warmUpGoal.toLocaleString("en")} ${unit}s)`
    );
  const cold = tooFew.length === 0 ? "" : ` Not warm after ${LONGEST_WARM_UP_SECONDS} s: ${tooFew.join(", ")}.`;
  return `Medians of ${rounds} of ${pace.seconds} s, after ${warm} to warm up${less}.${cold}`;
}

/** What a thread used, as a share of its process; those below 5 % (V8's and the runtime's own) are not named. */
function threadsLine({ entries }: ScenarioResult): string {
  const shares = entries.map(({ name, samples }) => {
    const byThread = new Map<string, number>();
    for (const [thread, micros] of samples.flatMap(({ cpuByThread }) => Object.entries(cpuByThread))) {
      byThread.set(thread, (byThread.get(thread) ?? 0) + micros);
    }
    const all = [...byThread.values()].reduce((sum, micros) => sum + micros, 0);
    const busy = [...byThread].map(([thread, micros]) => ({ thread, percent: micros / all * 100 }))
      .filter(({ percent }) => percent >= 5).sort((a, b) => b.percent - a.percent);
    return `${name}: ${busy.map(({ thread, percent }) => `${thread} ${percent.toFixed(0)} %`).join(", ")}`;
  });
  return `Threads' shares of the CPU time in the rounds: ${shares.join("; ")}.`;
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
