import type { BenchCertificates } from "./certificates.ts";
import { type BenchCommand, type BenchProcess, startOnCores } from "./process.ts";

/** What a contender forwards to, and how it is started. */
export interface ContenderPlace {
  /** `address:port` of each target. */
  readonly targets: readonly string[];
  /** A program and its arguments under which the contender's own program is to run (valgrind, say). */
  readonly under?: readonly string[];
  /** The cores it runs on, as `taskset -c` takes them, if not the usual one. */
  readonly cores?: string;
  /** Clients come by TLS and get this certificate; default: they come without TLS. */
  readonly clientsTls?: BenchCertificates | null;
  /** Targets speak TLS and have this certificate, which is checked; default: they speak none. */
  readonly targetsTls?: BenchCertificates | null;
}

/** A running proxy. */
export interface RunningContender extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or with `https`. */
  readonly url: string;
  readonly process: BenchProcess;
}

/** A proxy that takes part. */
export interface Contender {
  readonly name: string;
  /** Programs that must be installed; if one is missing, the contender is left out and the report says so. */
  readonly needs: readonly string[];
  /** It is machine code from its start on, so that one second of load warms it up. */
  readonly isCompiledAhead?: boolean;
  start(place: ContenderPlace): Promise<RunningContender>;
}

/** Starts a contender's program; its directory, if it has one, is deleted when it ends. */
export async function startContender(command: BenchCommand, dir?: AsyncDisposable): Promise<RunningContender> {
  const process = await startOnCores(command);
  return {
    url: `${command.authority === undefined ? "http" : "https"}://127.0.0.1:${command.port}`,
    process,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await dir?.[Symbol.asyncDispose]();
    },
  };
}
