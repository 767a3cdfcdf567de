/** The connections of WebSockets to targets: timed and counted like those of other requests, however they end. */
import assert from "node:assert/strict";
import { Tunnel } from "../../src/front/websocket/upgrade_tunnel.ts";
import type { Decision } from "../../src/views/decision.ts";
import { freePort } from "../support/free_port.ts";
import { groupEnvironment } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";
import { UpgradeListener } from "../support/upgrade_listener.ts";
import { acceptHandshake, RawTarget } from "../support/websocket_bytes.ts";
import { openPeer, openRefused, WebSocketTarget } from "../support/websocket_peers.ts";

function before(targets: string, more: Record<string, string> = {}): Promise<SluiceProcess> {
  return startSluice({ env: groupEnvironment(targets, { UPSTREAM_TRANSPORT: "wire", ...more }) });
}

function socketUrl(sluice: SluiceProcess, path = "/"): string {
  return sluice.url.replace("http:", "ws:") + path;
}

async function metric(sluice: SluiceProcess, start: string): Promise<number[]> {
  const text = await (await fetch(`${sluice.adminUrl}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith(start)).map((line) => Number(line.split(" ").at(-1)));
}

async function active(sluice: SluiceProcess): Promise<number> {
  const [count] = await metric(sluice, 'sluice_upstream_connections{state="active"}');
  return count!;
}

async function attemptsOf(sluice: SluiceProcess, path: string): Promise<[string | null, number | null][]> {
  const { decisions } = await sluice.adminJson("/decisions") as { decisions: Decision[] };
  const { attempts } = decisions.find((decision) => decision.path === path)!;
  return attempts.map(({ outcome, connectMs }) => [outcome, connectMs]);
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}

Deno.test("each WebSocket has a connection that is timed, and active until the WebSocket is over", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}`);
  const clients = [];
  for (const path of ["/1", "/2", "/3"]) clients.push(await openPeer(socketUrl(sluice, path)));
  assert.equal(await (await fetch(`${sluice.url}/plain`)).text(), "plain HTTP");
  assert.equal(await active(sluice), 3);
  assert.deepEqual((await sluice.stats()).total.connections, { active: 3, idle: 1 }, "the plain request's is idle");
  clients[0]!.socket.close(1000);
  await until(async () => await active(sluice) === 2, "the first to be counted no more");
  clients[1]!.socket.terminate();
  await until(async () => await active(sluice) === 1, "the second to be counted no more");
  target.vanish();
  await until(async () => await active(sluice) === 0, "the third to be counted no more");
  const stats = await sluice.settled();

  const lines = await sluice.accessLines(4);
  let sumMs = 0;
  for (const { path, connectMs, ttfbMs } of lines) {
    assert.ok(isTime(connectMs) && Number(connectMs) <= Number(ttfbMs), `${path}: ${connectMs} of ${ttfbMs}`);
    assert.deepEqual(await attemptsOf(sluice, String(path)), [[null, connectMs]]);
    sumMs += Number(connectMs);
  }
  assert.equal(stats.groups[0]!.targets[0]!.connect!.made, 4);
  assert.deepEqual(await metric(sluice, "sluice_target_connects_total"), [4]);
  const [seconds] = await metric(sluice, "sluice_target_connect_seconds_total");
  assert.equal(Math.round(seconds! * 1e6), Math.round(sumMs * 1000));
});

Deno.test("a WebSocket that moves on from a target that refused it has a time for each attempt", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${freePort()},127.0.0.1:${target.port}`);
  const client = await openPeer(socketUrl(sluice, "/moved"));
  assert.equal(await active(sluice), 1);
  client.socket.close();
  await client.close();
  const stats = await sluice.settled();
  const [refused, accepted] = await attemptsOf(sluice, "/moved");
  assert.deepEqual([refused![0], isTime(refused![1])], ["connect_refused", true]);
  assert.deepEqual([accepted![0], isTime(accepted![1])], [null, true]);
  const [line] = await sluice.accessLines(1);
  assert.equal(line!.connectMs, accepted![1], "the line tells of the last attempt");
  assert.deepEqual(stats.groups[0]!.targets.map(({ connect }) => connect!.made), [0, 1]);
  await until(async () => await active(sluice) === 0, "its connection to be counted no more");
});

Deno.test("a failed handshake leaves no connection behind, and its connect time is known", async (t) => {
  await t.step("refused by a target that keeps its connection open", async () => {
    await using target = await RecorderTarget.start(({ socket }) =>
      socket.send("HTTP/1.1 403 Forbidden\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nnope")
    );
    await using sluice = await before(target.address);
    assert.equal((await openRefused(socketUrl(sluice))).body, "nope");
    await until(async () => await active(sluice) === 0, "its connection to be counted no more");
    await until(() => target.open === 0, "the target's end of it to be closed");
    const [line] = await sluice.accessLines(1);
    assert.deepEqual([line!.status, isTime(line!.connectMs)], [403, true]);
    assert.deepEqual(await metric(sluice, "sluice_target_connects_total"), [1]);
  });
  await t.step("not answered in time", async () => {
    await using target = await RawTarget.start(async (socket) => void await socket.untilEnded());
    await using sluice = await before(`127.0.0.1:${target.port}`, { CONNECTION_TIMEOUT: "600" });
    assert.equal((await openRefused(socketUrl(sluice))).status, 504);
    await until(async () => await active(sluice) === 0, "its connection to be counted no more");
    const [line] = await sluice.accessLines(1);
    assert.deepEqual([line!.reason, isTime(line!.connectMs)], ["timeout", true]);
    assert.deepEqual(await metric(sluice, "sluice_target_connects_total"), [1]);
  });
  await t.step("with TLS that never comes to stand", async () => {
    await using target = await RawTarget.start(async (socket) => void await socket.untilEnded());
    await using sluice = await before(`https://127.0.0.1:${target.port}`, { CONNECTION_TIMEOUT: "300" });
    assert.equal((await openRefused(socketUrl(sluice))).status, 504);
    assert.equal(await active(sluice), 0, "a connection stands when TLS does");
    const [line] = await sluice.accessLines(1);
    assert.deepEqual([line!.reason, isTime(line!.connectMs)], ["connect_timeout", true]);
  });
});

Deno.test("a WebSocket that is cut although its target says nothing counts no longer", async () => {
  await using target = await RawTarget.start(async (socket) => {
    await acceptHandshake(socket);
    await socket.untilEnded();
  });
  await using listener = new UpgradeListener(target.port);
  await openPeer(`ws://127.0.0.1:${listener.port}/`);
  assert.deepEqual(listener.table.connections(), { active: 1, idle: 0 });
  const [result] = listener.results;
  assert.ok(result instanceof Tunnel);
  result.cut();
  await until(() => listener.table.connections().active === 0, "its connection to be counted no more");
});

Deno.test("with fetch a WebSocket has a connect time, and no sum over all connections is shown", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}`, { UPSTREAM_TRANSPORT: "fetch" });
  const client = await openPeer(socketUrl(sluice, "/ws"));
  client.socket.close();
  await client.close();
  const stats = await sluice.settled();
  const [line] = await sluice.accessLines(1);
  assert.ok(isTime(line!.connectMs));
  assert.deepEqual(await attemptsOf(sluice, "/ws"), [[null, line!.connectMs]]);
  assert.deepEqual([stats.total.connections, stats.total.connect], [null, null]);
  for (const name of ["sluice_target_connects_total", "sluice_upstream_connections"]) {
    assert.deepEqual(await metric(sluice, name), []);
  }
});
