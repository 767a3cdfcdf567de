/**
 * `deno task bench:instructions [NAME...]`: how many instructions a request costs in user space, counted by valgrind's
 * callgrind. Slow, but the same on a busy machine as on a quiet one.
 */
import { parseArgs } from "node:util";
import { findProgram } from "../tests/support/have_program.ts";
import { CALLGRIND_NEEDS } from "./callgrind.ts";
import { bareFetch, byteProxy } from "./contenders/bare_fetch.ts";
import { hosts, rules, sluice } from "./contenders/sluice.ts";
import { type Counted, countInstructions, type CountPace, type CountResult } from "./count_instructions.ts";
import { instructionTable } from "./instruction_report.ts";
import { machine, machineLine } from "./machine.ts";
import { withSections } from "./markdown.ts";
import { positive } from "./options.ts";
import { startTarget } from "./target.ts";

const USUAL = { targets: 3, path: "/small", base: "bare-fetch" };
const QUIET = { ACCESS_LOG: "false", ADMIN_PORT: "off" };
const RULED = { ...USUAL, path: "/svc-0000/small" };

const COUNTED: readonly Counted[] = [
  { ...USUAL, name: "bare-fetch", contender: bareFetch },
  { ...USUAL, name: "byte-proxy", contender: byteProxy },
  { ...USUAL, name: "sluice", contender: sluice() },
  {
    ...USUAL,
    name: "wire",
    contender: sluice({ name: "sluice, engine wire", env: { LISTENER_ENGINE: "wire" } }),
    base: "byte-proxy",
  },
  {
    ...USUAL,
    name: "fetch",
    contender: sluice({ name: "sluice, fetch", env: { UPSTREAM_TRANSPORT: "fetch" } }),
  },
  { ...USUAL, name: "quiet", contender: sluice({ name: "sluice, all off", env: QUIET }), base: "sluice" },
  { ...RULED, name: "rules-1", contender: sluice(rules(1)), base: "sluice" },
  { ...RULED, name: "rules-1000", contender: sluice(rules(1000)), base: "rules-1" },
  ...(["serve", "wire"] as const).flatMap((engine): Counted[] => [
    { ...USUAL, name: `${engine}-hosts-1`, contender: sluice(hosts(1, engine)), base: "sluice" },
    { ...USUAL, name: `${engine}-hosts-1000`, contender: sluice(hosts(1000, engine)), base: `${engine}-hosts-1` },
  ]),
  {
    ...USUAL,
    name: "targets-1000",
    targets: 1000,
    contender: sluice({ name: "sluice, 1000 targets" }),
    base: "sluice",
  },
];

const USAGE = `deno task bench:instructions [NAME...] [options]
  NAME              ${COUNTED.map(({ name }) => name).join(", ")}; default: all
  --warm-up N       seconds of load before counting begins (default 30, and then until there were 40,000 requests)
  --settle N        seconds of counting that are thrown away (default 40, and then until there were 4,000 requests)
  --windows N       windows to count in (default 3)
  --seconds N       length of a window (default 20, and then until there were 2,000 requests)
                    none of them waits for its requests longer than four times its seconds
  --connections N   connections while it is counted (default 2; the warm-up has 16)
  --at-once N       contenders that run side by side (default 2: counts don't mind)
  --json FILE       write everything that was counted
  --into FILE       put the table under "## The last runs" of a Markdown document, in the place of the old one
`;

interface Options {
  readonly chosen: readonly Counted[];
  readonly pace: CountPace;
  readonly atOnce: number;
  readonly json: string | null;
  readonly into: string | null;
}

function parse(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      windows: text,
      seconds: text,
      settle: text,
      "warm-up": text,
      "at-once": text,
      connections: text,
      json: text,
      into: text,
    },
  });
  for (const name of positionals) {
    if (COUNTED.some((counted) => counted.name === name)) continue;
    throw new Error(`Cannot find "${name}": there are ${COUNTED.map((counted) => counted.name).join(", ")}`);
  }
  return {
    chosen: COUNTED.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    pace: {
      warmUp: { seconds: positive("--warm-up", values["warm-up"], 30), requests: 40_000 },
      settle: { seconds: positive("--settle", values.settle, 40), requests: 4_000 },
      windows: positive("--windows", values.windows, 3),
      window: { seconds: positive("--seconds", values.seconds, 20), requests: 2_000 },
      connections: positive("--connections", values.connections, 2),
    },
    atOnce: positive("--at-once", values["at-once"], 2),
    json: values.json ?? null,
    into: values.into ?? null,
  };
}

async function run({ chosen, pace, atOnce, json, into }: Options): Promise<number> {
  const missing = CALLGRIND_NEEDS.filter((program) => findProgram(program) === null);
  if (missing.length > 0) {
    console.error(`Cannot count instructions: ${missing.join(" and ")} not installed (Debian's package valgrind)`);
    return 1;
  }
  const on = await machine();
  console.log(`${machineLine(on)}\n`);
  await using target = await startTarget(Math.max(...chosen.map(({ targets }) => targets)));
  const say = (line: string) => console.error(line);
  const waiting = [...chosen];
  const results: CountResult[] = [];
  let failures = 0;
  const takeOneByOne = async () => {
    for (let counted = waiting.shift(); counted !== undefined; counted = waiting.shift()) {
      try {
        results.push(await countInstructions(counted, { target, pace, say }));
      } catch (error) {
        failures++;
        console.error(`${counted.name} failed: ${error instanceof Error ? error.stack : error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, takeOneByOne));
  if (results.length === 0) return 1;
  const order = chosen.map(({ name }) => name);
  results.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const section = instructionTable(results, pace);
  console.log(section);
  if (json !== null) await Deno.writeTextFile(json, JSON.stringify({ machine: on, pace, results }, null, 2) + "\n");
  if (into !== null) await Deno.writeTextFile(into, withSections(await Deno.readTextFile(into), [section]));
  return failures > 0 || results.some(({ errors }) => errors > 0) ? 1 : 0;
}

function readOptions(): Options | null {
  try {
    return parse(Deno.args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return null;
  }
}

if (import.meta.main) {
  const options = readOptions();
  Deno.exitCode = options === null ? 2 : await run(options);
}
