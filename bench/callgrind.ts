import { findProgram } from "../tests/support/have_program.ts";
import { until } from "../tests/support/poll.ts";
import type { ContenderPlace } from "./contender.ts";

/** What counting takes; both are in Debian's package `valgrind`. */
export const CALLGRIND_NEEDS = ["valgrind", "callgrind_control"];

/**
 * How a contender is started so that its instructions can be counted: as usual, but under valgrind, counting nothing
 * yet. V8 writes machine code while it runs, so valgrind must look for changed code (`--smc-check`) or it would run old
 * code.
 *
 * @param dir Where the counts go, and the pipes by which the run is controlled.
 */
export function underCallgrind(dir: string): Pick<ContenderPlace, "under" | "cores"> {
  return {
    under: [
      findProgram("valgrind")!,
      "--tool=callgrind",
      "--smc-check=all-non-file",
      "--instr-atstart=no",
      `--callgrind-out-file=${dir}/counts`,
      `--vgdb-prefix=${dir}/control`,
    ],
    cores: "0,1",
  };
}

/** Switches counting on and off in a process that was started as {@linkcode underCallgrind} says. */
export class Callgrind {
  readonly #dir: string;
  readonly #pid: number;
  #dumps = 0;

  constructor(dir: string, pid: number) {
    this.#dir = dir;
    this.#pid = pid;
  }

  /** From now on instructions are counted, at a fifth of the speed or less. */
  async start(): Promise<void> {
    await this.#control("--instr=on");
  }

  /** Begins at nought. */
  async zero(): Promise<void> {
    await this.#control("--zero");
  }

  /** Instructions of the process in user space, all threads together, since the last call of this or of `zero`. */
  async take(): Promise<number> {
    await this.#control("--dump");
    const file = `${this.#dir}/counts.${++this.#dumps}`;
    return await until(() => readTotal(file), `${file} to be written`);
  }

  async #control(action: string): Promise<void> {
    const { code, stdout, stderr } = await new Deno.Command(findProgram("callgrind_control")!, {
      args: [action, `--vgdb-prefix=${this.#dir}/control`, `${this.#pid}`],
      stdin: "null",
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    // it names the process that it spoke to, and ends with code 0 even if it found none
    if (code !== 0 || !said.includes(`PID ${this.#pid}:`)) {
      throw new Error(`callgrind_control ${action} failed: ${said}`);
    }
  }
}

/** The instructions in a file of callgrind; null if it is missing or incomplete. */
export function totalOf(text: string): number | null {
  const found = /^totals: (\d+)$/m.exec(text);
  return found === null ? null : Number(found[1]);
}

function readTotal(file: string): number | null {
  try {
    return totalOf(Deno.readTextFileSync(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
