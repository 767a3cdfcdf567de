import assert from "node:assert/strict";
import type { Stats } from "../../src/admin/stats/stats_model.ts";
import { LineCollector } from "./line_collector.ts";
import { until, within } from "./poll.ts";
import { spawnSluice } from "./sluice_program.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** A line of sluice's log, or of its access log. */
export type LogLine = Record<string, unknown> & { event?: string };

/** How a sluice process is started. */
export interface SluiceOptions {
  /** Its variables, beside the defaults below; `undefined` takes a default away. */
  readonly env?: Record<string, string | undefined>;
  /** Arguments; none starts the default command. */
  readonly args?: readonly string[];
  /** Text of a `.env` file in the working directory. */
  readonly envFileText?: string;
  /** Working directory; by default an empty one of its own. */
  readonly cwd?: string;
  /** Events to wait for. Default: `listening`, and `admin_listening` unless `ADMIN_PORT` is `off`. */
  readonly ready?: readonly string[];
  /** A program to run in sluice's place; default: `main.ts`, or what the variable `SLUICE_PROGRAM` names. */
  readonly program?: string;
  /** A folder that it may write to, beside its own. */
  readonly writes?: string;
}

/** What keeps a test on loopback, on free ports and in one thread. */
const DEFAULT_ENV = {
  LISTENER_HOST: "127.0.0.1",
  LISTENER_PORT: "0",
  ADMIN_PORT: "0",
  LISTENER_WORKERS: "1",
  // The suites about what goes over the wire run once for each transport: `deno task test:fetch` says which those are.
  UPSTREAM_TRANSPORT: Deno.env.get("UPSTREAM_TRANSPORT"),
  LISTENER_ENGINE: Deno.env.get("LISTENER_ENGINE"),
};

/** Starts the real program as a child process and waits until it listens. */
export async function startSluice(options: SluiceOptions = {}): Promise<SluiceProcess> {
  const env: Record<string, string | undefined> = { ...DEFAULT_ENV, ...options.env };
  const dir = options.cwd === undefined ? await tempDir() : null;
  const cwd = options.cwd ?? dir!.path;
  if (options.envFileText !== undefined) await Deno.writeTextFile(`${cwd}/.env`, options.envFileText);
  const sluice = new SluiceProcess(spawnSluice(options.args ?? [], env, cwd, options), cwd, dir);
  try {
    const ready = options.ready ?? (env.ADMIN_PORT === "off" ? ["listening"] : ["listening", "admin_listening"]);
    for (const event of ready) await sluice.waitForEvent((line) => line.event === event, `the event "${event}"`);
  } catch (error) {
    await sluice[Symbol.asyncDispose]();
    throw error;
  }
  return sluice;
}

/** Runs the program to its end: for commands, and for a configuration that must not start. */
export async function runSluice(
  args: readonly string[] = [],
  env: Record<string, string | undefined> = {},
  options: { cwd?: string; envFileText?: string; program?: string; writes?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  await using dir = await tempDir();
  const cwd = options.cwd ?? dir.path;
  if (options.envFileText !== undefined) await Deno.writeTextFile(`${cwd}/.env`, options.envFileText);
  const child = spawnSluice(args, env, cwd, options);
  const stdout = new LineCollector(child.stdout);
  const stderr = new LineCollector(child.stderr);
  try {
    const { code } = await within(child.status, `sluice ${args.join(" ")} to end by itself`);
    await Promise.all([stdout.ended, stderr.ended]);
    return { code, stdout: stdout.text, stderr: stderr.text };
  } catch (error) {
    child.kill("SIGKILL");
    await Promise.all([child.status, stdout.ended, stderr.ended]);
    throw new Error(`${(error as Error).message}\nstdout: ${stdout.text}\nstderr: ${stderr.text}`);
  }
}

/** A running sluice, with all it says. */
export class SluiceProcess implements AsyncDisposable {
  /** Its working directory. */
  readonly cwd: string;
  /** The log's events so far, in order. */
  readonly events: LogLine[] = [];
  /** Lines of stderr that are not JSON: what the runtime says, or a crash. */
  readonly plainLines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #dir: TempDir | null;
  readonly #stdout: LineCollector;
  readonly #stderr: LineCollector;
  readonly #accessLines: LogLine[] = [];
  #status: Deno.CommandStatus | null = null;

  constructor(child: Deno.ChildProcess, cwd: string, dir: TempDir | null) {
    this.#child = child;
    this.cwd = cwd;
    this.#dir = dir;
    this.#stdout = new LineCollector(child.stdout, (line) => {
      if (line.startsWith("{")) this.#accessLines.push(JSON.parse(line));
    });
    this.#stderr = new LineCollector(child.stderr, (line) => {
      if (line.startsWith("{")) this.events.push(JSON.parse(line));
      else this.plainLines.push(line);
    });
    child.status.then((status) => this.#status = status);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The listener's address, `http://127.0.0.1:PORT` (no `/` at the end). */
  get url(): string {
    return this.#urlOf("listening");
  }

  /** The admin listener's address (no `/` at the end). */
  get adminUrl(): string {
    return this.#urlOf("admin_listening");
  }

  /** The listener's port. */
  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** All of stderr, for messages of failed tests. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** All of stdout as text. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** Waits for the first event, past or coming, that `matches`; fails when the process ends without it. */
  waitForEvent(matches: (event: LogLine) => boolean, what = "an event"): Promise<LogLine> {
    return until(async () => {
      const found = this.events.find(matches);
      if (found !== undefined || this.#status === null) return found;
      await this.#stderr.ended;
      const last = this.events.find(matches);
      if (last !== undefined) return last;
      throw new Error(`sluice ended with code ${this.#status.code} before ${what}:\n${this.stderr}`);
    }, () => `${what}; the log says:\n${this.stderr}`);
  }

  /** The access log so far; waits until it has at least `atLeast` lines (they are written in batches). */
  async accessLines(atLeast = 0): Promise<readonly LogLine[]> {
    await until(
      () => this.#accessLines.length >= atLeast,
      () => `${atLeast} access lines; there are ${this.#accessLines.length}:\n${this.stdout}`,
    );
    return this.#accessLines;
  }

  /** Asks the admin listener for a page and reads its JSON. */
  async adminJson(path: string, init: RequestInit = {}): Promise<any> {
    const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    try {
      const response = await fetch(this.adminUrl + path, { ...init, client });
      const text = await response.text();
      assert.ok(response.ok, `${path} answered ${response.status}: ${text}`);
      return JSON.parse(text);
    } finally {
      client.close();
    }
  }

  /** What `/lb/stats` says now. */
  stats(): Promise<Stats> {
    return this.adminJson("/lb/stats");
  }

  /**
   * Waits until nothing is in flight, neither at the listener nor at any target, and returns the stats of that moment.
   */
  async settled(): Promise<Stats> {
    let last: Stats | null = null;
    return await until(async () => {
      last = await this.stats();
      const open = [last.total, ...last.groups.flatMap((group) => group.targets)].some((part) => part.inFlight !== 0);
      return open ? null : last;
    }, () => `nothing in flight; the stats say ${JSON.stringify(last)}`);
  }

  /** Sends a signal to the process. */
  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Writes `.env` anew and reloads; resolves with what the log says of it. */
  async reload(envFileText: string): Promise<Record<string, unknown>[]> {
    await Deno.writeTextFile(`${this.cwd}/.env`, envFileText);
    const from = this.events.length;
    this.signal("SIGHUP");
    const lines = () => this.events.slice(from);
    const hasEnded = () => lines().some(({ event }) => event === "reloaded" || event === "reload_refused");
    await until(hasEnded, () => `the reload to end; the log says:\n${this.stderr}`);
    return lines();
  }

  /** Waits until the process has ended and all its output was read; returns the exit code. */
  async ended(): Promise<number> {
    const { code } = await within(this.#child.status, "sluice to end");
    await Promise.all([this.#stdout.ended, this.#stderr.ended]);
    return code;
  }

  /** Asks it to stop (SIGTERM), as an operator would, and returns the exit code. */
  async stop(): Promise<number> {
    if (this.#status === null) this.signal("SIGTERM");
    return await this.ended();
  }

  /** Ends it at once (SIGKILL). */
  async kill(): Promise<void> {
    if (this.#status === null) this.signal("SIGKILL");
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#dir?.[Symbol.asyncDispose]();
  }

  #urlOf(event: string): string {
    const found = this.events.find((line) => line.event === event);
    assert.ok(typeof found?.url === "string", `the log has no event "${event}" with a url:\n${this.stderr}`);
    return found.url.replace(/\/$/, "");
  }
}
