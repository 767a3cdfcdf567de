/** `deno task bench`: what a request through sluice costs, beside others on the same core in the same run. */
import { chart } from "./chart.ts";
import { type Machine, machine, machineLine } from "./machine.ts";
import { withSections } from "./markdown.ts";
import { measure, type ScenarioResult } from "./measure.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { findings, type LongRunResult } from "./long_run.ts";
import { engineIdle, idleConnections } from "./long_runs/idle_connections.ts";
import { engineMemory, memory } from "./long_runs/memory.ts";
import { rowsOf, table } from "./report.ts";
import { expectedSeconds } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

const LONG_RUNS = [memory, engineMemory, idleConnections, engineIdle];
const ALL = [...SCENARIOS, ...LONG_RUNS];

interface Outcome {
  readonly results: ScenarioResult[];
  readonly longResults: LongRunResult[];
  /** What each of them says, as Markdown. */
  readonly sections: string[];
  /** Names of what could not be measured at all. */
  readonly failed: string[];
}

async function run(options: BenchOptions): Promise<number> {
  const on = await machine();
  console.log(`${machineLine(on)}\n`);
  const outcome = await runChosen(options);
  await write(options, on, outcome);
  for (const name of outcome.failed) console.error(`${name} could not be measured`);
  const hasErrors = outcome.results.some((result) => rowsOf(result).some((row) => row.errors > 0)) ||
    outcome.longResults.some((result) => result.errors > 0);
  return outcome.failed.length > 0 || hasErrors ? 1 : 0;
}

async function runChosen({ scenarios, pace, isQuick }: BenchOptions): Promise<Outcome> {
  const isChosen = ({ name }: { name: string }) => scenarios.length === 0 || scenarios.includes(name);
  const say = (line: string) => console.error(line);
  const outcome: Outcome = { results: [], longResults: [], sections: [], failed: [] };
  const show = (section: string) => {
    outcome.sections.push(section);
    console.log(section);
  };
  /** One that fails must not cost the others their half hour. */
  const attempt = async (name: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      outcome.failed.push(name);
      console.error(`${name} failed: ${error instanceof Error ? error.stack : error}`);
    }
  };
  for (const scenario of SCENARIOS.filter(isChosen)) {
    await attempt(scenario.name, async () => {
      const result = await measure(scenario, { ...pace, say });
      outcome.results.push(result);
      show(table(result));
    });
  }
  for (const longRun of LONG_RUNS.filter(isChosen)) {
    await attempt(longRun.name, async () => {
      const result = await longRun.run({ pace, isQuick, say });
      outcome.longResults.push(result);
      show(findings(result));
    });
  }
  return outcome;
}

async function write({ pace, json, svg, into }: BenchOptions, on: Machine, outcome: Outcome): Promise<void> {
  const { results, longResults, sections, failed } = outcome;
  if (json !== null) {
    const summed = results.map((result) => ({ ...result, rows: rowsOf(result) }));
    const all = { machine: on, ...pace, results: summed, longResults, failed };
    await Deno.writeTextFile(json, JSON.stringify(all, null, 2) + "\n");
  }
  if (svg !== null && results.length > 0) await Deno.writeTextFile(svg, chart(results));
  if (into !== null) await Deno.writeTextFile(into, withSections(await Deno.readTextFile(into), sections));
}

function list({ pace, isQuick }: BenchOptions): void {
  const times = [
    ...SCENARIOS.map((scenario) => expectedSeconds(scenario, pace)),
    ...LONG_RUNS.map((longRun) => longRun.expectedSeconds({ pace, isQuick })),
  ];
  const minutes = (seconds: number) => `${(seconds / 60).toFixed(1)} min`.padStart(9);
  ALL.forEach(({ name, title }, i) => console.log(`${name.padEnd(18)}${minutes(times[i]!)}  ${title}`));
  console.log(`${"all".padEnd(18)}${minutes(times.reduce((sum, seconds) => sum + seconds, 0))}`);
}

function readOptions(): BenchOptions | null {
  try {
    return parseOptions(Deno.args, ALL.map(({ name }) => name));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return null;
  }
}

if (import.meta.main) {
  const options = readOptions();
  if (options === null) Deno.exitCode = 2;
  else if (options.list) list(options);
  else Deno.exitCode = await run(options);
}
