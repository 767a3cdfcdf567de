import assert from "node:assert/strict";
import { MOST_HANDSHAKES, TargetHandshakes, TooManyStuck } from "../../../src/dial/tls_connection.ts";

const never = new AbortController().signal;

/** Handshakes whose places are all taken. */
async function full(): Promise<TargetHandshakes> {
  const handshakes = new TargetHandshakes();
  for (let i = 0; i < MOST_HANDSHAKES; i++) await handshakes.enter(never);
  return handshakes;
}

/** Whether a promise has been fulfilled by now. */
async function isDone(work: Promise<void>): Promise<boolean> {
  const pending = Symbol();
  return await Promise.race([work, Promise.resolve(pending)]) !== pending;
}

Deno.test("a handshake that finds no place waits for one, first come, first served", async () => {
  const handshakes = await full();
  const [first, second] = [handshakes.enter(never), handshakes.enter(never)];
  assert.deepEqual([await isDone(first), await isDone(second)], [false, false]);
  handshakes.leave();
  await first;
  assert.equal(await isDone(second), false);
  handshakes.leave();
  await second;
});

Deno.test("one that waits no longer leaves its turn to the next, and keeps no place", async () => {
  const handshakes = await full();
  const patience = new AbortController();
  const [impatient, patient] = [handshakes.enter(patience.signal), handshakes.enter(never)];
  patience.abort(new Error("too late"));
  await assert.rejects(impatient, /too late/);
  handshakes.leave();
  await patient;
  for (let i = 0; i < MOST_HANDSHAKES; i++) handshakes.leave();
  for (let i = 0; i < MOST_HANDSHAKES; i++) assert.ok(await isDone(handshakes.enter(never)), `place ${i}`);
});

Deno.test("if all hang none waits, and one whose time is up takes no place", async () => {
  const handshakes = await full();
  handshakes.stuck = MOST_HANDSHAKES;
  await assert.rejects(handshakes.enter(never), TooManyStuck);
  handshakes.stuck = 0;
  handshakes.leave();
  await assert.rejects(handshakes.enter(AbortSignal.abort(new Error("too late"))), /too late/);
  assert.ok(await isDone(handshakes.enter(never)));
});
