import type { RunningContender } from "./contender.ts";
import { cpuMicros, residentBytes } from "./proc_stat.ts";
import type { Scenario } from "./scenario.ts";
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
  /** One for each round, in order: round i of one entry ran beside round i of all others. */
  readonly samples: readonly Sample[];
  /** Resident memory after the last round. */
  readonly residentBytes: number;
}

/** What a scenario gave. */
export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly note: string | null;
  readonly entries: readonly EntryResult[];
  /** Entries that stayed away, and why. */
  readonly absent: readonly string[];
}

/** How long, how often. */
export interface MeasureOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

const USUAL_TARGETS = 3;

/**
 * Runs a scenario: all its proxies are started, warmed up, and then loaded one after the other, round after round, so that
 * whatever the machine does meanwhile happens to all of them alike.
 */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<ScenarioResult> {
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
  const samples: Sample[][] = entries.map(() => []);
  for (let round = 0; round <= options.rounds; round++) {
    for (const [i, { contender, load }] of entries.entries()) {
      const { url, process } = running[i]!;
      const before = cpuMicros(process.pid);
      const result = await runWrk(url, { ...scenario.load, ...load }, options.seconds);
      const cpu = cpuMicros(process.pid) - before;
      if (round === 0) continue; // the warm-up
      samples[i]!.push({
        cpuMicrosPerRequest: cpu / result.requests,
        requestsPerSecond: result.requestsPerSecond,
        p50Micros: result.p50Micros,
        p99Micros: result.p99Micros,
        errors: result.errors,
        requests: result.requests,
      });
      const shown = `${(cpu / result.requests).toFixed(1)} us, ${Math.round(result.requestsPerSecond)}/s`;
      options.say(`${scenario.name} ${round}/${options.rounds} ${contender.name}: ${shown} ${result.errorText}`);
    }
  }
  return {
    name: scenario.name,
    title: scenario.title,
    note: scenario.note ?? null,
    absent,
    entries: entries.map(({ contender }, i) => ({
      name: contender.name,
      samples: samples[i]!,
      residentBytes: residentBytes(running[i]!.process.pid),
    })),
  };
}
