/** How long connecting took: told of each attempt that made a connection, and of no other. */
import assert from "node:assert/strict";
import type { Decision } from "../../src/views/decision.ts";
import { freePort } from "../support/free_port.ts";
import { okay } from "../support/recorder_scripts.ts";
import type { AnswerScript } from "../support/recorder_target.ts";
import { WireStage } from "../support/wire_stage.ts";

const WIRE = { UPSTREAM_TRANSPORT: "wire" };

/** The attempts of the request with this path: how each ended, and its time to connect. */
async function attemptsOf(stage: WireStage, path: string): Promise<[string | null, number | null][]> {
  const { decisions } = await stage.sluice.adminJson("/decisions") as { decisions: Decision[] };
  return decisions.find((decision) => decision.path === path)!.attempts.map((
    { outcome, connectMs },
  ) => [outcome, connectMs]);
}

async function metric(stage: WireStage, name: string): Promise<number[]> {
  const text = await (await fetch(`${stage.sluice.adminUrl}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith(name)).map((line) => Number(line.split(" ").at(-1)));
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}

Deno.test("wire: log, decision, stats and metrics have connect times of fresh connections only", async () => {
  await using stage = await WireStage.start({ env: { ...WIRE, UPSTREAM_REUSE: "safe" } });
  await stage.ask("GET /fresh");
  await stage.ask("GET /again");
  await stage.ask("POST /own", { headers: ["Content-Length: 2"], body: "hi" });
  const { lines, stats } = await stage.settled();
  const times = lines.map(({ path, connectMs }) => [path, isTime(connectMs), connectMs === null]);
  assert.deepEqual(times, [["/fresh", true, false], ["/again", false, true], ["/own", true, false]]);
  for (const { connectMs, ttfbMs } of lines) assert.ok(Number(connectMs) <= Number(ttfbMs));
  for (const { path, connectMs } of lines) assert.deepEqual(await attemptsOf(stage, String(path)), [[null, connectMs]]);
  const target = stats.groups[0]!.targets[0]!;
  const sum = lines.reduce((all, { connectMs }) => all + Number(connectMs), 0);
  assert.equal(target.connect!.made, 2);
  assert.equal(target.connect!.averageMs, Math.round(Math.round(sum * 1000) / 2) / 1000);
  assert.equal(stage.target.connections, 2);
  assert.deepEqual(await metric(stage, "sluice_target_connects_total"), [2]);
  const [seconds] = await metric(stage, "sluice_target_connect_seconds_total");
  assert.equal(Math.round(seconds! * 1e6), Math.round(sum * 1000));
});

Deno.test("wire: a refused connection has a time on its attempt, and does not count as made", async () => {
  const closed = freePort();
  await using stage = await WireStage.start({ env: WIRE, addresses: [`127.0.0.1:${closed}`] });
  for (const path of ["/1", "/2", "/3", "/4"]) assert.equal((await stage.ask(`GET ${path}`)).status, 200);
  const { lines, stats } = await stage.settled();
  const failedOver = lines.findLast(({ attempts }) => attempts === 2)!;
  const [refused, answered] = await attemptsOf(stage, String(failedOver.path));
  assert.equal(refused![0], "connect_refused");
  assert.ok(isTime(refused![1]));
  assert.deepEqual(answered, [null, null], "it moved on to a connection that stood");
  assert.equal(failedOver.connectMs, null, "the line tells of the last attempt");
  const dead = stats.groups[0]!.targets.find(({ address }) => address === `127.0.0.1:${closed}`)!;
  assert.deepEqual([dead.connectFailures, dead.connect], [2, { made: 0, averageMs: null }]);
});

Deno.test("wire: a line tells how long the only target refused", async () => {
  await using stage = await WireStage.start({ env: WIRE, targets: 0, addresses: [`127.0.0.1:${freePort()}`] });
  assert.equal((await stage.ask("GET /x")).status, 502);
  const { line } = await stage.settled();
  assert.deepEqual([line.reason, isTime(line.connectMs), line.ttfbMs], ["connect_refused", true, null]);
});

Deno.test("wire: a request that met the end of a used connection has the time of the fresh one", async () => {
  await using stage = await WireStage.start({ env: WIRE });
  const used = new Set<number>();
  const closeWhenReused: AnswerScript = async (turn) => {
    await turn.body();
    if (used.has(turn.connection)) return await turn.socket.close();
    used.add(turn.connection);
    await okay()(turn);
  };
  await stage.ask("GET /1", { script: closeWhenReused });
  assert.equal((await stage.ask("GET /2")).status, 200);
  const { line } = await stage.settled();
  assert.deepEqual([line.attempts, isTime(line.connectMs)], [1, true]);
  assert.deepEqual(stage.target.requests.map(({ connection }) => connection), [0, 0, 1]);
});

Deno.test("fetch does not tell how long it connected: no time, and no number that looks like one", async () => {
  await using stage = await WireStage.start({
    env: { UPSTREAM_TRANSPORT: "fetch" },
    addresses: [`127.0.0.1:${freePort()}`],
  });
  for (const path of ["/1", "/2"]) await stage.ask(`GET ${path}`);
  const { lines, stats } = await stage.settled();
  assert.deepEqual(lines.map(({ connectMs }) => connectMs), [null, null]);
  const attempts = [...await attemptsOf(stage, "/1"), ...await attemptsOf(stage, "/2")];
  assert.deepEqual(attempts.map(([, connectMs]) => connectMs), [null, null, null]);
  assert.deepEqual([stats.total.connections, stats.total.connect], [null, null]);
  for (
    const name of ["sluice_target_connects_total", "sluice_target_connect_seconds_total", "sluice_upstream_connections"]
  ) {
    assert.deepEqual(await metric(stage, name), []);
  }
});
