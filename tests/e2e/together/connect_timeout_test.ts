/**
 * A target whose packets are dropped: how long it may cost a request, where the request goes then, and who hears of it.
 */
import assert from "node:assert/strict";
import type { Decision } from "../../../src/views/decision.ts";
import { Failure } from "../../../src/forwarding/gateway_error.ts";
import { BlackHole } from "../../support/black_hole.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { header } from "../../support/raw_message.ts";
import { okay } from "../../support/recorder_scripts.ts";
import { groupEnvironment } from "../../support/mock_group.ts";
import { nextTurn } from "../../../src/time/clock.ts";
import { until } from "../../support/poll.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";
import { RawTarget } from "../../support/websocket_bytes.ts";
import { openPeer, openRefused, WebSocketTarget } from "../../support/websocket_peers.ts";
import { WireClient } from "../../support/wire_client.ts";
import { WireStage } from "../../support/wire_stage.ts";

const QUICK = { CONNECT_TIMEOUT: "100", UPSTREAM_TRANSPORT: "wire" };

/** The outcomes of each request's attempts. */
async function outcomes(stage: WireStage): Promise<(string | null)[][]> {
  const { decisions } = await stage.sluice.adminJson("/decisions") as { decisions: Decision[] };
  return decisions.map(({ attempts }) => attempts.map(({ outcome }) => outcome));
}

Deno.test("a target that ignores connections costs CONNECT_TIMEOUT; then the next gets the request", async () => {
  using hole = await BlackHole.open();
  await using stage = await WireStage.start({ env: QUICK, addresses: [hole.address] });
  stage.script = okay();
  const large = "x".repeat(100_000);
  for (const [line, body] of [["GET /", ""], ["POST /", "abc"], ["PUT /", large], ["POST /", large]] as const) {
    for (let i = 0; i < 2; i++) {
      const got = await stage.ask(line, body === "" ? {} : { headers: [`Content-Length: ${body.length}`], body });
      assert.equal(got.status, 200, line);
    }
  }
  assert.deepEqual(stage.target.requests.map(({ body }) => body.length), [0, 0, 3, 3, 1e5, 1e5, 1e5, 1e5]);
  const { stats } = await stage.settled();
  const all = await outcomes(stage);
  assert.equal(all.filter((each) => each.length === 2).length, 4, "each second request met the black hole first");
  for (const each of all) assert.deepEqual(each, each.length === 2 ? ["connect_timeout", null] : [null]);
  const dead = stats.groups[0]!.targets.find(({ address }) => address === hole.address)!;
  assert.deepEqual([dead.requests, dead.connectFailures], [4, 4]);
});

Deno.test("if the only target ignores connections: 504 connect_timeout in response, log and stats", async () => {
  using hole = await BlackHole.open();
  await using stage = await WireStage.start({ env: QUICK, targets: 0, addresses: [hole.address] });
  const got = await stage.ask("GET /x");
  assert.deepEqual([got.status, header(got, "x-sluice-reason")], [504, "connect_timeout"]);
  const { line, stats } = await stage.settled();
  assert.deepEqual([line.status, line.reason, line.attempts, line.ttfbMs], [504, "connect_timeout", 1, null]);
  assert.ok(Number(line.connectMs) >= 100);
  assert.deepEqual([stats.reasons.connect_timeout, stats.total.connectFailures], [1, 1]);
  const metrics = await (await fetch(`${stage.sluice.adminUrl}/metrics`)).text();
  assert.match(metrics, /^sluice_own_answers_total\{reason="connect_timeout",status="504"\} 1$/m);
});

Deno.test("connections that are not made in time eject a target, as refused ones do", async () => {
  using hole = await BlackHole.open();
  await using stage = await WireStage.start({
    env: { ...QUICK, TARGET_GROUP_1_EJECTION_ENABLED: "true", TARGET_GROUP_1_EJECTION_FAILURES: "2" },
    addresses: [hole.address],
  });
  const ejected = () =>
    stage.sluice.events.find(({ event, target, to }) =>
      event === "target_state" && target === hole.address && to === "ejected"
    );
  const line = await until(async () => {
    assert.equal((await stage.ask("GET /")).status, 200);
    return ejected();
  }, "the black hole to be ejected");
  assert.match(String(line.reason), /^2 failed connections in a row \(No connection within 100 ms\)/);
  stage.clear();
  for (let i = 0; i < 4; i++) assert.equal((await stage.ask("GET /")).status, 200);
  const { lines } = await stage.settled();
  assert.deepEqual(lines.slice(-4).map(({ attempts }) => attempts), [1, 1, 1, 1]);
});

Deno.test("a deadline that passes while connecting is connect_timeout, and a failed connection", async () => {
  using first = await BlackHole.open();
  using second = await BlackHole.open();
  using third = await BlackHole.open();
  // Half of it is the most that one connection may take, so the third can't have its time.
  await using stage = await WireStage.start({
    env: { ...QUICK, CONNECT_TIMEOUT: "400", CONNECTION_TIMEOUT: "1000" },
    targets: 0,
    addresses: [first.address, second.address, third.address],
  });
  const got = await stage.ask("POST /x");
  assert.deepEqual([got.status, header(got, "x-sluice-reason")], [504, "connect_timeout"]);
  const { line, stats } = await stage.settled();
  assert.equal(line.attempts, 3);
  assert.deepEqual(stats.groups[0]!.targets.map(({ connectFailures }) => connectFailures), [1, 1, 1]);
});

Deno.test("connecting takes at most half of CONNECTION_TIMEOUT, so that another target has time left", async () => {
  using hole = await BlackHole.open();
  await using stage = await WireStage.start({
    env: { CONNECTION_TIMEOUT: "400", UPSTREAM_TRANSPORT: "wire" },
    addresses: [hole.address],
  });
  for (let i = 0; i < 2; i++) assert.equal((await stage.ask("POST /x")).status, 200);
  await stage.settled();
  assert.deepEqual((await outcomes(stage)).filter((each) => each.length > 1), [["connect_timeout", null]]);
});

Deno.test("a WebSocket whose target does not answer the connection goes to the next one too", async (t) => {
  await t.step("and is 504 connect_timeout if there is no other target", async () => {
    using hole = await BlackHole.open();
    await using sluice = await startSluice({
      env: groupEnvironment(hole.address, { ...QUICK, REASON_HEADER: "true" }),
    });
    const refused = await openRefused(socketUrl(sluice));
    assert.deepEqual([refused.status, refused.headers["x-sluice-reason"]], [504, "connect_timeout"]);
    assert.equal((await sluice.settled()).total.connectFailures, 1);
  });
  await t.step("a handshake of TLS that does not come is a connection that is not made", async () => {
    await using silent = await RawTarget.start(async (socket) => void await socket.untilEnded());
    // The wire engine has no WebSockets to https targets yet.
    const env = groupEnvironment(`https://127.0.0.1:${silent.port}`, { ...QUICK, LISTENER_ENGINE: "serve" });
    await using sluice = await startSluice({ env });
    assert.equal((await openRefused(socketUrl(sluice))).status, 504);
    assert.equal((await sluice.settled()).reasons.connect_timeout, 1);
  });
  await t.step("which answers", async () => {
    using hole = await BlackHole.open();
    await using target = await WebSocketTarget.start();
    const targets = `${hole.address},127.0.0.1:${target.port}`;
    await using sluice = await startSluice({ env: groupEnvironment(targets, QUICK) });
    for (let i = 0; i < 2; i++) (await openPeer(socketUrl(sluice))).socket.close(1000);
    const stats = await sluice.settled();
    assert.deepEqual(stats.groups[0]!.targets.map(({ connectFailures }) => connectFailures), [1, 0]);
  });
});

Deno.test("a connection that was made while sluice itself stood still is no failure of its target", async () => {
  const clock = new ManualClock();
  using client = new WireClient(clock);
  await using target = await RecorderTarget.start();
  const answered = client.ask(target.port, { connectTimeoutMs: 100 });
  clock.standStill(10_000);
  clock.advance(1);
  const got = await answered;
  assert.ok(!(got instanceof Failure), "the connection is there when the event loop turns again");
  using hole = await BlackHole.open();
  const failed = client.ask(hole.port, { connectTimeoutMs: 100 });
  for (const ms of [100, 25]) clock.advance(ms);
  assert.deepEqual(await failed, new Failure("connect_timeout", "No connection within 100 ms"));
  // Until then it might still be made, and would be closed.
  clock.advance(500);
  await new Promise<void>(nextTurn);
});

function socketUrl(sluice: SluiceProcess): string {
  return sluice.url.replace("http:", "ws:");
}
