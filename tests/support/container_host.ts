import assert from "node:assert/strict";
import { missingOf } from "./have_program.ts";
import { until } from "./poll.ts";
import { PROJECT_ROOT } from "./sluice_program.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** The image that the tests make, by the name that deploy/compose.yaml gives it. */
export const IMAGE = "localhost/sluice:latest";

/** Why containers can't be run here, or null if they can. */
export function whyNoContainers(): string | null {
  const missing = missingOf("podman", "buildah", "runc", "ldd");
  if (missing.length > 0) return `${missing.join(", ")} not installed`;
  if (Deno.uid() !== 0) return "containers are run as root here";
  if (!Deno.env.get("SLUICE_PROGRAM")) return "SLUICE_PROGRAM names no compiled program";
  return null;
}

/**
 * Podman with a store of its own, which is deleted at the end with every container in it. It runs where no systemd and
 * no bridge network is: containers share the machine's network.
 */
export class ContainerHost implements AsyncDisposable {
  readonly dir: string;
  readonly #dir: TempDir;

  private constructor(dir: TempDir) {
    this.#dir = dir;
    this.dir = dir.path;
  }

  static async start(): Promise<ContainerHost> {
    return new ContainerHost(await tempDir());
  }

  /** What every podman call begins with. */
  get options(): string[] {
    return [
      ...this.#store,
      "--runtime",
      "runc",
      "--cgroup-manager=cgroupfs",
    ];
  }

  /** What every `podman run` needs on a machine whose limits can't be raised. */
  static readonly runOptions = ["--network=host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

  get #store(): string[] {
    return ["--root", `${this.dir}/root`, "--runroot", `${this.dir}/run`, "--storage-driver", "vfs"];
  }

  /**
   * Makes {@linkcode IMAGE} out of the compiled program by the Dockerfile's second stage, word for word; only the base,
   * which can't be had without a network, is made of what it consists of: the libraries that the program is linked to.
   */
  async buildImage(program: string): Promise<void> {
    const context = `${this.dir}/context`;
    await Deno.mkdir(`${context}/base`, { recursive: true });
    await Deno.mkdir(`${context}/state`);
    await Deno.copyFile(program, `${context}/sluice`);
    for (const library of await librariesOf(program)) {
      const copy = `${context}/base${library}`;
      await Deno.mkdir(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
      await Deno.copyFile(library, copy);
    }
    const stage = (await Deno.readTextFile(`${PROJECT_ROOT}Dockerfile`)).split(/^(?=FROM )/m).at(-1)!;
    const lines = stage
      .replace(/^FROM .*$/m, "FROM scratch\nCOPY base/ /")
      .replace("COPY --from=build /build/dist/sluice", "COPY sluice")
      .replace(/COPY --from=build (--chown=\S+) \/build\/state/, "COPY $1 state");
    assert.ok(lines.includes("COPY base/ /") && !lines.includes("--from"), lines);
    await Deno.writeTextFile(`${context}/Dockerfile`, lines);
    await run("buildah", [...this.#store, "bud", "--format", "docker", "--isolation", "chroot", "-t", IMAGE, context]);
  }

  /** Runs podman and returns its standard output; fails if podman does. */
  podman(...args: string[]): Promise<string> {
    return run("podman", [...this.options, ...args]);
  }

  /** Runs podman and returns its exit code. */
  async podmanCode(...args: string[]): Promise<number> {
    const command = new Deno.Command("podman", { args: [...this.options, ...args], stdout: "null", stderr: "null" });
    return (await command.output()).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.podman("rm", "--all", "--force", "--time", "2");
    // What watched over a container writes a last file after the container is gone.
    await until(
      async () => await this.#dir[Symbol.asyncDispose]().then(() => true, () => false),
      `${this.dir} to be removed`,
    );
  }
}

/** Runs a program to its end and returns its standard output; throws with its whole output if it fails. */
export async function run(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const output = await new Deno.Command(program, { args, env, stdin: "null" }).output();
  const decoder = new TextDecoder();
  const stdout = decoder.decode(output.stdout);
  assert.ok(output.success, `${program} ${args.join(" ")}\n${stdout}${decoder.decode(output.stderr)}`);
  return stdout.trim();
}

/** The shared libraries and the loader of a program, where the loader finds them. */
async function librariesOf(program: string): Promise<string[]> {
  const lines = (await run("ldd", [program])).split("\n");
  return lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
