import assert from "node:assert/strict";
import { expectedSeconds, type Scenario, warmUpGoal } from "../../../bench/scenario.ts";
import { expectedWarmUpSeconds, warmUp } from "../../../bench/warm_up.ts";

/** A proxy that answers so many requests a second, and every hundredth of them wrongly. */
function answering(perSecond: number) {
  return (seconds: number) => Promise.resolve({ requests: perSecond * seconds, errors: perSecond * seconds / 100 });
}

Deno.test("the benchmark warms a proxy up until it has served enough requests", async () => {
  assert.deepEqual(await warmUp(100_000, answering(9_000)), { requests: 108_000, seconds: 12, errors: 1080 });
  assert.deepEqual(await warmUp(20_000, answering(20_000)), { requests: 20_000, seconds: 1, errors: 200 });
});

Deno.test("the benchmark gives up warming after a minute, and loads compiled programs for a second", async () => {
  assert.deepEqual(await warmUp(100_000, answering(100)), { requests: 6_000, seconds: 60, errors: 60 });
  assert.deepEqual(await warmUp(0, answering(40_000)), { requests: 40_000, seconds: 1, errors: 400 });
});

Deno.test("the benchmark warms up every worker, and no row with more requests than its scenario names", () => {
  const contender = { name: "a", needs: [], start: () => Promise.reject(new Error("never started")) };
  const pace = { rounds: 20, seconds: 1, warmUpRequests: 100_000 };
  const entries = [{ contender }, { contender: { ...contender, isCompiledAhead: true } }, { contender, workers: 2 }];
  const scenario: Scenario = { name: "s", title: "", load: { connections: 1, path: "/" }, entries };
  const goals = (of: Scenario, warmUpRequests: number) =>
    entries.map((entry) => warmUpGoal(entry, of, { ...pace, warmUpRequests }));
  assert.deepEqual(goals(scenario, 100_000), [100_000, 0, 200_000]);
  assert.deepEqual(goals({ ...scenario, warmUpRequests: 30_000 }, 100_000), [30_000, 0, 60_000]);
  assert.deepEqual(goals({ ...scenario, warmUpRequests: 30_000 }, 20_000), [20_000, 0, 40_000]);
});

Deno.test("the benchmark says beforehand how long it will take", () => {
  const contender = { name: "a", needs: [], start: () => Promise.reject(new Error("never started")) };
  const pace = { rounds: 20, seconds: 1, warmUpRequests: 100_000 };
  const entries = [{ contender }, { contender: { ...contender, isCompiledAhead: true } }];
  const scenario: Scenario = { name: "s", title: "", load: { connections: 1, path: "/" }, entries };
  // a start, the warm-up and the rounds, each load a tenth of a second longer than it says
  assert.equal(Math.round(expectedSeconds(scenario, pace)), 2 * (1 + 22) + 11 + 1);
  assert.equal(Math.round(expectedSeconds({ ...scenario, expectedPerSecond: 5_000 }, pace)), 2 * (1 + 22) + 22 + 1);
  assert.equal(Math.round(expectedWarmUpSeconds(100_000, 10)), 66);
});
