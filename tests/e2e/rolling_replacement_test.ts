import assert from "node:assert/strict";
import { ask, askOn } from "../support/ask.ts";
import { freePort } from "../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { header } from "../support/raw_message.ts";
import { RawClient } from "../support/raw_client.ts";
import { runSluice, startSluice } from "../support/sluice_process.ts";

/** Clients that keep their connections, until an answer says `Connection: close`. */
class KeptLoad {
  answers = 0;
  /** Answers after which the connection was to be closed. */
  sentAway = 0;
  readonly failures: string[] = [];
  readonly #running: Promise<void>[];
  #stopping = false;

  constructor(url: string, connections: number) {
    this.#running = Array.from({ length: connections }, () => this.#run(url));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #run(url: string): Promise<void> {
    while (!this.#stopping) {
      try {
        await using client = await RawClient.connect(url);
        for (let close = false; !close && !this.#stopping;) {
          const answer = await askOn(client);
          if (answer.status !== 200) this.failures.push(String(answer.status));
          this.answers++;
          close = header(answer.response, "connection") === "close";
          if (close) this.sentAway++;
        }
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }
}

Deno.test("a rolling replacement on the same port under 64 kept connections fails no request", async () => {
  await using mocks = await MockGroup.start(2);
  const env = groupEnvironment(mocks.list, {
    LISTENER_PORT: String(freePort()),
    ADMIN_PORT: String(freePort()),
    LISTENER_WORKERS: "2",
    LISTENER_TAKEOVER: "true",
    SHUTDOWN_DELAY: "2s",
    ACCESS_LOG: "false",
  });
  await using old = await startSluice({ env });
  const load = new KeptLoad(old.url, 64);
  await until(() => load.answers >= 300, "some load");
  await using next = await startSluice({ env });
  assert.equal(next.adminUrl, old.adminUrl, "the port that was asked for is shared until the old one has ended");
  old.signal("SIGTERM");
  assert.equal(await old.ended(), 0);
  const before = load.answers;
  await until(() => load.answers >= before + 300, "load on the new one alone");
  await load.stop();
  assert.deepEqual(load.failures, []);
  assert.ok(load.sentAway > 0, "clients of the old one were sent away");
  assert.ok((await next.settled()).total.requests >= 300);
});

Deno.test("answers say Connection: close during SHUTDOWN_DELAY, and not before", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { SHUTDOWN_DELAY: "1s" }) });
  await using client = await RawClient.connect(sluice.url);
  assert.equal(header((await askOn(client)).response, "connection"), null);
  sluice.signal("SIGTERM");
  await sluice.waitForEvent(({ event }) => event === "stopping");
  const last = await askOn(client);
  assert.equal(last.status, 200);
  assert.equal(header(last.response, "connection"), "close");
  assert.equal(await sluice.ended(), 0);
});

Deno.test("of two that start on one port, one serves and the other ends with one line and code 1", async (t) => {
  await using mocks = await MockGroup.start(1);
  for (const workers of ["1", "2"]) {
    await t.step(`${workers} workers`, async () => {
      const port = freePort();
      const env = groupEnvironment(mocks.list, { LISTENER_PORT: String(port), LISTENER_WORKERS: workers });
      const started = await Promise.allSettled([startSluice({ env }), startSluice({ env })]);
      const serving = started.filter((result) => result.status === "fulfilled");
      const refused = started.filter((result) => result.status === "rejected").map(({ reason }) => String(reason));
      for (const { value } of serving) await value.kill();
      assert.equal(serving.length, 1, refused.join("\n"));
      assert.match(refused[0]!, /ended with code 1 /);
      assert.match(refused[0]!, new RegExp(`^Cannot listen on "127\\.0\\.0\\.1:${port}" \\(LISTENER_HOST`, "m"));
    });
  }
});

Deno.test("a signal during a start that waits for a name ends it in order", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({
    // A DNS server that never answers: nothing listens at the mock's UDP port.
    env: groupEnvironment("waits.test:80", { DNS_SERVER: `127.0.0.1:${mocks.ports[0]}` }),
    ready: ["starting"],
  });
  sluice.signal("SIGTERM");
  assert.equal(await sluice.ended(), 0);
});

Deno.test("LISTENER_TAKEOVER shares a port only with another sluice", async () => {
  await using mocks = await MockGroup.start(1);
  const result = await runSluice([], {
    ...groupEnvironment(mocks.list, { LISTENER_TAKEOVER: "true", LISTENER_PORT: String(mocks.ports[0]) }),
    LISTENER_HOST: "127.0.0.1",
    ADMIN_PORT: "0",
  });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /^Cannot listen on .*\(LISTENER_HOST, LISTENER_PORT\): the port is taken$/m);
  assert.equal((await ask(`http://127.0.0.1:${mocks.ports[0]}`)).status, 200);
});
