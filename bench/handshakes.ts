import { findProgram } from "../tests/support/have_program.ts";
import type { LoadGenerator, LoadResult } from "./load_generator.ts";
import { LOAD_CORES } from "./process.ts";

/** Enough to keep a proxy's core busy: each makes one handshake at a time. */
const CLIENTS = 8;

/**
 * `openssl s_time -new`: each connection makes a full handshake (a new session, no ticket shown) and is closed after
 * it, without a request. Its CPU time is its own: the proxy's is read from `/proc`.
 */
export const fullHandshakes: LoadGenerator = { unit: "handshake", run: runHandshakes };

async function runHandshakes(url: string, _shape: unknown, seconds: number): Promise<LoadResult> {
  const program = findProgram("openssl");
  if (program === null) throw new Error("openssl is not installed");
  const { host } = new URL(url);
  const args = ["-c", LOAD_CORES, program, "s_time", "-new", "-connect", host, "-time", `${seconds}`];
  const began = performance.now();
  const outputs = await Promise.all(
    Array.from({ length: CLIENTS }, () => new Deno.Command("taskset", { args, stdin: "null" }).output()),
  );
  const tookSeconds = (performance.now() - began) / 1000;
  const counts = outputs.map(({ stdout }) => parseHandshakes(new TextDecoder().decode(stdout)));
  const handshakes = counts.reduce((sum, { full }) => sum + full, 0);
  const resumed = counts.reduce((sum, count) => sum + count.resumed, 0);
  const failed = outputs.filter(({ success }) => !success).length;
  const problems = [
    ...resumed > 0 ? [`${resumed} resumed`] : [],
    ...failed > 0 ? [`${failed} clients failed`] : [],
  ];
  return {
    requests: handshakes,
    errors: resumed + failed,
    errorText: problems.join(", "),
    requestsPerSecond: handshakes / tookSeconds,
    p50Micros: NaN,
    p99Micros: NaN,
  };
}

/** What one client did. */
export interface HandshakeCount {
  readonly full: number;
  readonly resumed: number;
}

/**
 * Reads what `openssl s_time` prints: a line with a character for each connection, `r` if it resumed a session, and at
 * the end how many there were. It fails, and says nothing then, at the first handshake that fails.
 */
export function parseHandshakes(stdout: string): HandshakeCount {
  const total = Number(/(\d+) connections in \d+ real seconds/.exec(stdout)?.[1] ?? 0);
  const marks = /^[rt3*]+$/m.exec(stdout)?.[0] ?? "";
  const resumed = marks.replaceAll(/[^r]/g, "").length;
  return { full: total - resumed, resumed };
}
