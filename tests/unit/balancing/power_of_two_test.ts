import assert from "node:assert/strict";
import { TargetTable } from "../../../src/state/target_table.ts";
import { makeBalancer, makeGroup } from "../../support/target_group.ts";

/** Every pair of rolls that tells `count` targets apart, each once. */
function allPairs(count: number): number[] {
  const rolls = [];
  for (let one = 0; one < count; one++) {
    for (let other = 0; other < count - 1; other++) rolls.push((one + 0.5) / count, (other + 0.5) / (count - 1));
  }
  return rolls;
}

Deno.test("the second draw favours no target: over all rolls each pair of targets is compared equally often", () => {
  const table = TargetTable.create(1);
  [3, 1, 4, 0, 2].forEach((load, slot) => table.inFlight[slot] = load);
  const rolls = allPairs(5);
  let roll = 0;
  const group = makeGroup([1, 1, 1, 1, 1], { algorithm: "POWER_OF_TWO" });
  const balancer = makeBalancer(group, table, { random: () => rolls[roll++]! });
  const taken = [0, 0, 0, 0, 0];
  for (let draw = 0; draw < rolls.length / 2; draw++) taken[balancer.choose("", null, null)!.slot]!++;
  // Each target meets each other twice and wins against those with more in flight.
  assert.deepEqual(taken, [2, 6, 0, 8, 4]);
});

Deno.test("among idle targets each is chosen equally often", () => {
  const rolls = allPairs(4);
  let roll = 0;
  const group = makeGroup([1, 1, 1, 1], { algorithm: "POWER_OF_TWO" });
  const balancer = makeBalancer(group, TargetTable.create(1), { random: () => rolls[roll++]! });
  const taken = [0, 0, 0, 0];
  for (let draw = 0; draw < rolls.length / 2; draw++) taken[balancer.choose("", null, null)!.slot]!++;
  assert.deepEqual(taken, [3, 3, 3, 3]);
});

Deno.test("a single target is chosen without a draw", () => {
  const group = makeGroup([1], { algorithm: "POWER_OF_TWO" });
  const balancer = makeBalancer(group, TargetTable.create(1), { random: () => assert.fail("No draw is needed") });
  assert.equal(balancer.choose("", null, null)!.slot, 0);
});
