import { parseArgs } from "node:util";
import type { Pace } from "./scenario.ts";
import { LONGEST_WARM_UP_SECONDS } from "./warm_up.ts";

/** What the command line of the benchmark asks for. */
export interface BenchOptions {
  /** Names of scenarios; empty: all. */
  readonly scenarios: readonly string[];
  readonly pace: Pace;
  /** Long runs are made shorter too. */
  readonly isQuick: boolean;
  readonly json: string | null;
  readonly svg: string | null;
  /** A Markdown document that takes the tables over. */
  readonly into: string | null;
  readonly list: boolean;
}

/** How often and how long each entry is loaded by default. */
export const USUAL_PACE: Pace = { rounds: 15, seconds: 1, warmUpRequests: 100_000 };

const QUICK_PACE: Pace = { rounds: 4, seconds: 1, warmUpRequests: 20_000 };

export const USAGE = `deno task bench [NAME...] [options]
  --scenario NAME   a scenario to run, may be repeated; default: all (a bare NAME is the same); "engine" means all whose
                    names begin with "engine-", "tls" those with "tls-"
  --rounds N        counted rounds (default ${USUAL_PACE.rounds})
  --seconds N       length of a round (default ${USUAL_PACE.seconds})
  --warm-up N       requests before the first round, for each proxy, in ${LONGEST_WARM_UP_SECONDS} s at most
                    (default ${USUAL_PACE.warmUpRequests})
  --quick           ${QUICK_PACE.rounds} rounds after ${QUICK_PACE.warmUpRequests} requests of warm-up; short long runs
  --json FILE       write everything that was measured
  --svg FILE        draw the medians
  --into FILE       put the tables under "## The last runs" of a Markdown document, in place of old ones
  --list            name the scenarios and about how long each takes
`;

/** Reads the arguments; throws with a readable message if they make no sense. */
export function parseOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      scenario: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      seconds: { type: "string" },
      "warm-up": { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      svg: { type: "string" },
      into: { type: "string" },
      list: { type: "boolean", default: false },
    },
  });
  const scenarios = [...values.scenario, ...positionals].flatMap((name) => {
    if (known.includes(name)) return [name];
    const group = known.filter((one) => one.startsWith(`${name}-`));
    if (group.length === 0) throw new Error(`Cannot find the scenario "${name}": there are ${known.join(", ")}`);
    return group;
  });
  const pace = values.quick ? QUICK_PACE : USUAL_PACE;
  return {
    scenarios,
    pace: {
      rounds: positive("--rounds", values.rounds, pace.rounds),
      seconds: positive("--seconds", values.seconds, pace.seconds),
      warmUpRequests: positive("--warm-up", values["warm-up"], pace.warmUpRequests),
    },
    isQuick: values.quick,
    json: values.json ?? null,
    svg: values.svg ?? null,
    into: values.into ?? null,
    list: values.list,
  };
}

/** A whole number of at least 1, or the default if none was given. */
export function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`Cannot use "${text}" as ${name}: it must be 1 or more`);
  return value;
}
