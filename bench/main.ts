/** `deno task bench`: what a request through sluice costs, beside others on the same core in the same run. */
import { chart } from "./chart.ts";
import { machine, machineLine } from "./machine.ts";
import { measure, type ScenarioResult } from "./measure.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { table } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";

async function run(options: BenchOptions): Promise<number> {
  const on = await machine();
  console.log(`${machineLine(on)}\n`);
  const chosen = SCENARIOS.filter(({ name }) => options.scenarios.length === 0 || options.scenarios.includes(name));
  const results: ScenarioResult[] = [];
  for (const scenario of chosen) {
    const result = await measure(scenario, {
      rounds: options.rounds,
      seconds: options.seconds,
      say: (line) => console.error(line),
    });
    results.push(result);
    console.log(table(result));
  }
  if (options.json !== null) {
    const { rounds, seconds } = options;
    await Deno.writeTextFile(options.json, JSON.stringify({ machine: on, rounds, seconds, results }, null, 2) + "\n");
  }
  if (options.svg !== null) await Deno.writeTextFile(options.svg, chart(results));
  return results.some((result) => result.entries.some((e) => e.samples.some((sample) => sample.errors > 0))) ? 1 : 0;
}

function readOptions(): BenchOptions | null {
  try {
    return parseOptions(Deno.args, SCENARIOS.map(({ name }) => name));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return null;
  }
}

if (import.meta.main) {
  const options = readOptions();
  if (options === null) Deno.exitCode = 2;
  else if (options.list) { for (const { name, title } of SCENARIOS) console.log(`${name.padEnd(18)}${title}`); }
  else Deno.exitCode = await run(options);
}
