/**
 * What only the engine `wire` knows of its clients' connections, as the statistics, metrics and `sluice status` tell
 * it.
 */
import assert from "node:assert/strict";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import type { RawClient } from "../support/raw_client.ts";
import { bytes, hang, okay } from "../support/recorder_scripts.ts";
import { runSluice, type SluiceProcess, startSluice } from "../support/sluice_process.ts";
import { type WireEngineStage, wireEngineStage } from "../support/wire_engine_stage.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async function clientsOf(sluice: SluiceProcess) {
  return (await sluice.stats()).clients!;
}

/** Waits until connections were closed for these causes and no others. */
async function closedAs(sluice: SluiceProcess, causes: Record<string, number>): Promise<void> {
  let seen: unknown;
  await until(async () => {
    const { closed } = await clientsOf(sluice);
    seen = Object.fromEntries(Object.entries(closed).filter(([, count]) => count > 0));
    try {
      assert.deepEqual(seen, causes);
      return true;
    } catch {
      return false;
    }
  }, () => `connections closed as ${JSON.stringify(causes)}; seen ${JSON.stringify(seen)}`);
}

async function metric(sluice: SluiceProcess, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${sluice.adminUrl}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

Deno.test("stats, metrics and status show open and idle connections, and requests and heads on them", async () => {
  await using stage = await wireEngineStage({ LISTENER_WORKERS: "2" });
  const { sluice, target } = stage;
  const clients: RawClient[] = [];
  try {
    for (let count = 0; count < 3; count++) clients.push(await stage.connect());
    for (const [index, client] of clients.entries()) {
      for (let request = 0; request <= index; request++) assert.equal((await client.exchange(GET)).status, 200);
    }
    const kept = await until(async () => {
      const clients = await clientsOf(sluice);
      return clients.connections.idle === 3 && clients;
    }, "three idle connections");
    assert.deepEqual([kept.connections, kept.accepted], [{ active: 0, idle: 3 }, 3]);
    assert.equal(kept.heads.bytes, 6 * GET.length);
    assert.equal(kept.heads.time.samples, 6);
    assert.equal(kept.heads.time.maxMs, 0, "each of them came at once");

    target.script = hang();
    await clients[0]!.send(GET);
    await until(async () => (await clientsOf(sluice)).connections.active === 1, "a connection with a request");
    assert.equal(await metric(sluice, 'sluice_client_connections{state="active"}'), 1);
    assert.equal(await metric(sluice, 'sluice_client_connections{state="idle"}'), 2);
    target.script = okay();
    await clients[1]!.send(GET.slice(0, 10));
    await until(async () => (await clientsOf(sluice)).connections.idle === 1, "the beginning of a head to arrive");
    await clients[1]!.send(GET.slice(10));
    assert.equal((await clients[1]!.response()).status, 200);
    const { heads } = await clientsOf(sluice);
    assert.ok(heads.time.maxMs! > 0, "from its first byte to its end");
  } finally {
    for (const client of clients) await client.close();
  }
  await closedAs(sluice, { client: 3 });
  const { connections, requestsPerConnection } = await clientsOf(sluice);
  assert.deepEqual([connections, requestsPerConnection], [{ active: 0, idle: 0 }, 2.7]);
  assert.equal(await metric(sluice, "sluice_client_connections_accepted_total"), 3);
  assert.equal(await metric(sluice, 'sluice_client_connections_closed_total{cause="client"}'), 3);
  assert.equal(await metric(sluice, "sluice_client_connection_requests_sum"), 8);
  assert.equal(await metric(sluice, 'sluice_client_connection_requests_bucket{le="2"}'), 1);
  assert.equal(await metric(sluice, 'sluice_client_connection_requests_bucket{le="5"}'), 3);
  assert.equal(await metric(sluice, "sluice_client_head_seconds_count"), 8);
  assert.equal(await metric(sluice, "sluice_client_head_bytes_total"), 8 * GET.length);
  const { stdout } = await runSluice(["status", "--admin", sluice.adminUrl], {});
  assert.match(stdout, /^0 connections of clients, 0 idle; 2\.7 requests each; heads read within [\d.]+ ms \(p99\)$/m);
});

Deno.test("each closed connection has one cause, whoever ended it", async (t) => {
  await t.step("sluice behind a response, the client before one, and a target that breaks off", async () => {
    await using stage = await wireEngineStage();
    await closing(stage, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await closedAs(stage.sluice, { response: 1 });
    stage.target.script = hang();
    const gone = await stage.connect();
    await gone.send(GET);
    await until(() => stage.target.requests.length === 2, "the request to reach the target");
    await gone.reset();
    await closedAs(stage.sluice, { response: 1, client: 1 });
    stage.target.script = bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", { close: true });
    await closing(stage, GET);
    await closedAs(stage.sluice, { response: 1, client: 1, cut: 1 });
    await closing(stage, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    await closedAs(stage.sluice, { response: 1, client: 1, cut: 1, bad_request: 1 });
  });

  await t.step("limits of time, each under its own name", async () => {
    await using stage = await wireEngineStage({
      LISTENER_HEAD_TIMEOUT: "300",
      LISTENER_IDLE_TIMEOUT: "300",
      LISTENER_BODY_TIMEOUT: "300",
      LISTENER_WRITE_TIMEOUT: "300",
    });
    const { sluice, target } = stage;
    await closing(stage, "GET / HTTP/1.1\r\n");
    await closedAs(sluice, { head_timeout: 1 });
    await closing(stage, "");
    await closedAs(sluice, { head_timeout: 2 });
    await closing(stage, GET);
    await closedAs(sluice, { head_timeout: 2, idle_timeout: 1 });
    await closing(stage, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    await closedAs(sluice, { head_timeout: 2, idle_timeout: 1, body_timeout: 1 });
    target.script = okay("x".repeat(20_000_000));
    const reader = await Deno.connect({ hostname: "127.0.0.1", port: sluice.port });
    try {
      await reader.write(new TextEncoder().encode(GET));
      await closedAs(sluice, { head_timeout: 2, idle_timeout: 1, body_timeout: 1, write_timeout: 1 });
    } finally {
      reader.close();
    }
    const { stdout } = await runSluice(["status", "--admin", sluice.adminUrl], {});
    assert.match(stdout, /closed by sluice: head_timeout 2, idle_timeout 1, body_timeout 1, write_timeout 1$/m);
  });

  await t.step("limits of number", async () => {
    await using stage = await wireEngineStage({
      LISTENER_WORKERS: "1",
      LISTENER_MAX_CONNECTIONS: "4",
      LISTENER_MAX_CONNECTIONS_PER_CLIENT: "3",
    });
    const hogs = await Promise.all([1, 2, 3].map(() => stage.connect()));
    try {
      await until(async () => (await clientsOf(stage.sluice)).connections.active === 3, "three connections");
      await closing(stage, "");
      await closedAs(stage.sluice, { max_connections_per_client: 1 });
    } finally {
      for (const hog of hogs) await hog.close();
    }
    await using few = await wireEngineStage({ LISTENER_WORKERS: "1", LISTENER_MAX_CONNECTIONS: "2" });
    const silent = await Promise.all([1, 2].map(() => few.connect()));
    try {
      await closing(few, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      const closed = await until(async () => {
        const { closed } = await clientsOf(few.sluice);
        return closed.response === 1 && closed;
      }, "a connection that was closed behind its response");
      assert.ok(closed.max_connections >= 1, "a connection that was silent for a second made room");
    } finally {
      for (const each of silent) await each.close();
    }
  });

  await t.step("no PROXY header where one must come", async () => {
    await using stage = await wireEngineStage({ LISTENER_PROXY_PROTOCOL: "true", TRUSTED_PROXIES: "127.0.0.1" });
    await closing(stage, GET);
    await closedAs(stage.sluice, { proxy_protocol: 1 });
  });
});

Deno.test("a tunnel's connection is active while it lasts, and closed by its client", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = bytes("HTTP/1.1 101 X\r\nUpgrade: any\r\nConnection: upgrade\r\n\r\n");
  const client = await stage.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: any\r\nConnection: upgrade\r\n\r\n");
  assert.equal((await client.response()).status, 101);
  assert.deepEqual((await clientsOf(stage.sluice)).connections, { active: 1, idle: 0 });
  await client.close();
  await until(async () => (await clientsOf(stage.sluice)).connections.active === 0, "the tunnel to end");
});

Deno.test("with the engine serve nothing is told of clients' connections, since nothing is known", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { LISTENER_ENGINE: "serve" }) });
  assert.equal((await sluice.stats()).clients, null);
  assert.equal(await metric(sluice, "sluice_client_connections_accepted_total"), undefined);
  const { stdout } = await runSluice(["status", "--admin", sluice.adminUrl], {});
  assert.doesNotMatch(stdout, /connections of clients/);
});

/** Sends bytes on a connection of their own, and waits until sluice has closed it. */
async function closing(stage: WireEngineStage, text: string): Promise<void> {
  await using client = await stage.connect();
  await client.send(text);
  await client.socket.readToEnd().catch(() => {});
}
