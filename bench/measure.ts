import type { RunningContender } from "./contender.ts";
import { cpuMicros, residentBytes } from "./proc_stat.ts";
import { type Entry, type Pace, rotation, type Scenario, warmUpSeconds } from "./scenario.ts";
import { startTarget } from "./target.ts";
import { findProgram } from "../tests/support/have_program.ts";
import { runWrk } from "./wrk.ts";

/** One entry under load for one round. */
export interface Sample {
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly errors: number;
  readonly requests: number;
}

/** All rounds of one entry. */
export interface EntryResult {
  readonly name: string;
  /** The name of the entry that its ratio is to. */
  readonly base: string;
  /** One for each round, in order: round i of one entry ran beside round i of all others. */
  readonly samples: readonly Sample[];
  readonly warmUpSeconds: number;
  readonly warmUpRequests: number;
  /** What went wrong before the first counted round. */
  readonly warmUpErrors: number;
  /** Resident memory after the last round. */
  readonly residentBytes: number;
}

/** What a scenario gave. */
export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly note: string | null;
  readonly pace: Pace;
  readonly entries: readonly EntryResult[];
  /** Entries that stayed away, and why. */
  readonly absent: readonly string[];
}

/** How long, how often. */
export interface MeasureOptions extends Pace {
  readonly say: (line: string) => void;
}

const USUAL_TARGETS = 3;

/**
 * Runs a scenario: all its proxies are started, warmed up, and then loaded one after the other, round after round, so that
 * whatever the machine does meanwhile happens to all of them alike.
 */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<ScenarioResult> {
  const { say, rounds, seconds } = options;
  const pace = { rounds, seconds, warmUpSeconds: options.warmUpSeconds };
  const isMissing = (program: string) => findProgram(program) === null;
  const entries = scenario.entries.filter(({ contender }) => !contender.needs.some(isMissing));
  const absent = scenario.entries.filter((entry) => !entries.includes(entry))
    .map(({ contender }) => `${contender.name} (${contender.needs.filter(isMissing).join(", ")} not installed)`);
  await using stack = new AsyncDisposableStack();
  const target = stack.use(await startTarget(Math.max(...entries.map((entry) => entry.targets ?? USUAL_TARGETS))));
  const running: RunningContender[] = [];
  for (const { contender, targets = USUAL_TARGETS } of entries) {
    running.push(stack.use(await contender.start({ targets: target.addresses.slice(0, targets) })));
  }
  const loaded = async (index: number, forSeconds: number, when: string): Promise<Sample> => {
    const entry = entries[index]!;
    const sample = await load(running[index]!, scenario, { entry, seconds: forSeconds });
    const shown = `${sample.cpuMicrosPerRequest.toFixed(1)} us, ${Math.round(sample.requestsPerSecond)}/s`;
    const errors = sample.errors > 0 ? `, ${sample.errorText}` : "";
    say(`${scenario.name} ${when} ${entry.contender.name}: ${shown}${errors}`);
    return sample;
  };
  const warmUps: Sample[] = [];
  for (const [i, entry] of entries.entries()) warmUps.push(await loaded(i, warmUpSeconds(entry, pace), "warm-up"));
  const samples: Sample[][] = entries.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const i of rotation(entries.length, round)) {
      samples[i]!.push(await loaded(i, seconds, `${round + 1}/${rounds}`));
    }
  }
  return {
    name: scenario.name,
    title: scenario.title,
    note: scenario.note ?? null,
    pace,
    absent,
    entries: entries.map((entry, i) => ({
      name: entry.contender.name,
      base: entry.base ?? entries[0]!.contender.name,
      samples: samples[i]!,
      warmUpSeconds: warmUpSeconds(entry, pace),
      warmUpRequests: warmUps[i]!.requests,
      warmUpErrors: warmUps[i]!.errors,
      residentBytes: residentBytes(running[i]!.process.pid),
    })),
  };
}

async function load(
  { url, process }: RunningContender,
  scenario: Scenario,
  { entry, seconds }: { entry: Entry; seconds: number },
): Promise<Sample & { readonly errorText: string }> {
  const before = cpuMicros(process.pid);
  const result = await runWrk(url, { ...scenario.load, ...entry.load }, seconds);
  const cpu = cpuMicros(process.pid) - before;
  if (result.requests === 0) {
    throw new Error(`${entry.contender.name} answered nothing in ${seconds} s: ${process.stderr().trim()}`);
  }
  const { requests, requestsPerSecond, p50Micros, p99Micros, errors, errorText } = result;
  return {
    cpuMicrosPerRequest: cpu / requests,
    requestsPerSecond,
    p50Micros,
    p99Micros,
    errors,
    requests,
    errorText,
  };
}
