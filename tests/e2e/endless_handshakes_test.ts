/**
 * TLS handshakes that never end: the platform can't close them, so sluice ends the thread that has too many, and others
 * are served beside it.
 */
import assert from "node:assert/strict";
import { TestAuthority } from "../support/certificates.ts";
import { HandshakeLoad } from "../support/handshake_load.ts";
import { pause, until } from "../support/poll.ts";
import { programOf, Remote } from "../support/slow/remote.ts";
import { TlsClient, TlsStage } from "../support/tls_stage.ts";

/** `deno task soak` runs the full size. */
const FULL = Deno.env.has("SLUICE_TEST_SOAK");
const ENDLESS = FULL ? 5_000 : 150;
const DESCRIPTORS = FULL ? 4_096 : 400;
const TIMEOUT = FULL ? "10s" : "5s";
const KEPT = 16;
/** A handshake beside them every so many ms. */
const EVERY_MS = 20;

/** Requests one after the other on connections that are kept until a response says to close. */
class Beside {
  requests = 0;
  readonly failures: string[] = [];
  readonly #port: number;
  readonly #authority: TestAuthority;
  readonly #running: Promise<void>[];
  #over = false;

  constructor(port: number, authority: TestAuthority) {
    this.#port = port;
    this.#authority = authority;
    this.#running = Array.from({ length: KEPT }, () => this.#run());
  }

  /** How many requests are served in a second, over so many ms. */
  async perSecond(ms: number): Promise<number> {
    const [before, sinceMs] = [this.requests, performance.now()];
    await pause(ms);
    return Math.round((this.requests - before) / (performance.now() - sinceMs) * 1000);
  }

  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#over) await this.#connect().catch((error) => void this.failures.push(`${error}`));
  }

  async #connect(): Promise<void> {
    await using client = await TlsClient.connect(this.#port, this.#authority);
    for (let last = false; !last && !this.#over;) {
      const response = await client.get("/");
      assert.match(response, /^HTTP\/1\.1 200 /);
      this.requests++;
      last = /\r\nconnection: close\r\n/i.test(response);
    }
  }
}

const TITLE = `${ENDLESS} TLS handshakes that never end, with ${DESCRIPTORS} descriptors: sluice exchanges their ` +
  "worker, and serves others all the while";

Deno.test(TITLE, async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], {
    LISTENER_TLS_HANDSHAKE_TIMEOUT: TIMEOUT,
    LISTENER_MAX_CONNECTIONS: FULL ? "auto" : "120",
    LISTENER_WORKERS: FULL ? "2" : "1",
    ACCESS_LOG: "false",
  });
  const { sluice } = stage;
  const args = ["--pid", String(sluice.pid), `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  assert.ok((await new Deno.Command("prlimit", { args }).output()).success);
  const beside = new Beside(stage.port, authority);
  const load = new HandshakeLoad(stage.port, EVERY_MS);
  await using slow = new Remote(programOf("slow_clients.ts"));
  const pending = async () => (await sluice.stats()).tls!.handshakes!.pending;
  const exchanged = () => sluice.events.filter(({ event }) => event === "worker_exchanged").length;
  try {
    await until(() => beside.requests > 200, "requests beside");
    if (FULL) console.log({ usual: await beside.perSecond(5_000) });
    const opening = slow.call("open", stage.port, { count: ENDLESS, text: "", reads: true });
    for (let i = 0; FULL && i < 10; i++) {
      console.log({
        under: await beside.perSecond(2_000),
        pending: await pending().catch(() => null),
        exchanged: exchanged(),
      });
    }
    await opening;
    await until(() => exchanged() > 0, () => `an exchange; the log says:\n${sluice.stderr}`);
    const few = async () => await pending() < (FULL ? 500 : 60);
    await until(few, () => `the handshakes to end; the log says:\n${sluice.stderr}`, { patienceMs: 60_000 });
    const seen = beside.requests;
    await until(() => beside.requests > seen + 100, "requests on the worker that took its place");
  } finally {
    await beside.stop();
  }
  const { made, failed } = await load.stop();
  if (FULL) {
    const longestMs = Math.max(...made.map(([beganMs, endedMs]) => endedMs - beganMs));
    console.log({ handshakes: made.length, longestMs, exchanged: exchanged() });
  }
  assert.deepEqual([failed, beside.failures], [[], []]);
  assert.equal((await sluice.settled()).total.requests, beside.requests, "no worker's numbers are lost");
});
