import { parseArgs } from "node:util";

/** What the command line of the benchmark asks for. */
export interface BenchOptions {
  /** Names of scenarios; empty: all. */
  readonly scenarios: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly json: string | null;
  readonly svg: string | null;
  readonly list: boolean;
}

export const USAGE = `deno task bench [NAME...] [options]
  --scenario NAME   a scenario to run, may be repeated; default: all (a bare NAME is the same)
  --rounds N        rounds after the warm-up (default 7)
  --seconds N       length of each measurement (default 4)
  --quick           3 rounds of 2 seconds
  --json FILE       write everything that was measured
  --svg FILE        draw the medians
  --list            name the scenarios
`;

/** Reads the arguments; throws with a text for people where they make no sense. */
export function parseOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      scenario: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      svg: { type: "string" },
      list: { type: "boolean", default: false },
    },
  });
  const scenarios = [...values.scenario, ...positionals];
  for (const name of scenarios) {
    if (!known.includes(name)) throw new Error(`Cannot find the scenario "${name}": there are ${known.join(", ")}`);
  }
  return {
    scenarios,
    rounds: positive("--rounds", values.rounds, values.quick ? 3 : 7),
    seconds: positive("--seconds", values.seconds, values.quick ? 2 : 4),
    json: values.json ?? null,
    svg: values.svg ?? null,
    list: values.list,
  };
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`Cannot use "${text}" as ${name}: it must be 1 or more`);
  return value;
}
