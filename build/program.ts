import { excludedPaths, type Lock } from "./packages.ts";

/**
 * What the program may do: speak over the network, read its configuration files, read variables. Not: write, run programs,
 * load libraries, ask about the machine. What is missing is refused without asking anybody (`--no-prompt`), so that a server
 * never stands still before a question.
 */
export const PERMISSIONS: readonly string[] = ["--allow-net", "--allow-read", "--allow-env", "--no-prompt"];

/**
 * How V8 collects garbage: the young generation in one thread (helpers beside it cost more processor time than they save in
 * a process that has as many workers as cores), and at most 8 MB of it at once; the old generation once it has grown by 40 %
 * rather than to a multiple of what lives. Together they nearly halve what the process holds (docs/performance.md).
 */
export const V8_FLAGS = "--v8-flags=--no-parallel-scavenge,--max-semi-space-size=8,--heap-growing-percent=40";

/** The thread of the data plane: started by its URL, so nothing imports it. */
const WORKER = "src/data_plane/worker.ts";

/** One program to make. */
export interface ProgramOptions {
  readonly output: string;
  /** As `x86_64-unknown-linux-gnu`; this machine's own where absent. */
  readonly target?: string;
  readonly exclude: readonly string[];
}

/** Puts together the arguments of `deno` that make the program. Types are checked by the gate, not here. */
export function compileArguments({ output, target, exclude }: ProgramOptions): string[] {
  return [
    "compile",
    "--no-check",
    "--frozen",
    ...PERMISSIONS,
    V8_FLAGS,
    ...(target === undefined ? [] : ["--target", target]),
    "--include",
    WORKER,
    ...exclude.flatMap((path) => ["--exclude", path]),
    "--output",
    output,
    "main.ts",
  ];
}

/**
 * Makes the program from the project in the current directory; false where Deno could not, which has said why.
 *
 * @param options `otel`: the program emits OpenTelemetry; whoever compiles decides that, not whoever runs it.
 */
export async function makeProgram(output: string, options: { target?: string; otel?: boolean } = {}): Promise<boolean> {
  const { target, otel = false } = options;
  // Everything of the lock file must be there before it can be left out.
  if (!await deno(["install", "--frozen"])) return false;
  const lock: Lock = JSON.parse(await Deno.readTextFile("deno.lock"));
  const args = compileArguments({ output, target, exclude: excludedPaths(lock, await npmCache()) });
  return await deno(args, otel ? { OTEL_DENO: "true" } : {});
}

async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "inherit" }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

/** Runs this very Deno. */
async function deno(args: string[], env: Record<string, string> = {}): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, env, stdin: "null" }).spawn().status;
  return success;
}
