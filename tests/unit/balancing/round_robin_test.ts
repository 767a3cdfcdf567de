import assert from "node:assert/strict";
import { TargetTable } from "../../../src/state/target_table.ts";
import { makeBalancer, makeGroup } from "../../support/target_group.ts";

Deno.test("A5: round robin is circular and exact", () => {
  const balancer = makeBalancer(makeGroup([1, 1, 1]), TargetTable.create(1));
  const chosen = Array.from({ length: 7 }, () => balancer.choose("", null, null)!.slot);
  assert.deepEqual(chosen, [0, 1, 2, 0, 1, 2, 0]);
});

Deno.test("two workers share one circle, whatever the order in which they are asked", () => {
  const group = makeGroup([1, 1, 1]);
  const table = TargetTable.create(2);
  const workers = [makeBalancer(group, table), makeBalancer(group, TargetTable.open(table.buffer))];
  const order = [0, 1, 1, 0, 0, 0, 1, 1, 1];
  assert.deepEqual(order.map((worker) => workers[worker]!.choose("", null, null)!.slot), [0, 1, 2, 0, 1, 2, 0, 1, 2]);
});

Deno.test("each group has a circle of its own", () => {
  const table = TargetTable.create(1);
  const one = makeBalancer(makeGroup([1, 1], { cursor: 0 }), table);
  const other = makeBalancer(makeGroup([1, 1], { cursor: 1 }), table);
  const chosen = [one, other, one, other].map((balancer) => balancer.choose("", null, null)!.slot);
  assert.deepEqual(chosen, [0, 0, 1, 1]);
});

Deno.test("the first choice of STICKY is round robin", () => {
  const balancer = makeBalancer(makeGroup([1, 1, 1], { algorithm: "STICKY" }), TargetTable.create(1));
  assert.equal(balancer.algorithm.sticky, true);
  assert.deepEqual([1, 2, 3].map(() => balancer.choose("", null, null)!.slot), [0, 1, 2]);
});
