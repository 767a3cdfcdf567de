import { fileURLToPath } from "node:url";
import { LineCollector } from "../line_collector.ts";

/** A call of a {@linkcode Remote}, and what came of it: a line of JSON each. */
interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}
interface Outcome {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

/** The path of a program beside this file. */
export function programOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/**
 * An object in a process of its own, so that its work takes no time of whoever measures here. Its program passes the
 * object to {@linkcode serveCalls}; arguments and results are JSON.
 */
export class Remote implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: LineCollector;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;

  /** Starts a program. */
  constructor(program: string) {
    const args = ["run", "--no-check", "--allow-net", program];
    this.#child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "inherit" })
      .spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = new LineCollector(this.#child.stdout, (line) => this.#settle(JSON.parse(line)));
    this.#output.ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${program} has ended`));
    });
  }

  /** Calls a method of the object. */
  async call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const call: Call = { id: this.#calls++, method, args };
    const outcome = Promise.withResolvers<unknown>();
    this.#waiting.set(call.id, outcome);
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(call)}\n`));
    return await outcome.promise as T;
  }

  #settle({ id, result, error }: Outcome): void {
    const waiting = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Error(error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#input.abort().catch(() => {});
    await this.#child.status;
    await this.#output.ended;
  }
}

/** Has a program serve the calls of a {@linkcode Remote} on its standard input, several at a time. */
export async function serveCalls(object: object): Promise<void> {
  const lines = new LineCollector(Deno.stdin.readable, async (line) => {
    const { id, method, args }: Call = JSON.parse(line);
    let outcome: Outcome;
    try {
      outcome = { id, result: await (object as Methods)[method]!(...args) };
    } catch (error) {
      outcome = { id, error: String(error) };
    }
    console.log(JSON.stringify(outcome));
  });
  await lines.ended;
}
