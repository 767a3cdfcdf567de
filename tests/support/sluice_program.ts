import { CODE_CACHE, MEMORY_AT_HAND, PERMISSIONS, V8_FLAGS } from "../../build/program.ts";
import { EVENT_VARIABLES } from "../../src/cli/event_variables.ts";
import { fileURLToPath } from "node:url";

/** The project's root directory, with its last `/`. */
export const PROJECT_ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Variables that Deno itself needs to find its cache and certificates; sluice reads none of them. */
const DENO_NEEDS = [
  "HOME",
  "PATH",
  "DENO_DIR",
  "XDG_CACHE_HOME",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NPM_CONFIG_REGISTRY",
];

/**
 * Starts sluice (or `program` in its place) with only the given variables, its output piped. `writes` is a folder that
 * it may write to, which the compiled program could not be given.
 */
export function spawnSluice(
  args: readonly string[],
  env: Record<string, string | undefined>,
  cwd: string,
  { program, writes }: { readonly program?: string; readonly writes?: string } = {},
): Deno.ChildProcess {
  const compiled = writes === undefined ? program ?? Deno.env.get("SLUICE_PROGRAM") : undefined;
  const command = sluiceCommand(args, compiled, writes);
  return new Deno.Command(command.program, {
    args: command.args,
    cwd,
    clearEnv: true,
    env: sluiceEnvironment(env),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Which program that is: the checkout's `main.ts`, or the compiled program that `SLUICE_PROGRAM` names. */
export function sluiceCommand(
  args: readonly string[],
  compiled: string | undefined,
  writes?: string,
): { program: string; args: string[] } {
  if (compiled !== undefined && compiled !== "") return { program: compiled, args: [...args] };
  return {
    program: Deno.execPath(),
    args: [
      "run",
      "--no-check",
      // What it downloads at a machine's first run is no line of sluice's.
      "--quiet",
      "--config",
      `${PROJECT_ROOT}deno.json`,
      ...PERMISSIONS,
      ...(writes === undefined ? [] : [`--allow-write=${writes}`]),
      CODE_CACHE,
      V8_FLAGS,
      `${PROJECT_ROOT}main.ts`,
      ...args,
    ],
  };
}

/**
 * The whole environment of a sluice process: what Deno needs, and the given variables. An undefined one is taken away.
 */
export function sluiceEnvironment(env: Record<string, string | undefined>): Record<string, string> {
  const all: Record<string, string> = { NO_COLOR: "1" };
  for (const { name, value } of [...EVENT_VARIABLES, MEMORY_AT_HAND]) all[name] = value;
  for (const name of DENO_NEEDS) {
    const value = Deno.env.get(name);
    if (value !== undefined) all[name] = value;
  }
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete all[name];
    else all[name] = value;
  }
  return all;
}
