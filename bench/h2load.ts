import { findProgram } from "../tests/support/have_program.ts";
import type { LoadGenerator, LoadResult, LoadShape } from "./load_generator.ts";
import { LOAD_CORES } from "./process.ts";

/** h2load: HTTP/2 on kept connections. */
export const h2load: LoadGenerator = { unit: "request", run: runH2load };

async function runH2load(
  url: string,
  { connections, path, streams = 1 }: LoadShape,
  seconds: number,
): Promise<LoadResult> {
  const program = findProgram("h2load");
  if (program === null) throw new Error("h2load is not installed");
  const load = ["-D", `${seconds}`, "-c", `${connections}`, "-m", `${streams}`, url + path];
  const { code, stdout, stderr } = await new Deno.Command("taskset", { args: ["-c", LOAD_CORES, program, ...load] })
    .output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`h2load failed: ${text}${new TextDecoder().decode(stderr)}`);
  return parseH2load(text);
}

/** Reads what h2load prints at its end. It measures no percentiles. */
export function parseH2load(text: string): LoadResult {
  const done = /requests: (\d+) total, .* (\d+) succeeded, (\d+) failed, .*/.exec(text);
  if (done === null) throw new Error(`h2load printed no result: ${text}`);
  const bad = Number(/(\d+) 4xx/.exec(text)?.[1] ?? 0) + Number(/(\d+) 5xx/.exec(text)?.[1] ?? 0);
  const protocol = /Application protocol: (\S+)/.exec(text)?.[1] ?? "none";
  // One that got no HTTP/2 must not look as if it had.
  if (protocol !== "h2") throw new Error(`The server speaks ${protocol}, not HTTP/2`);
  const errors = Number(done[3]) + bad;
  return {
    requests: Number(done[2]),
    errors,
    errorText: errors === 0 ? "" : done[0],
    requestsPerSecond: Number(/finished in .*, ([\d.]+) req\/s/.exec(text)?.[1] ?? 0),
    p50Micros: NaN,
    p99Micros: NaN,
  };
}
