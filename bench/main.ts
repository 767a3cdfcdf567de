/** `deno task bench`: what a request through sluice costs, beside others on the same core in the same run. */
import { chart } from "./chart.ts";
import { machine, machineLine } from "./machine.ts";
import { measure, type ScenarioResult } from "./measure.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { findings, type LongRunResult } from "./long_run.ts";
import { idleConnections } from "./long_runs/idle_connections.ts";
import { memory } from "./long_runs/memory.ts";
import { table } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";

const LONG_RUNS = [memory, idleConnections];
const ALL = [...SCENARIOS, ...LONG_RUNS];

async function run(options: BenchOptions): Promise<number> {
  const on = await machine();
  console.log(`${machineLine(on)}\n`);
  const isChosen = ({ name }: { name: string }) => options.scenarios.length === 0 || options.scenarios.includes(name);
  const say = (line: string) => console.error(line);
  const results: ScenarioResult[] = [];
  for (const scenario of SCENARIOS.filter(isChosen)) {
    const result = await measure(scenario, { rounds: options.rounds, seconds: options.seconds, say });
    results.push(result);
    console.log(table(result));
  }
  const longResults: LongRunResult[] = [];
  for (const longRun of LONG_RUNS.filter(isChosen)) {
    const result = await longRun.run({ say });
    longResults.push(result);
    console.log(findings(result));
  }
  if (options.json !== null) {
    const { rounds, seconds } = options;
    const all = { machine: on, rounds, seconds, results, longResults };
    await Deno.writeTextFile(options.json, JSON.stringify(all, null, 2) + "\n");
  }
  if (options.svg !== null && results.length > 0) await Deno.writeTextFile(options.svg, chart(results));
  return results.some((result) => result.entries.some((e) => e.samples.some((sample) => sample.errors > 0))) ? 1 : 0;
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
  else if (options.list) { for (const { name, title } of ALL) console.log(`${name.padEnd(18)}${title}`); }
  else Deno.exitCode = await run(options);
}
