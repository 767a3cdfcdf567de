import { LineCollector } from "./line_collector.ts";
import { until } from "./poll.ts";
import type { TempDir } from "./temp_dir.ts";

/** A program that runs in a directory of its own, which is deleted when it has ended. Its stderr is kept. */
export class ProgramChild implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stderr: LineCollector;
  readonly #dir: TempDir;
  #ended = false;

  constructor(program: string, args: readonly string[], dir: TempDir) {
    this.#child = new Deno.Command(program, { args: [...args], stdin: "null", stdout: "null", stderr: "piped" })
      .spawn();
    this.#stderr = new LineCollector(this.#child.stderr);
    this.#dir = dir;
    this.#child.status.then(() => this.#ended = true);
  }

  get stderr(): string {
    return this.#stderr.text;
  }

  /** Its lines on stderr so far. */
  get lines(): readonly string[] {
    return this.#stderr.lines;
  }

  /** Waits until it is ready; returns false if it ended instead. If the wait is too long, ends it and throws. */
  async ready(isReady: () => boolean | Promise<boolean>, name: string): Promise<boolean> {
    try {
      await until(() => this.#ended || isReady(), () => `${name}: ${this.stderr}`);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    return !this.#ended;
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#stderr.ended;
    await this.#dir[Symbol.asyncDispose]();
  }
}
