import type { RunningContender } from "./contender.ts";
import { cpuUsed, readCpu } from "./cpu_time.ts";
import { residentBytes } from "./proc_stat.ts";
import { type Entry, type Pace, rotation, type Scenario, warmUpGoal } from "./scenario.ts";
import { startTarget } from "./target.ts";
import { findProgram } from "../tests/support/have_program.ts";
import { type WarmUp, warmUp } from "./warm_up.ts";
import { makeCertificates } from "./certificates.ts";
import type { LoadGenerator, LoadShape } from "./load_generator.ts";
import { wrk } from "./wrk.ts";

/** One entry under load for one round. */
export interface Sample {
  readonly cpuMicrosPerRequest: number;
  /** What each of its threads used; those of one name together. */
  readonly cpuByThread: Readonly<Record<string, number>>;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly errors: number;
  /** wrk's words about them; empty if there are none. */
  readonly errorText: string;
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
  /** How many requests it was to be warmed up with; 0 if it was compiled ahead. */
  readonly warmUpGoal: number;
  /** What went wrong before the first counted round. */
  readonly warmUpErrors: number;
  /** Resident memory after the last round. */
  readonly residentBytes: number;
}

/** What a scenario gave. */
export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  /** What was counted, in the singular. */
  readonly unit: LoadGenerator["unit"];
  readonly note: string | null;
  readonly showsThreads: boolean;
  /** Names of entries to which the ratios are told too. */
  readonly alsoTo: readonly string[];
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
 * Runs a scenario: all its proxies are started, warmed up, and then loaded one after the other, round after round, so
 * that whatever the machine does meanwhile happens to all of them alike.
 */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<ScenarioResult> {
  const { say, rounds, seconds } = options;
  const pace = { rounds, seconds, warmUpRequests: options.warmUpRequests };
  const isMissing = (program: string) => findProgram(program) === null;
  const entries = scenario.entries.filter(({ contender }) => !contender.needs.some(isMissing));
  const absent = scenario.entries.filter((entry) => !entries.includes(entry))
    .map(({ contender }) => `${contender.name} (${contender.needs.filter(isMissing).join(", ")} not installed)`);
  await using stack = new AsyncDisposableStack();
  const most = Math.max(...entries.map((entry) => entry.targets ?? USUAL_TARGETS));
  const { tls, generator = wrk } = scenario;
  const certificates = tls === undefined ? null : stack.use(await makeCertificates(most));
  const clientsTls = tls === "targets" ? null : certificates;
  const targetsTls = tls === "clients" ? null : certificates;
  const target = stack.use(await startTarget(most, targetsTls));
  const running: RunningContender[] = [];
  for (const { contender, targets = USUAL_TARGETS } of entries) {
    const place = { targets: target.addresses.slice(0, targets), clientsTls, targetsTls };
    running.push(stack.use(await contender.start(place)));
  }
  const warmUps: WarmUp[] = [];
  for (const [i, entry] of entries.entries()) {
    warmUps.push(await warmedUp(running[i]!, scenario, { entry, goal: warmUpGoal(entry, scenario, pace), say }));
  }
  const samples: Sample[][] = entries.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const i of rotation(entries.length, round)) {
      const entry = entries[i]!;
      const shape = { ...scenario.load, ...entry.load };
      const sample = await load(running[i]!, entry, { generator, shape, seconds });
      samples[i]!.push(sample);
      say(`${scenario.name} ${round + 1}/${rounds} ${entry.contender.name}: ${shown(sample)}`);
    }
  }
  return {
    name: scenario.name,
    title: scenario.title,
    unit: generator.unit,
    note: scenario.note ?? null,
    showsThreads: scenario.showsThreads ?? false,
    alsoTo: scenario.alsoTo ?? [],
    pace,
    absent,
    entries: entries.map((entry, i) => ({
      name: entry.contender.name,
      base: entry.base ?? entries[0]!.contender.name,
      samples: samples[i]!,
      warmUpSeconds: warmUps[i]!.seconds,
      warmUpRequests: warmUps[i]!.requests,
      warmUpGoal: warmUpGoal(entry, scenario, pace),
      warmUpErrors: warmUps[i]!.errors,
      residentBytes: residentBytes(running[i]!.process.pid),
    })),
  };
}

/** Warms an entry up with its own load, as fast as it answers, and says what its first and its last second cost. */
async function warmedUp(
  proxy: RunningContender,
  scenario: Scenario,
  { entry, goal, say }: { entry: Entry; goal: number; say: (line: string) => void },
): Promise<WarmUp> {
  const shape = { ...scenario.load, ...entry.load, ratePerSecond: undefined };
  const { generator = wrk } = scenario;
  const slices: Sample[] = [];
  const result = await warmUp(goal, async (seconds) => {
    const slice = await load(proxy, entry, { generator, shape, seconds });
    slices.push(slice);
    return slice;
  });
  const cost = `first ${shown(slices[0]!)}; last ${shown(slices.at(-1)!)}`;
  const count = `${result.requests} ${generator.unit}s in ${result.seconds} s`;
  say(`${scenario.name} warm-up ${entry.contender.name}: ${count}; ${cost}`);
  return result;
}

async function load(
  { url, process }: RunningContender,
  entry: Entry,
  { generator, shape, seconds }: { generator: LoadGenerator; shape: LoadShape; seconds: number },
): Promise<Sample> {
  const before = readCpu(process.pid);
  const result = await generator.run(url, shape, seconds);
  const { micros, byThread } = cpuUsed(before, readCpu(process.pid));
  const { requests, requestsPerSecond, p50Micros, p99Micros, errors, errorText } = result;
  if (requests === 0) {
    throw new Error(`${entry.contender.name} answered nothing in ${seconds} s: ${process.stderr().trim()}`);
  }
  return {
    cpuMicrosPerRequest: micros / requests,
    cpuByThread: byThread,
    requestsPerSecond,
    p50Micros,
    p99Micros,
    errors,
    requests,
    errorText,
  };
}

function shown({ cpuMicrosPerRequest, requestsPerSecond, errorText }: Sample): string {
  const errors = errorText === "" ? "" : `, ${errorText}`;
  return `${cpuMicrosPerRequest.toFixed(1)} us, ${Math.round(requestsPerSecond)}/s${errors}`;
}
