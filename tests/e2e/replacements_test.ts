/**
 * Rolling replacements one after the other, under clients that keep their connections and clients that open one for
 * each request.
 */
import assert from "node:assert/strict";
import { freePort } from "../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";

/** `SLUICE_TEST_REPLACEMENTS=200` for the long form. */
const REPLACEMENTS = Number(Deno.env.get("SLUICE_TEST_REPLACEMENTS") ?? 2);
const KEPT = 64;
/** Clients that open a connection for each request, and how long each rests between two. */
const FRESH = 8;
const REST_MS = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What clients saw. */
class Clients {
  kept = 0;
  fresh = 0;
  readonly keptFailures: string[] = [];
  readonly freshFailures: string[] = [];
  readonly #port: number;
  readonly #running: Promise<void>[];
  #stopping = false;

  constructor(port: number) {
    this.#port = port;
    this.#running = [
      ...Array.from({ length: KEPT }, () => this.#keep()),
      ...Array.from({ length: FRESH }, () => this.#open()),
    ];
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #keep(): Promise<void> {
    while (!this.#stopping) {
      try {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
        // A connection's first request is a fresh one's matter.
        for (let asked = 0; !this.#stopping; asked++) {
          const outcome = await ask(conn, false).catch((error) => `${error}`);
          if (outcome !== "200" && outcome !== "last") {
            (asked === 0 ? this.freshFailures : this.keptFailures).push(outcome);
          } else this.kept++;
          if (outcome !== "200") break;
          await rest();
        }
        conn.close();
      } catch (error) {
        this.freshFailures.push(String(error));
      }
    }
  }

  async #open(): Promise<void> {
    while (!this.#stopping) {
      try {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
        const outcome = await ask(conn, true).catch((error) => `${error}`);
        if (outcome === "200" || outcome === "last") this.fresh++;
        else this.freshFailures.push(outcome);
        conn.close();
      } catch (error) {
        this.freshFailures.push(String(error));
      }
      await rest();
    }
  }
}

const rest = () => new Promise<void>((resolve) => setTimeout(resolve, REST_MS));

/** Asks once: `200`, `last` if the response says so, or what went wrong. */
async function ask(conn: Deno.Conn, closes: boolean): Promise<string> {
  await conn.write(encoder.encode(`GET / HTTP/1.1\r\nHost: a\r\n${closes ? "Connection: close\r\n" : ""}\r\n`));
  const room = new Uint8Array(4096);
  let text = "";
  while (!isWhole(text)) {
    const count = await conn.read(room);
    if (count === null) return `closed behind ${JSON.stringify(text.slice(0, 40))}`;
    text += decoder.decode(room.subarray(0, count), { stream: true });
  }
  if (!text.startsWith("HTTP/1.1 200 ")) return text.slice(0, 40);
  return /\r\nconnection: close\r\n/i.test(text) ? "last" : "200";
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n") + 4;
  return end > 3 && text.length - end >= Number(/\r\ncontent-length: (\d+)\r\n/i.exec(text)![1]);
}

for (const engine of ["serve", "wire"]) {
  const title = `${engine}: ${REPLACEMENTS} rolling replacements fail no request on ${KEPT} kept connections, and at ` +
    `most one of a fresh one each`;
  Deno.test(title, async () => {
    await using mocks = await MockGroup.start(2);
    const env = groupEnvironment(mocks.list, {
      LISTENER_ENGINE: engine,
      LISTENER_PORT: String(freePort()),
      LISTENER_WORKERS: "2",
      LISTENER_TAKEOVER: "true",
      SHUTDOWN_DELAY: "500ms",
      ACCESS_LOG: "false",
    });
    let old: SluiceProcess = await startSluice({ env });
    const clients = new Clients(old.port);
    try {
      for (let i = 0; i < REPLACEMENTS; i++) {
        const next = await startSluice({ env });
        old.signal("SIGTERM");
        assert.equal(await old.ended(), 0);
        await old[Symbol.asyncDispose]();
        old = next;
        const before = clients.kept;
        await until(() => clients.kept >= before + 50, "load on the new one alone");
      }
    } finally {
      await clients.stop();
      await old[Symbol.asyncDispose]();
    }
    const { kept, fresh, keptFailures, freshFailures } = clients;
    if (REPLACEMENTS > 10) console.log({ kept, fresh, keptFailures, freshFailures });
    assert.deepEqual(keptFailures, []);
    assert.ok(freshFailures.length <= REPLACEMENTS, freshFailures.join("\n"));
  });
}
