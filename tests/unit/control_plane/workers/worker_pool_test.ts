import assert from "node:assert/strict";
import { HANG_MS } from "../../../../src/control_plane/workers/hung_workers.ts";
import { PoolStage } from "../../../support/pool_stage.ts";

Deno.test("no worker is told to listen before all have loaded", async () => {
  const stage = new PoolStage(2, false);
  const loaded = stage.pool.load();
  stage.threads[0]!.events.onMessage({ type: "loaded" });
  assert.deepEqual(stage.threads.map(({ posted }) => posted), [[], []]);
  stage.threads[1]!.events.onMessage({ type: "loaded" });
  await loaded;
  stage.pool.start();
  assert.deepEqual(stage.threads.map(({ posted }) => posted), [["start"], ["start"]]);
});

Deno.test("a crashed worker is replaced after a doubling wait, and its numbers are taken back", async () => {
  const stage = await PoolStage.serving(2);
  stage.table.column(0).enter(7);
  stage.table.column(1).enter(7);
  for (const [crash, waitMs] of [100, 200, 400].entries()) {
    const dead = stage.threads.at(crash === 0 ? 0 : -1)!;
    dead.events.onCrash("boom");
    assert.equal(stage.table.inFlight[7], 1, "only the other worker's exchange is in flight");
    assert.equal(stage.pool.alive, 1);
    const before = stage.threads.length;
    stage.clock.advance(waitMs - 1);
    assert.equal(stage.threads.length, before);
    stage.clock.advance(1);
    assert.equal(stage.threads.length, before + 1);
    stage.threads.at(-1)!.events.onMessage({ type: "loaded" });
    assert.deepEqual(stage.threads.at(-1)!.posted, ["start"]);
  }
  assert.deepEqual(stage.pool.views().map(({ restarts }) => restarts), [3, 0]);
  assert.equal(stage.log.messages("worker_crashed").length, 3);
  assert.equal(stage.threads[1]!.terminated, false);
  assert.equal(stage.pool.anyHung, false);
});

Deno.test("a worker that lived for long is replaced by the shortest wait again", async () => {
  const stage = await PoolStage.serving(1);
  stage.threads[0]!.events.onCrash("one");
  stage.clock.advance(100);
  stage.threads[1]!.events.onMessage({ type: "loaded" });
  stage.pass(31_000, [0]);
  stage.threads[1]!.events.onCrash("two");
  stage.clock.advance(100);
  assert.equal(stage.threads.length, 3);
});

Deno.test("a worker that is silent for too long is ended and replaced, one that turns is not", async () => {
  const stage = await PoolStage.serving(2);
  stage.table.column(0).enter(3);
  stage.pass(HANG_MS - 500, [1]);
  assert.equal(stage.threads[0]!.terminated, false);
  stage.pass(1500, [1]);
  assert.equal(stage.threads[0]!.terminated, true);
  assert.equal(stage.threads[1]!.terminated, false);
  assert.equal(stage.table.inFlight[3], 0);
  assert.equal(stage.threads.length, 3);
  assert.equal(stage.pool.anyHung, true);
  assert.deepEqual(stage.pool.views().map(({ restarts }) => restarts), [1, 0]);
});

Deno.test("a thread that hung and comes back writes nothing into the numbers of the one that replaced it", async () => {
  const stage = await PoolStage.serving(1);
  const { table } = stage;
  const before = table.column(0);
  before.applied(7);
  before.arrived();
  before.enter(3);
  stage.pass(HANG_MS + 500, []);
  const wakesUp = () => {
    before.applied(6);
    before.leave(3);
    before.finished(200, 0, { reason: null, requestBytes: 1, responseBytes: 1 });
    before.arrived();
    before.enter(4);
  };
  const seen = () => [
    table.inFlight[3],
    table.inFlight[4],
    table.workerCounter("requests") - table.workerCounter("finished"),
    table.life(0).generation,
  ];
  wakesUp();
  assert.deepEqual(seen(), [0, 0, 0, 7], "before its successor is there");
  stage.clock.advance(100);
  const after = table.column(0);
  after.applied(8);
  after.arrived();
  after.enter(3);
  wakesUp();
  assert.deepEqual(seen(), [1, 0, 1, 8], "while its successor serves");
  after.leave(3);
  after.finished(200, 0, { reason: null, requestBytes: 1, responseBytes: 1 });
  assert.deepEqual(seen(), [0, 0, 0, 8]);
});

Deno.test("a process that stood still for a minute takes no worker for hung", async () => {
  const stage = await PoolStage.serving(2);
  stage.pass(1000, [0, 1]);
  stage.clock.standStill(60_000);
  stage.clock.advance(500);
  stage.pass(2000, [0, 1]);
  assert.deepEqual(stage.threads.map(({ terminated }) => terminated), [false, false]);
});

Deno.test("a replacement that can't listen is ended and tried again", async () => {
  const stage = await PoolStage.serving(2);
  stage.pool.couldNotListen(0, "no more sockets");
  assert.equal(stage.threads[0]!.terminated, true);
  assert.deepEqual(stage.log.messages("listen_failed"), ["Worker 0 could not listen"]);
  stage.clock.advance(100);
  assert.equal(stage.threads.length, 3);
});

Deno.test("no worker is replaced while the process stops", async () => {
  const stage = await PoolStage.serving(2);
  stage.threads[0]!.events.onCrash("before");
  stage.pool.stopReplacing();
  stage.threads[1]!.events.onCrash("after");
  stage.clock.advance(60_000);
  assert.equal(stage.threads.length, 2);
  assert.equal(stage.clock.timers, 0);
});

Deno.test("a replacement that is still loading when the process stops never begins to listen", async () => {
  const stage = await PoolStage.serving(2);
  stage.threads[0]!.events.onCrash("before");
  stage.clock.advance(100);
  stage.pool.stopReplacing();
  assert.equal(stage.threads[2]!.terminated, true);
  assert.equal(stage.pool.alive, 1, "nobody waits for it to drain");
  stage.threads[2]!.events.onMessage({ type: "loaded" });
  assert.deepEqual(stage.threads[2]!.posted, []);
});

Deno.test("a worker that dies after it has drained does not stand in for one that has not", async () => {
  const stage = await PoolStage.serving(2);
  stage.pool.stopReplacing();
  stage.threads[0]!.events.onMessage({ type: "drained", worker: 0 });
  assert.equal(stage.pool.allDrained, false);
  stage.threads[0]!.events.onCrash("crashed");
  assert.equal(stage.pool.allDrained, false);
  stage.threads[1]!.events.onMessage({ type: "drained", worker: 1 });
  assert.equal(stage.pool.allDrained, true);
});
