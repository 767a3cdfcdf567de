import assert from "node:assert/strict";
import { TargetTable } from "../../../src/state/target_table.ts";
import { makeBalancer, makeGroup } from "../../support/target_group.ts";

function setUp(inFlight: readonly number[]) {
  const table = TargetTable.create(1);
  const group = makeGroup(inFlight.map(() => 1), { algorithm: "LEAST_CONNECTIONS" });
  inFlight.forEach((load, slot) => table.inFlight[slot] = load);
  return { table, balancer: makeBalancer(group, table) };
}

Deno.test("least connections takes the fewest in flight, wherever it stands", () => {
  for (const loads of [[3, 2, 1, 4], [1, 2, 3, 4], [9, 5, 5, 2], [5, 4, 3, 2]]) {
    const { balancer } = setUp(loads);
    for (let i = 0; i < 5; i++) {
      assert.equal(loads[balancer.choose("", null, null)!.slot], Math.min(...loads));
    }
  }
});

Deno.test("least connections does not keep an earlier candidate that has more in flight", () => {
  const { table, balancer } = setUp([2, 2, 1]);
  assert.equal(balancer.choose("", null, null)!.slot, 2);
  table.inFlight[0] = 0;
  assert.equal(balancer.choose("", null, null)!.slot, 0);
});

Deno.test("C6: among equals least connections is round robin", () => {
  const { balancer } = setUp([0, 0, 0]);
  assert.deepEqual([1, 2, 3, 4].map(() => balancer.choose("", null, null)!.slot), [0, 1, 2, 0]);
});

Deno.test("among equals beside a busy target each has the same share", () => {
  const { balancer } = setUp([7, 1, 1, 7, 1]);
  const chosen = Array.from({ length: 9 }, () => balancer.choose("", null, null)!.slot);
  assert.deepEqual(chosen, [1, 2, 4, 1, 2, 4, 1, 2, 4]);
});

Deno.test("the shared circle of equals works over two workers", () => {
  const { table, balancer } = setUp([0, 0]);
  const other = makeBalancer(balancer.group, TargetTable.open(table.buffer));
  assert.deepEqual([balancer, other, other, balancer].map((one) => one.choose("", null, null)!.slot), [0, 1, 0, 1]);
});

Deno.test("a score says what is in flight", () => {
  assert.deepEqual(setUp([3, 0]).balancer.scores(""), ["in flight 3", "in flight 0"]);
});
