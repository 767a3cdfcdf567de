import assert from "node:assert/strict";
import { nextTurn } from "../../../src/time/clock.ts";
import { Deadlines, TICK_MS, TimeLimit } from "../../../src/time/deadline.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("a watch expires once, after its limit without a move and at most a tick later", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  let expired = 0;
  const watch = deadlines.watch(1000, clock.monotonicMs(), () => expired++);
  clock.advance(990);
  assert.equal(expired, 0);
  deadlines.moved(watch);
  clock.advance(970);
  assert.equal(expired, 0, "a move starts the limit anew");
  clock.advance(30 + 2 * TICK_MS);
  assert.equal(expired, 1);
  clock.advance(10_000);
  assert.equal(expired, 1);
  assert.equal(deadlines.open, 0);
});

Deno.test("a closed watch never expires, and closing again does nothing", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const expired: string[] = [];
  const watches = ["a", "b", "c"].map((name) => deadlines.watch(100, clock.monotonicMs(), () => expired.push(name)));
  deadlines.close(watches[1]!);
  deadlines.close(watches[1]!);
  assert.equal(deadlines.open, 2);
  clock.advance(200);
  assert.deepEqual(expired.sort(), ["a", "c"]);
});

Deno.test("a limit of 0 never expires; another limit counts from when it is set", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  let expired = 0;
  const watch = deadlines.watch(0, clock.monotonicMs(), () => expired++);
  clock.advance(1_000_000);
  assert.equal(expired, 0);
  deadlines.restart(watch, 50);
  clock.advance(50 + TICK_MS);
  assert.equal(expired, 1);
});

Deno.test("there is a timer only while something is watched", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  assert.equal(clock.timers, 0);
  const watch = deadlines.watch(1000, clock.monotonicMs(), () => {});
  assert.equal(clock.timers, 1);
  deadlines.close(watch);
  clock.advance(TICK_MS);
  assert.equal(clock.timers, 0);
});

Deno.test("if hundreds of limits expire at once, a few do in each turn of the event loop", async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 100);
  const expired: number[] = [];
  const watches = Array.from({ length: 200 }, (_, i) => deadlines.watch(50, 0, () => expired.push(i)));
  clock.advance(100);
  let most = expired.length;
  deadlines.close(watches[0]!);
  deadlines.moved(watches[1]!);
  for (let turn = 0; deadlines.open > 1; turn++) {
    assert.ok(turn < 200, `${deadlines.open} are open`);
    const before = expired.length;
    await new Promise<void>(nextTurn);
    most = Math.max(most, expired.length - before);
  }
  assert.ok(most <= 64, `${most} expired in one turn`);
  assert.deepEqual(expired.sort((a, b) => a - b), Array.from({ length: 198 }, (_, i) => i + 2));
});

Deno.test("all limits expire at once when the thread ends, those of an unfinished turn too", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 100);
  let expired = 0;
  for (let i = 0; i < 200; i++) deadlines.watch(50, 0, () => expired++);
  clock.advance(100);
  deadlines.closeAll();
  assert.equal(expired, 200);
});

/** A time limit that counts how often it was looked at. */
class Looked extends TimeLimit {
  override ticks = true;
  looks = 0;
  expired = false;

  override expire(): void {
    this.expired = true;
  }

  override tick(): void {
    this.looks++;
  }
}

Deno.test("what has been open for long is looked at in a tenth of the ticks, until it is renewed", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const old = new Looked();
  deadlines.begin(old, 60_000, clock.monotonicMs());
  const looksIn = (ticks: number) => {
    const before = old.looks;
    clock.advance(ticks * TICK_MS);
    return old.looks - before;
  };
  assert.equal(looksIn(20), 20, "most exchanges are over by then");
  assert.equal(looksIn(200), 20);
  deadlines.watch(60_000, clock.monotonicMs(), () => {});
  assert.equal(looksIn(200), 20, "beside younger ones");
  deadlines.renew(old);
  assert.equal(looksIn(20), 20);
  assert.equal(looksIn(200), 20);
});

Deno.test("what has been open for long expires at most a tick after its limit, whenever that was set", () => {
  for (let ticks = 0; ticks < 25; ticks++) {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const [kept, set, back] = [new Looked(), new Looked(), new Looked()];
    deadlines.begin(kept, 5_000 + 10 * ticks, clock.monotonicMs());
    deadlines.begin(set, 0, clock.monotonicMs());
    deadlines.begin(back, 0, clock.monotonicMs());
    clock.advance(3_000 + ticks * TICK_MS);
    deadlines.restart(set, 130);
    deadlines.restart(back, 200, deadlines.nowMs - 130);
    clock.advance(50);
    assert.ok(!back.expired && !set.expired);
    clock.advance(20 + TICK_MS);
    assert.ok(back.expired && !set.expired);
    clock.advance(60);
    assert.ok(set.expired && !kept.expired);
    clock.advance(5_000 + 10 * ticks - clock.monotonicMs() - 1);
    assert.ok(!kept.expired, `at ${clock.monotonicMs()}`);
    clock.advance(1 + TICK_MS);
    assert.ok(kept.expired, `at ${clock.monotonicMs()}`);
  }
});
