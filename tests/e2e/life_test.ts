import assert from "node:assert/strict";
import { ask, askOn, Load } from "../support/ask.ts";
import { freePort, isListening } from "../support/free_port.ts";
import { WIRE_ENGINE } from "../support/engine.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { bodyText } from "../support/raw_message.ts";
import { RawClient } from "../support/raw_client.ts";
import { byPath, chunked, hang, okay } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { runSluice, type SluiceProcess, startSluice } from "../support/sluice_process.ts";

/** What `/readyz` answers; null where nobody does. */
async function readyStatus(sluice: SluiceProcess): Promise<number | null> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(`${sluice.adminUrl}/readyz`, { client });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  } finally {
    client.close();
  }
}

Deno.test("A2, A62: LISTENER_PORT=0 and ADMIN_PORT=0 take free ports and log which", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list) });
  assert.ok(sluice.port > 0);
  assert.notEqual(new URL(sluice.adminUrl).port, String(sluice.port));
  assert.equal((await ask(sluice.url)).status, 200);
  assert.equal(await readyStatus(sluice), 200);
  assert.equal((await sluice.stats()).listener, sluice.url);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`A72, E11: at ${signal} open requests finish, no new ones start, and the exit code is 0`, async () => {
    await using target = await RecorderTarget.start(chunked(["one", "two", "three"], { everyMs: 150 }));
    await using sluice = await startSluice({
      env: groupEnvironment(target.address, { HEALTH_CHECK_ENABLED: "true", HEALTH_CHECK_INTERVAL: "50ms" }),
    });
    await using client = await RawClient.connect(sluice.url);
    await client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => target.requests.some(({ path }) => path === "/slow"), "the request to reach the target");
    sluice.signal(signal);
    await until(async () => !await isListening(sluice.port), "the listener to be closed");
    assert.equal(bodyText(await client.response()), "onetwothree");
    assert.equal(await sluice.ended(), 0);
    assert.deepEqual(sluice.events.slice(-2).map(({ event }) => event), ["stopping", "stopped"]);
    const [line] = await sluice.accessLines(1);
    assert.equal(line!.status, 200, "the last access line is flushed at exit");
    await until(() => target.open === 0, "no probe and no pooled connection to be left at the target");
  });
}

Deno.test("during SHUTDOWN_DELAY /readyz is 503 while requests are served; then the listener closes", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { SHUTDOWN_DELAY: "1s" }) });
  sluice.signal("SIGTERM");
  await until(async () => await readyStatus(sluice) === 503, "readiness to end");
  assert.equal((await ask(sluice.url)).status, 200, "whoever has not noticed yet is served");
  assert.equal(await sluice.ended(), 0);
  assert.equal(mocks.served[0], 1);
});

for (const workers of ["1", "2"]) {
  Deno.test(`requests still open after SHUTDOWN_TIMEOUT get 503 or are cut, with ${workers} workers`, async () => {
    await using target = await RecorderTarget.start(
      byPath({ "/long": chunked(Array.from({ length: 1000 }, () => "piece"), { everyMs: 50 }) }, hang()),
    );
    await using sluice = await startSluice({
      env: groupEnvironment(target.address, { SHUTDOWN_TIMEOUT: "200", LISTENER_WORKERS: workers }),
    });
    await using waiting = await RawClient.connect(sluice.url);
    await waiting.send("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n");
    await using reading = await RawClient.connect(sluice.url);
    await reading.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
    await reading.socket.readThrough("piece");
    await until(() => target.requests.length === 2, "both to reach the target");
    assert.equal(await sluice.stop(), 0);
    assert.equal((await waiting.response()).status, 503);
    assert.ok(!(await reading.socket.readToEnd()).endsWith("0\r\n\r\n"), "a cut answer is no whole one");
    assert.equal(sluice.events.find(({ event }) => event === "shutdown_timeout")?.open, 2);
    const lines = await sluice.accessLines(2);
    assert.deepEqual(
      new Set(lines.map(({ path, status, reason, cutBy }) => [path, status, reason, cutBy].join())),
      new Set([
        "/hang,503,shutting_down,",
        "/long,200,,shutdown",
      ]),
    );
    await until(() => target.open === 0, "the target's exchanges to be closed");
  });
}

Deno.test("a signal that comes during the start ends it cleanly, as one that comes later", async () => {
  // A name server that never answers holds the start up until its lookup is given up.
  const silent = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  try {
    await using sluice = await startSluice({
      env: groupEnvironment("app.test:80", { DNS_SERVER: `127.0.0.1:${(silent.addr as Deno.NetAddr).port}` }),
      ready: ["admin_listening"],
    });
    sluice.signal("SIGHUP");
    sluice.signal("SIGTERM");
    assert.equal(await sluice.ended(), 0);
    assert.equal(sluice.events.at(-1)?.event, "stopped");
  } finally {
    silent.close();
  }
});

Deno.test("signals within a second are one request to stop; a later one cuts what is open", async () => {
  await using target = await RecorderTarget.start(hang());
  await using sluice = await startSluice({ env: groupEnvironment(target.address) });
  await using client = await RawClient.connect(sluice.url);
  await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => target.requests.length === 1, "the request to reach the target");
  // A terminal's Ctrl-C reaches a program under `deno task` twice.
  for (const signal of ["SIGINT", "SIGINT", "SIGTERM"] as const) sluice.signal(signal);
  const stopping = await sluice.waitForEvent(({ event }) => event === "stopping");
  assert.match(
    String(stopping.message),
    /1 open request may take 30s to finish \(press Ctrl\+C again to stop at once\)/,
  );
  // Signals are no queue: only one that is sent again and again certainly comes after the second.
  const again = setInterval(() => sluice.signal("SIGINT"), 100);
  try {
    assert.equal(await sluice.ended(), 1);
  } finally {
    clearInterval(again);
  }
  const last = sluice.events.find(({ event }) => event === "stopped_at_once");
  assert.equal(last?.open, 1);
  const lived = Date.parse(String(last?.time)) - Date.parse(String(stopping.time));
  assert.ok(lived >= 1000, `Cut ${lived} ms after the first signal`);
});

Deno.test("SIGTERM under load breaks no request that was accepted", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list) });
  const load = new Load(sluice.url, 16);
  await until(() => load.answers >= 200, "some load");
  sluice.signal("SIGTERM");
  assert.equal(await sluice.ended(), 0);
  const outcomes = await load.stop();
  assert.deepEqual(Object.keys(outcomes).filter((outcome) => !["200", "broken", "refused"].includes(outcome)), []);
  // What ended with its connection had never been taken up: the targets and the access log know of no other request.
  assert.equal(mocks.served[0]! + mocks.served[1]!, outcomes["200"]);
  assert.equal((await sluice.accessLines(outcomes["200"])).length, outcomes["200"]);
});

Deno.test("a kept-alive connection that idles does not hold the shutdown up", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { SHUTDOWN_TIMEOUT: "60s" }) });
  await using client = await RawClient.connect(sluice.url);
  assert.equal((await askOn(client)).status, 200);
  assert.equal(await sluice.stop(), 0);
  assert.ok(!sluice.events.some(({ event }) => event === "shutdown_timeout"));
});

Deno.test("a listener port that is in use ends the start with one line and exit code 1", async (t) => {
  await using mocks = await MockGroup.start(1);
  const env = (port: number, more = {}) =>
    groupEnvironment(mocks.list, { LISTENER_HOST: "127.0.0.1", LISTENER_PORT: String(port), ADMIN_PORT: "0", ...more });
  await t.step("another program", async () => {
    const result = await runSluice([], env(mocks.ports[0]!));
    assert.equal(result.code, 1);
    assert.equal(
      result.stderr.split("\n").filter((line) => !line.startsWith("{")).join("\n").trim(),
      `Cannot listen on "127.0.0.1:${mocks.ports[0]}" (LISTENER_HOST, LISTENER_PORT): the port is taken`,
    );
  });
  await t.step("another sluice, which holds it with SO_REUSEPORT", async () => {
    await using first = await startSluice({ env: env(freePort()) });
    const second = await runSluice([], env(first.port));
    assert.equal(second.code, 1);
    assert.match(second.stderr, /^Cannot listen on .* the port is taken$/m);
    assert.equal((await ask(first.url)).status, 200);
  });
});

Deno.test("an admin port that was asked for and is taken ends the start, and one that was not moves on", async (t) => {
  await using mocks = await MockGroup.start(1);
  await t.step("asked for", async () => {
    const result = await runSluice([], {
      ...groupEnvironment(mocks.list),
      LISTENER_PORT: "0",
      ADMIN_PORT: String(mocks.ports[0]),
    });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^Cannot listen on "127\.0\.0\.1:\d+" \(ADMIN_HOST, ADMIN_PORT\): the port is taken$/m);
  });
  await t.step("not asked for", async () => {
    let holder: Deno.Listener | null = null;
    try {
      holder = Deno.listen({ hostname: "127.0.0.1", port: 9901 });
    } catch {
      // Somebody else holds it already: just as well.
    }
    try {
      await using sluice = await startSluice({
        env: { ...groupEnvironment(mocks.list), ADMIN_PORT: undefined },
        ready: ["listening", "admin_listening"],
      });
      assert.ok(sluice.events.some(({ event, level }) => event === "admin_port_taken" && level === "warn"));
      assert.notEqual(new URL(sluice.adminUrl).port, "9901");
      assert.equal(await readyStatus(sluice), 200);
    } finally {
      holder?.close();
    }
  });
});

Deno.test("ADMIN_PORT=off serves without an admin listener", async () => {
  await using target = await RecorderTarget.start(okay());
  await using sluice = await startSluice({ env: groupEnvironment(target.address, { ADMIN_PORT: "off" }) });
  assert.equal((await ask(sluice.url)).status, 200);
  assert.ok(!sluice.events.some(({ event }) => event === "admin_listening"));
  assert.equal(await sluice.stop(), 0);
});

Deno.test("E13: broken targets and clients are logged and never crash it", async () => {
  await using target = await RecorderTarget.start();
  await using sluice = await startSluice({ env: groupEnvironment(target.address, { CONNECTION_TIMEOUT: "500" }) });
  const scripts = ["HTTP/9.9 banana\r\n\r\n", "", "\0\0\0", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"];
  for (const text of scripts) {
    target.script = async (turn) => {
      await turn.body();
      await turn.socket.send(text);
      await turn.socket.close();
    };
    await using client = await RawClient.connect(sluice.url);
    await client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await client.socket.untilEnded();
  }
  await using rude = await RawClient.connect(sluice.url);
  await rude.send("\x16\x03\x01 not http at all\r\n\r\n");
  assert.equal((await rude.response()).status, 400);
  await rude.reset();
  target.script = okay();
  assert.equal((await ask(sluice.url)).status, 200);
  const stats = await sluice.settled();
  // Of what its parser refuses `Deno.serve` tells nobody.
  const refused = WIRE_ENGINE ? 1 : 0;
  assert.equal(stats.total.requests, scripts.length + refused + 1);
  const lines = await sluice.accessLines(scripts.length + refused + 1);
  assert.equal(lines.filter(({ status, method }) => status === 400 && method === "-").length, refused);
  assert.equal(lines.filter(({ status }) => status === 502).length, 3);
  assert.equal(lines.filter(({ cutBy }) => cutBy === "target").length, 1);
  assert.deepEqual(sluice.plainLines, []);
});
