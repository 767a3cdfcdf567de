import assert from "node:assert/strict";
import { withTimeout } from "../../../src/time/with_timeout.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const NEVER = new Promise<never>(() => {});

Deno.test("work that ends in time gives its result or its error, and leaves no timer", async () => {
  const clock = new ManualClock();
  {
    using timeout = withTimeout(clock, 100);
    assert.equal(await timeout.race(Promise.resolve("done")), "done");
    await assert.rejects(timeout.race(Promise.reject(new Error("broken"))), /broken/);
    assert.equal(timeout.passed, false);
    assert.equal(timeout.signal.aborted, false);
  }
  assert.equal(clock.timers, 0);
});

Deno.test("when the time is up the signal aborts, and work is not waited for any longer", async () => {
  const clock = new ManualClock();
  using timeout = withTimeout(clock, 100);
  const raced = timeout.race(NEVER);
  clock.advance(99);
  assert.equal(timeout.signal.aborted, false);
  clock.advance(1);
  assert.equal(timeout.signal.aborted, true);
  assert.equal(timeout.passed, true);
  assert.equal(await raced, undefined);
  await timeout.over;
});

Deno.test("an outer signal ends it early, even if it aborted before, and that is not a timeout", async () => {
  const clock = new ManualClock();
  const outer = new AbortController();
  using before = withTimeout(clock, 100, outer.signal);
  outer.abort();
  using after = withTimeout(clock, 100, outer.signal);
  for (const timeout of [before, after]) {
    assert.equal(await timeout.race(NEVER), undefined);
    assert.equal(timeout.signal.aborted, true);
    assert.equal(timeout.passed, false);
  }
  assert.equal(clock.timers, 0);
});

Deno.test("disposal aborts what still uses the signal, and a later end of the outer signal does nothing", () => {
  const clock = new ManualClock();
  const outer = new AbortController();
  const timeout = withTimeout(clock, 100, outer.signal);
  let aborts = 0;
  timeout.signal.addEventListener("abort", () => aborts++);
  timeout[Symbol.dispose]();
  outer.abort();
  clock.advance(200);
  assert.equal(aborts, 1);
  assert.equal(timeout.passed, false);
});
