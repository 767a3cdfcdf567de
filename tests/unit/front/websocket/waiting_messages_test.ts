import assert from "node:assert/strict";
import { WaitingMessages } from "../../../../src/front/websocket/waiting_messages.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

Deno.test("messages with bytes wait until no bytes do", () => {
  const waiting = new WaitingMessages(new ManualClock());
  for (let i = 0; i < 10; i++) waiting.add(false, i);
  assert.equal(waiting.count(10), 10);
  assert.equal(waiting.count(1), 10, "which of them were written is not known");
  assert.equal(waiting.count(0), 0);
});

Deno.test("empty messages are written when a later one with bytes is", () => {
  const waiting = new WaitingMessages(new ManualClock());
  for (let i = 0; i < 10; i++) waiting.add(true, 0);
  assert.equal(waiting.count(0), 10, "nobody tells of them");
  waiting.add(false, 0);
  assert.equal(waiting.count(1), 11);
  assert.equal(waiting.count(0), 0);
});

Deno.test("100 empty messages a second are presumed to be written, none while bytes wait before them", () => {
  const clock = new ManualClock();
  const waiting = new WaitingMessages(clock);
  waiting.add(false, 0);
  for (let i = 0; i < 1000; i++) waiting.add(true, 1);
  clock.advance(5000);
  assert.equal(waiting.count(1), 1001);
  assert.equal(waiting.count(0), 500);
  clock.advance(1000);
  assert.equal(waiting.count(0), 400);
  clock.advance(60_000);
  assert.equal(waiting.count(0), 0);
});
