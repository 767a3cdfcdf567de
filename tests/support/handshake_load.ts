/**
 * A program of its own, so that its work does not disturb the test: makes a TLS handshake every so many ms until its
 * input ends, then writes what became of them as JSON. Arguments: port, ms between two.
 */
import { connect } from "node:tls";

/** When a handshake began and ended (ms since the epoch), and the names of its certificate. */
export type MadeHandshake = [number, number, string];

/** What became of the handshakes. */
export interface HandshakeOutcome {
  readonly made: MadeHandshake[];
  /** Of each that failed: why. */
  readonly failed: string[];
}

/** A running load. */
export class HandshakeLoad {
  readonly #child: Deno.ChildProcess;

  constructor(port: number, everyMs: number) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-all", import.meta.filename!, String(port), String(everyMs)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
  }

  /** Begins no other handshake; resolves with what became of all. */
  async stop(): Promise<HandshakeOutcome> {
    await this.#child.stdin.close();
    const { stdout } = await this.#child.output();
    return JSON.parse(new TextDecoder().decode(stdout));
  }
}

function handshake(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", rejectUnauthorized: false });
  socket.once("secureConnect", () => resolve(socket.getPeerCertificate().subjectaltname ?? ""));
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("closed")));
  return promise.finally(() => {
    socket.on("error", () => {});
    socket.destroy();
  });
}

async function main(port: number, everyMs: number): Promise<void> {
  const made: MadeHandshake[] = [];
  const failed: string[] = [];
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const atMs = Date.now();
    const one = handshake(port).then(
      (names) => void made.push([atMs, Date.now(), names]),
      (error) => void failed.push(`${error}`),
    )
      .finally(() => open.delete(one));
    open.add(one);
  }, everyMs);
  await Deno.stdin.readable.pipeTo(new WritableStream());
  clearInterval(timer);
  await Promise.all(open);
  console.log(JSON.stringify({ made, failed } satisfies HandshakeOutcome));
}

if (import.meta.main) await main(Number(Deno.args[0]), Number(Deno.args[1]));
