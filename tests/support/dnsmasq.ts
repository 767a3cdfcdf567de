import { findProgram } from "./have_program.ts";
import { freePort } from "./free_port.ts";
import { until } from "./poll.ts";
import { ProgramChild } from "./program_child.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/**
 * Debian's dnsmasq as a name server on a loopback port. It answers by a hosts file that the test can change while it
 * runs, and responds NXDOMAIN to everything else; it has no upstream.
 */
export class Dnsmasq implements AsyncDisposable {
  readonly port: number;
  readonly #child: ProgramChild;
  readonly #dir: TempDir;
  #running = true;

  private constructor(port: number, child: ProgramChild, dir: TempDir) {
    this.port = port;
    this.#child = child;
    this.#dir = dir;
  }

  /** Starts one with these records (`10.0.0.1 app.test`, an address and a name each). */
  static async start(records: readonly string[], options: { port?: number } = {}): Promise<Dnsmasq> {
    const program = findProgram("dnsmasq");
    if (program === null) throw new Error("dnsmasq is not installed");
    for (let attempt = 1;; attempt++) {
      const server = await Dnsmasq.#tryStart(program, options.port ?? freePort(), records);
      if (server !== null) return server;
      if (attempt === 5) throw new Error("dnsmasq found each of 5 ports taken");
    }
  }

  /** The queries it has logged so far, as `query[A] app.test from 127.0.0.1`. */
  get queries(): string[] {
    return this.#child.lines.flatMap((line) => /query\[.*/.exec(line)?.[0] ?? []);
  }

  /** Takes other records; returns when it answers by them. */
  async set(records: readonly string[]): Promise<void> {
    const reads = () => this.#child.lines.filter((line) => /read .*hosts/.test(line)).length;
    const before = reads();
    await writeRecords(this.#dir, records);
    this.#child.signal("SIGHUP");
    await until(() => reads() > before, () => `dnsmasq to read its records again: ${this.#child.stderr}`);
  }

  /** Ends it at once; its port does not respond any more. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#child[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  static async #tryStart(program: string, port: number, records: readonly string[]): Promise<Dnsmasq | null> {
    const dir = await tempDir();
    // Started as root, dnsmasq drops to another user, who must reach the file.
    await Deno.chmod(dir.path, 0o755);
    await writeRecords(dir, records);
    const args = [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--pid-file",
      "--no-resolv",
      "--no-hosts",
      "--no-negcache",
      "--log-facility=-",
      "--log-queries",
      "--local=/test/",
      "--bind-interfaces",
      "--listen-address=127.0.0.1",
      `--port=${port}`,
      `--addn-hosts=${dir.path}/hosts`,
    ];
    const child = new ProgramChild(program, args, dir);
    const server = new Dnsmasq(port, child, dir);
    if (await child.ready(() => /read .*hosts/.test(child.stderr), `dnsmasq on port ${port}`)) return server;
    await server.stop();
    if (/in use/.test(child.stderr)) return null;
    throw new Error(`dnsmasq ended: ${child.stderr}`);
  }
}

async function writeRecords(dir: TempDir, records: readonly string[]): Promise<void> {
  await Deno.writeTextFile(`${dir.path}/hosts`, records.map((record) => `${record}\n`).join(""));
}
