import { excludedPaths, type Lock } from "./packages.ts";

/** Where certificates that the program has ordered are kept (ACME_STORAGE). */
export const STATE_FOLDER = "/var/lib/sluice";

/**
 * What the program may do: speak over the network, read its configuration files, read variables, and write to one
 * folder. Not: write anywhere else, run programs, load libraries, ask about the machine. Anything else is refused
 * without a prompt (`--no-prompt`), so that a server never waits for an answer.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-env",
  `--allow-write=${STATE_FOLDER}`,
  "--no-prompt",
];

/**
 * How V8 collects garbage: at most 8 MB of young generation at once, and the old one once it has grown by 40 % rather
 * than to a multiple of what lives, which together nearly halve what the process holds. And none at rest: what V8
 * collects when nothing happens takes along what it has learned of the code, so that each pause of traffic made the
 * next 50,000 requests cost up to three times as much (docs/performance.md).
 *
 * And that V8's second compiler (Maglev) frees what it worked with as soon as it is done. By default it leaves that to
 * threads in the background, which the third compiler keeps busy just then: 18 MB lay waiting, and glibc's heap of that
 * thread never shrank again.
 */
export const V8_FLAGS = "--v8-flags=" + [
  "--max-semi-space-size=8",
  "--heap-growing-percent=40",
  "--no-memory-reducer",
  "--no-maglev-destroy-on-background",
].join(",");

/**
 * Compiles the sources anew at each start. What Deno would keep of them from start to start makes a start 0.05 s of CPU
 * time shorter, but takes 3 MB at rest and 2 MB under load.
 */
export const CODE_CACHE = "--no-code-cache";

/**
 * How much freed memory each thread keeps at hand: up to 1000 pieces of each size up to 1 KB (glibc's own default is
 * 7), a few MB in all. A request takes and frees some twenty such pieces. Beyond what is at hand they come from a heap
 * that ten thousand idle connections have left full of holes, and looking for one that fits cost a sixth of a request
 * there. glibc reads this when the program begins, so it is set by whatever starts it.
 */
export const MEMORY_AT_HAND = { name: "GLIBC_TUNABLES", value: "glibc.malloc.tcache_count=1000" } as const;

/** The thread of the data plane: started by its URL, so nothing imports it. */
const WORKER = "src/data_plane/worker.ts";

/** One program to make. */
export interface ProgramOptions {
  readonly output: string;
  /** Such as `x86_64-unknown-linux-gnu`; by default this machine's. */
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
    CODE_CACHE,
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
 * Compiles the project in the current directory; returns false if Deno could not, and has said why.
 *
 * @param options `otel`: the program emits OpenTelemetry; that is decided when compiling, not when running.
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
