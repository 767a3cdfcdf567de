import { LineCollector } from "../tests/support/line_collector.ts";
import { until, within } from "../tests/support/poll.ts";

/** The cores: what is measured has one for itself; what loads it and what answers it share the other. */
export const PROXY_CORES = "0";
export const LOAD_CORES = "1";

/** How long a program may take until it answers. */
const PATIENCE_MS = 20_000;

/** How many times longer it may take under another program that slows it down. */
const SLOWER_UNDER = 6;

/** A running program of the benchmark, bound to its cores. */
export interface BenchProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it said on stderr so far. */
  readonly stderr: () => string;
}

/** How a program is started. */
export interface BenchCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** As `taskset -c` wants it. */
  readonly cores: string;
  /** A program and its arguments that the program is started by; it is to keep the process id. */
  readonly under?: readonly string[];
  /** Ready when this loopback port answers HTTP. */
  readonly port: number;
  /** It answers by TLS, with a certificate that this authority (PEM) has signed. */
  readonly authority?: string;
}

/** Starts a program on its cores and waits until its port answers. Its stdout goes nowhere. */
export async function startOnCores(command: BenchCommand): Promise<BenchProcess> {
  // taskset turns into the program, so the process id stays the program's
  const child = new Deno.Command("taskset", {
    args: ["-c", command.cores, ...command.under ?? [], command.program, ...command.args],
    cwd: command.cwd,
    env: command.env,
    clearEnv: command.env !== undefined,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = new LineCollector(child.stderr);
  let ended = false;
  child.status.then(() => ended = true);
  const process: BenchProcess = {
    pid: child.pid,
    stderr: () => stderr.text,
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill("SIGTERM");
      try {
        await within(child.status, `${command.program} to end`, 5_000);
      } catch {
        child.kill("SIGKILL");
      }
      await Promise.all([child.status, stderr.ended]);
    },
  };
  try {
    await until(() => ended || answers(command), `${command.program} to answer`, {
      everyMs: 50,
      patienceMs: command.under === undefined ? PATIENCE_MS : PATIENCE_MS * SLOWER_UNDER,
    });
    if (ended) throw new Error(`${command.program} ended:\n${stderr.text}`);
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
  return process;
}

/**
 * Asks and waits for the first byte: a program may try its port before it serves there, and drop who came too early.
 */
async function answers({ port, authority }: BenchCommand): Promise<boolean> {
  const place = { hostname: "127.0.0.1", port };
  try {
    using connection = authority === undefined
      ? await Deno.connect(place)
      : await Deno.connectTls({ ...place, caCerts: [authority] });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"));
    return await connection.read(new Uint8Array(1)) === 1;
  } catch {
    return false;
  }
}
