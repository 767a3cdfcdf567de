import assert from "node:assert/strict";
import { LEAVE_MS, PoolStage } from "../../../support/pool_stage.ts";

Deno.test("a worker is exchanged: another listens first, then it drains, then its thread ends", async () => {
  const stage = await PoolStage.serving(2, true);
  const { table, pool } = stage;
  table.column(0).arrived();
  table.column(0).finished(200, -1, { reason: null, requestBytes: 1, responseBytes: 2 });
  stage.asks(0);
  stage.asks(0);
  stage.asks(1);
  assert.equal(stage.threads.length, 3, "one at a time");
  assert.deepEqual(stage.threads[0]!.posted, ["start"], "it serves until the other listens");
  stage.arrives(2);
  assert.deepEqual([stage.threads[2]!.worker, stage.threads[0]!.posted, stage.lost], [2, ["start", "drain"], [0]]);
  assert.deepEqual(pool.views().map(({ worker, leaving }) => [worker, leaving]), [[0, true], [1, false], [2, false]]);
  stage.asks(1);
  assert.equal(stage.threads.length, 3, "the next has to wait until it has left");
  stage.threads[0]!.events.onMessage({ type: "drained", worker: 0 });
  assert.deepEqual([stage.threads[0]!.terminated, pool.alive, pool.exchanges], [true, 2, 1]);
  assert.deepEqual(pool.views().map(({ worker }) => worker), [1, 2]);
  assert.equal(table.workerCounter("responseBytes"), 2, "what it counted stays");
  stage.asks(1);
  stage.arrives(3);
  assert.equal(stage.threads[3]!.worker, 0, "its place is the spare one now");
  table.column(0).finished(200, -1, { reason: null, requestBytes: 1, responseBytes: 2 });
  assert.equal(table.workerCounter("responseBytes"), 4, "and the next counts on");
});

Deno.test("a worker that leaves is cut after SHUTDOWN_TIMEOUT, and what it had in flight is taken back", async () => {
  const stage = await PoolStage.serving(1, true);
  stage.table.column(0).enter(5);
  stage.asks(0);
  stage.arrives(1);
  stage.table.column(1).enter(5);
  stage.pass(LEAVE_MS, [0, 1]);
  assert.deepEqual([stage.threads[0]!.posted, stage.threads[0]!.terminated], [["start", "drain", "cut"], false]);
  stage.pass(500, [0, 1]);
  assert.deepEqual([stage.threads[0]!.terminated, stage.table.inFlight[5], stage.clock.timers], [true, 1, 1]);
});

Deno.test("a successor that crashes leaves the other serving, and is tried again after a while", async () => {
  const stage = await PoolStage.serving(1, true);
  stage.asks(0);
  stage.threads[1]!.events.onCrash("boom");
  assert.deepEqual(stage.threads[0]!.posted, ["start"]);
  stage.asks(0);
  assert.equal(stage.threads.length, 2);
  stage.pass(100, [0]);
  stage.asks(0);
  stage.arrives(2);
  assert.deepEqual(stage.threads[0]!.posted, ["start", "drain"]);
});

Deno.test("if no descriptor is left for a successor, the worker leaves first", async () => {
  const stage = await PoolStage.serving(2, true);
  stage.descriptorsLeft = false;
  stage.asks(0);
  assert.deepEqual([stage.threads.length, stage.threads[0]!.posted], [2, ["start", "hold"]]);
  stage.clock.advance(100);
  assert.deepEqual([stage.threads.length, stage.threads[0]!.posted], [2, ["start", "hold", "drain"]]);
  stage.asks(1);
  stage.clock.advance(100);
  assert.deepEqual(stage.threads[1]!.posted, ["start", "hold"], "one at a time");
  stage.threads[0]!.events.onMessage({ type: "drained", worker: 0 });
  assert.deepEqual([stage.threads.length, stage.threads[0]!.terminated], [2, true]);
  stage.descriptorsLeft = true;
  stage.pass(250, [1]);
  stage.arrives(2);
  assert.equal(stage.threads[2]!.worker, 0);
  assert.deepEqual(stage.pool.views().map(({ worker, leaving }) => [worker, leaving]), [[0, false], [1, false]]);
});

Deno.test("if few descriptors are left, no worker accepts while the successor starts", async () => {
  const stage = await PoolStage.serving(2, true);
  stage.descriptorsLeft = false;
  stage.asks(0);
  assert.deepEqual(stage.threads.map(({ posted }) => posted), [["start", "hold"], ["start", "hold"]]);
  stage.descriptorsLeft = true;
  stage.clock.advance(100);
  assert.equal(stage.threads.length, 3);
});

Deno.test("if a successor can't load for want of descriptors, the worker leaves first", async () => {
  const stage = await PoolStage.serving(2, true);
  stage.asks(0);
  stage.threads[2]!.events.onCrash("Too many open files (os error 24)");
  assert.deepEqual(stage.threads[0]!.posted, ["start", "drain"]);
  stage.threads[0]!.events.onMessage({ type: "drained", worker: 0 });
  stage.arrives(3);
  assert.deepEqual([stage.threads[3]!.worker, stage.threads[0]!.terminated], [0, true]);
  assert.deepEqual(stage.pool.views().map(({ worker, leaving }) => [worker, leaving]), [[0, false], [1, false]]);
});

Deno.test("if the worker crashes before its successor listens, the successor replaces it", async () => {
  const stage = await PoolStage.serving(1, true);
  stage.asks(0);
  stage.threads[0]!.events.onCrash("boom");
  stage.arrives(1);
  stage.pass(60_000, [1]);
  assert.equal(stage.threads.length, 2);
  assert.deepEqual(stage.pool.views().map(({ worker }) => worker), [1]);
  stage.threads[1]!.events.onCrash("boom");
  stage.clock.advance(100);
  assert.equal(stage.threads.length, 3, "and is replaced as any other");
});

Deno.test("a worker that leaves while the process stops is not told to drain again", async () => {
  const stage = await PoolStage.serving(1, true);
  stage.asks(0);
  stage.arrives(1);
  stage.pool.stopReplacing();
  stage.pool.drain();
  assert.deepEqual(stage.threads.map(({ posted }) => posted), [["start", "drain"], ["start", "drain"]]);
  stage.threads[1]!.events.onMessage({ type: "drained", worker: 1 });
  assert.equal(stage.pool.allDrained, false);
  stage.threads[0]!.events.onMessage({ type: "drained", worker: 0 });
  assert.deepEqual([stage.pool.allDrained, stage.clock.timers], [true, 0]);
});
