/**
 * `deno run -A bench/profile.ts`: where sluice's JavaScript spends its time while it serves small GETs, by V8's
 * sampling profiler. What Deno does in Rust (sockets, HTTP) shows as `(program)` or `(idle)`.
 */
import { freePort } from "../tests/support/free_port.ts";
import { sluiceCommand, sluiceEnvironment } from "../tests/support/sluice_program.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { PROXY_CORES, startOnCores } from "./process.ts";
import { startTarget } from "./target.ts";
import { runWrk } from "./wrk.ts";

const SECONDS = 8;
const SHOWN = 45;

/** A `.cpuprofile` file, as far as it is read here. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Adds up the time of the samples by function, largest first. */
function selfTimes(profile: CpuProfile): [string, number][] {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => {
    const place = callFrame.url.replace(/^.*\/(?=src\/|[^/]+$)/, "");
    return [id, `${callFrame.functionName || "(anonymous)"} ${place}${place && `:${callFrame.lineNumber + 1}`}`];
  }));
  const micros = new Map<string, number>();
  profile.samples.forEach((id, i) => {
    const name = names.get(id) ?? "?";
    micros.set(name, (micros.get(name) ?? 0) + (profile.timeDeltas[i] ?? 0));
  });
  return [...micros].sort(([, a], [, b]) => b - a);
}

await using target = await startTarget(3);
await using dir = await tempDir();
const port = freePort();
const command = sluiceCommand([], undefined);
let requests = 0;
{
  await using _process = await startOnCores({
    program: command.program,
    args: command.args.toSpliced(1, 0, "--cpu-prof", `--cpu-prof-dir=${dir.path}`),
    cwd: dir.path,
    env: sluiceEnvironment({
      LISTENER_HOST: "127.0.0.1",
      LISTENER_PORT: `${port}`,
      LISTENER_WORKERS: "1",
      ADMIN_PORT: "0",
      TARGET_GROUP_1_NAME: "bench",
      TARGET_GROUP_1_TARGETS: target.addresses.join(","),
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "bench",
    }),
    cores: PROXY_CORES,
    port,
  });
  requests = (await runWrk(`http://127.0.0.1:${port}`, { connections: 64, path: "/small" }, SECONDS)).requests;
}
const file = [...Deno.readDirSync(dir.path)].find(({ name }) => name.endsWith(".cpuprofile"));
if (file === undefined) throw new Error("sluice wrote no profile when it was stopped");
const profile: CpuProfile = JSON.parse(await Deno.readTextFile(`${dir.path}/${file.name}`));
console.log(`${requests} requests; the start is in it too`);
for (const [name, micros] of selfTimes(profile).slice(0, SHOWN)) {
  console.log(`${(micros / requests).toFixed(2).padStart(8)} us per request  ${name}`);
}
