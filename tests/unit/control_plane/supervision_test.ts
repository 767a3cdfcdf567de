import assert from "node:assert/strict";
import { Supervision } from "../../../src/control_plane/supervision.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function stage(workers: number) {
  const clock = new ManualClock();
  const log = new LogRecorder();
  const supervision = new Supervision(clock, log);
  for (let worker = 0; worker < workers; worker++) supervision.listening(worker);
  return { clock, log, supervision };
}

Deno.test("sluice accepts as long as one worker does, and is live for 30 s after the last one ended", () => {
  const { clock, supervision } = stage(2);
  supervision.listenerDown(0, "accept failed");
  assert.equal(supervision.accepting, 1);
  clock.advance(60_000);
  assert.ok(supervision.live);
  supervision.lost(1);
  assert.equal(supervision.accepting, 0);
  clock.advance(29_999);
  assert.ok(supervision.live);
  clock.advance(1);
  assert.ok(!supervision.live);
  supervision.listenerUp(0);
  assert.ok(supervision.live);
  assert.equal(supervision.accepting, 1);
});

Deno.test("before the first worker accepts, sluice is live however long the start takes", () => {
  const { clock, supervision } = stage(0);
  clock.advance(120_000);
  assert.ok(supervision.live);
});

Deno.test("a listener that flaps in a flood is two lines in the log, with how often it ended", () => {
  const { clock, log, supervision } = stage(1);
  for (let i = 0; i < 5; i++) {
    supervision.listenerDown(0, "accept failed");
    clock.advance(1000);
    supervision.listenerUp(0);
    clock.advance(1000);
  }
  assert.equal(log.events.length, 1);
  assert.equal(supervision.ends.listener, 5);
  clock.advance(4000);
  assert.deepEqual(log.messages("listener_down").length, 1);
  assert.deepEqual(log.events.at(-1)?.fields, { worker: 0, ended: 5 });
  supervision.listenerDown(0, "accept failed");
  assert.equal(log.messages("listener_down").length, 2);
});

Deno.test("the admin listener's ends are counted apart", () => {
  const { clock, log, supervision } = stage(1);
  supervision.adminListenerDown("accept failed");
  supervision.adminListenerUp();
  clock.advance(5000);
  assert.deepEqual({ ...supervision.ends }, { listener: 0, admin_listener: 1 });
  assert.deepEqual(log.events.map(({ event }) => event), ["admin_listener_down", "admin_listener_up"]);
  assert.equal(supervision.accepting, 1);
});

Deno.test("a stop leaves no timer behind", () => {
  const { clock, supervision } = stage(1);
  supervision.listenerDown(0, "accept failed");
  supervision.listenerUp(0);
  supervision.stop();
  assert.equal(clock.timers, 0);
});
