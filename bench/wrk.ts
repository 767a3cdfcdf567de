import { findProgram } from "../tests/support/have_program.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import type { LoadGenerator, LoadResult, LoadShape } from "./load_generator.ts";
import { LOAD_CORES } from "./process.ts";

/** wrk: keep-alive connections in a closed loop, unless it has a rate. */
export const wrk: LoadGenerator = { unit: "request", run: runWrk };

/**
 * Loads a URL with wrk for some seconds: one thread, keep-alive connections, on the load's core; closed loop unless it
 * has a rate.
 */
export async function runWrk(url: string, shape: LoadShape, seconds: number): Promise<LoadResult> {
  const program = findProgram("wrk");
  if (program === null) throw new Error("wrk is not installed");
  await using dir = await tempDir();
  const script = `${dir.path}/request.lua`;
  await Deno.writeTextFile(script, luaScript(shape));
  const { connections, timeoutSeconds = 2 } = shape;
  const args = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    `--timeout=${timeoutSeconds}s`,
    "--latency",
    "-s",
    script,
    url + shape.path,
  ];
  const { code, stdout, stderr } = await new Deno.Command("taskset", { args: ["-c", LOAD_CORES, program, ...args] })
    .output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`wrk failed: ${text}${new TextDecoder().decode(stderr)}`);
  return parseWrk(text);
}

/** Reads what wrk prints at its end. */
export function parseWrk(text: string): LoadResult {
  const done = /(\d+) requests in ([\d.]+)(ms|s|m)/.exec(text);
  if (done === null) throw new Error(`wrk printed no result: ${text}`);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? [];
  const badAnswers = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  return {
    requests: Number(done[1]),
    errors: badAnswers + socketErrors.slice(1).reduce((sum, n) => sum + Number(n), 0),
    errorText: [...text.matchAll(/(?:Socket errors|Non-2xx).*/g)].join("; "),
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
    // from the line's start on: a share above them, such as "83.50%", ends like "50%"
    p50Micros: micros(/^\s*50%\s+(\S+)/m.exec(text)?.[1]),
    p99Micros: micros(/^\s*99%\s+(\S+)/m.exec(text)?.[1]),
  };
}

function micros(text = ""): number {
  const found = /^([\d.]+)(us|ms|s|m|h)$/.exec(text);
  const unit = { us: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 }[found?.[2] ?? ""] ?? NaN;
  return Number(found?.[1]) * unit;
}

function luaScript(shape: LoadShape): string {
  const lines = [`wrk.method = ${JSON.stringify(shape.method ?? "GET")}`];
  for (const [name, value] of Object.entries(shape.headers ?? {})) {
    lines.push(`wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`);
  }
  if (shape.bodyBytes !== undefined) lines.push(`wrk.body = string.rep("x", ${shape.bodyBytes})`);
  if (shape.ratePerSecond !== undefined) lines.push(paced(shape.ratePerSecond));
  return lines.join("\n") + "\n";
}

/**
 * wrk asks `delay` how many milliseconds a connection is to wait before its next request. Each takes the next place of
 * one timetable, so that the rate holds as long as a connection is free when a request is due; what is overdue goes at
 * once. `due` lies in milliseconds of the monotonic clock (clock 1), which Lua itself can't read.
 */
function paced(ratePerSecond: number): string {
  return `local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, nanos; } bench_time; int clock_gettime(int, bench_time *);")
local time, due = ffi.new("bench_time"), nil
function delay()
  ffi.C.clock_gettime(1, time)
  local now = tonumber(time.seconds) * 1e3 + tonumber(time.nanos) / 1e6
  due = (due or now) + 1e3 / ${ratePerSecond}
  return math.max(0, due - now)
end`;
}
