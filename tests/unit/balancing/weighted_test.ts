import assert from "node:assert/strict";
import { FLAG } from "../../../src/state/slot_layout.ts";
import { TargetTable } from "../../../src/state/target_table.ts";
import { compileCycle, indexAtTurn, MAX_SCHEDULE } from "../../../src/balancing/weighted.ts";
import { makeBalancer, makeGroup } from "../../support/target_group.ts";

function counts(chosen: readonly number[], targets: number): number[] {
  return Array.from({ length: targets }, (_, index) => chosen.filter((one) => one === index).length);
}

Deno.test("A22: weights 1:2:5 give 1/8, 2/8 and 5/8, exactly over each 8 requests", () => {
  const balancer = makeBalancer(makeGroup([1, 2, 5], { algorithm: "WEIGHTED" }), TargetTable.create(1));
  const chosen = Array.from({ length: 80 }, () => balancer.choose("", null, null)!.slot);
  assert.deepEqual(counts(chosen, 3), [10, 20, 50]);
  for (let from = 0; from < 80; from += 8) assert.deepEqual(counts(chosen.slice(from, from + 8), 3), [1, 2, 5]);
});

Deno.test("A6: no target's turns bunch: 1:2:5 never gives more than two in a row, over the cycle's end too", () => {
  const balancer = makeBalancer(makeGroup([1, 2, 5], { algorithm: "WEIGHTED" }), TargetTable.create(1));
  const chosen = Array.from({ length: 24 }, () => balancer.choose("", null, null)!.slot).join("");
  assert.equal(chosen.slice(0, 8), "21202212");
  assert.doesNotMatch(chosen, /000|111|222|00|11/);
});

Deno.test("a heavy target and many light ones take turns", () => {
  const { schedule } = compileCycle([10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual([...schedule!].filter((_, turn) => turn % 2 === 0), Array(10).fill(0));
});

Deno.test("a weight shared by three addresses of a name counts once for the name", () => {
  const cycle = compileCycle([1 / 3, 1 / 3, 1 / 3, 2]);
  assert.deepEqual(cycle.weights, [1, 1, 1, 6]);
  assert.equal(cycle.length, 9);
});

Deno.test("a common factor of the weights does not lengthen the cycle", () => {
  assert.deepEqual(compileCycle([100, 200, 500]).weights, [1, 2, 5]);
  assert.equal(compileCycle([7, 7, 7]).length, 3);
});

Deno.test("when targets vanish the others keep their proportions", () => {
  const table = TargetTable.create(1);
  const balancer = makeBalancer(makeGroup([1, 2, 5], { algorithm: "WEIGHTED" }), table);
  table.setFlags(2, FLAG.unhealthy);
  assert.deepEqual(counts(Array.from({ length: 30 }, () => balancer.choose("", null, null)!.slot), 3), [10, 20, 0]);
  table.setFlags(1, FLAG.unhealthy);
  assert.deepEqual(counts(Array.from({ length: 5 }, () => balancer.choose("", null, null)!.slot), 3), [5, 0, 0]);
});

Deno.test("two workers share one cycle", () => {
  const group = makeGroup([1, 2, 5], { algorithm: "WEIGHTED" });
  const table = TargetTable.create(2);
  const workers = [makeBalancer(group, table), makeBalancer(group, TargetTable.open(table.buffer))];
  const chosen = Array.from({ length: 80 }, (_, turn) => workers[turn % 3 % 2]!.choose("", null, null)!.slot);
  assert.deepEqual(counts(chosen, 3), [10, 20, 50]);
});

Deno.test("a cycle too long to be written out is exact too, and spread", () => {
  const weights = [20_011, 1009, 503, 1];
  const cycle = compileCycle(weights);
  assert.ok(cycle.length > MAX_SCHEDULE && cycle.schedule === null);
  const taken = [0, 0, 0, 0];
  for (let turn = 0; turn < cycle.length; turn++) {
    taken[indexAtTurn(cycle, turn)]!++;
    for (let index = 0; index < 4; index++) {
      const ideal = (turn + 1) * weights[index]! / cycle.length;
      assert.ok(Math.abs(taken[index]! - ideal) < 3, `turn ${turn} of ${index}: ${taken[index]} for ${ideal}`);
    }
  }
  assert.deepEqual(taken, weights);
});

Deno.test("weights beyond every cycle are rounded, and the lightest still has its turn", () => {
  const cycle = compileCycle([1e9, 1, Math.PI * 1e8]);
  assert.ok(cycle.length <= 2 ** 26);
  assert.ok(Math.min(...cycle.weights) >= 1);
  assert.ok(Math.abs(cycle.weights[2]! / cycle.weights[0]! - Math.PI / 10) < 1e-6);
  assert.equal(indexAtTurn(cycle, 0), 0);
  assert.ok(indexAtTurn(cycle, cycle.length - 1) < 3);
});
