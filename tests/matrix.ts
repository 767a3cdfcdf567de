/**
 * Runs all end-to-end suites with each engine and each transport: `deno task test:matrix`. Arguments choose
 * combinations (`wire+fetch`) and suites (`websocket`, for all whose names begin so).
 *
 * Those in `tests/e2e/together` run several at a time, those in `tests/e2e` one after another.
 */
import { RUN_ONCE } from "./matrix_exemptions.ts";

const COMBINATIONS = [
  { engine: "wire", transport: "wire" },
  { engine: "wire", transport: "fetch" },
  { engine: "serve", transport: "wire" },
  { engine: "serve", transport: "fetch" },
].map((each) => ({ ...each, name: `${each.engine}+${each.transport}` }));
type Combination = typeof COMBINATIONS[number];

const ALONE = "tests/e2e";
const TOGETHER = "tests/e2e/together";

/** What came of one suite with one combination. */
interface Result {
  readonly suite: string;
  readonly combination: string;
  readonly passed: boolean;
  /** `12 ok`, `3 ok, 1 not run`, `FAILED`. */
  readonly cell: string;
  readonly output: string;
}

function suitesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith("_test.ts"))
    .map((name) => name.replace(/_test\.ts$/, "")).sort();
}

async function run(suite: string, folder: string, { engine, transport, name }: Combination): Promise<Result> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--allow-all", "--sanitize-ops", "--sanitize-resources", `${folder}/${suite}_test.ts`],
    env: { LISTENER_ENGINE: engine, UPSTREAM_TRANSPORT: transport, NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const last = /^(?:ok|FAILED) \|.*$/m.exec(output)?.[0] ?? "no result";
  console.log(`${name} ${suite}: ${last}`);
  const count = (what: string) => new RegExp(`(\\d+) ${what}`).exec(last)?.[1] ?? "0";
  const ignored = count("ignored") === "0" ? "" : `, ${count("ignored")} not run`;
  const cell = success ? `${count("passed")} ok${ignored}` : "FAILED";
  return { suite, combination: name, passed: success, cell, output };
}

/** Runs jobs, so many at a time. */
async function inParallel(jobs: readonly (() => Promise<Result>)[], atOnce: number): Promise<Result[]> {
  const left = [...jobs];
  const results: Result[] = [];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) results.push(await job());
  }));
  return results;
}

function table(suites: readonly string[], combinations: readonly Combination[], results: readonly Result[]): string {
  const cellOf = (suite: string, { name }: Combination) =>
    results.find((each) => each.suite === suite && each.combination === name)?.cell ?? "-";
  const rows = [
    ["", ...combinations.map(({ name }) => name)],
    ...suites.map((suite) => [suite, ...combinations.map((each) => cellOf(suite, each))]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()).join("\n");
}

const chosen = COMBINATIONS.filter(({ name }) => Deno.args.includes(name));
const combinations = chosen.length > 0 ? chosen : COMBINATIONS;
const prefixes = Deno.args.filter((arg) => !COMBINATIONS.some(({ name }) => name === arg));
const wanted = (suite: string) => prefixes.length === 0 || prefixes.some((prefix) => suite.startsWith(prefix));
const folders = new Map([ALONE, TOGETHER].map((folder) => [folder, suitesIn(folder)]));
const all = [...folders.values()].flat();
const unknown = RUN_ONCE.flatMap(({ suites }) => suites).filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`tests/matrix_exemptions.ts names suites that are not there: ${unknown}`);

const jobsIn = (folder: string) =>
  combinations.flatMap((combination, index) =>
    folders.get(folder)!.filter(wanted)
      .filter((suite) => index === 0 || !RUN_ONCE.some(({ suites }) => suites.includes(suite)))
      .map((suite) => () => run(suite, folder, combination))
  );
const results = [
  ...await inParallel(jobsIn(TOGETHER), navigator.hardwareConcurrency),
  ...await inParallel(jobsIn(ALONE), 1),
];

const failed = results.filter(({ passed }) => !passed);
for (const { suite, combination, output } of failed) {
  console.log(`\n${suite} with ${combination}:\n${output.slice(Math.max(0, output.indexOf(" ERRORS ")))}`);
}
console.log(`\n${table(all.filter(wanted), combinations, results)}`);
for (const { suites, reason } of RUN_ONCE) {
  const once = suites.filter(wanted);
  if (once.length > 0) console.log(`\nOnce is enough, because ${reason}: ${once.join(", ")}`);
}
console.log(
  failed.length === 0
    ? "\nEverything passed."
    : `\nFailed:\n${failed.map(({ suite, combination }) => `  ${suite} with ${combination}`).join("\n")}`,
);
Deno.exit(failed.length === 0 ? 0 : 1);
