import assert from "node:assert/strict";
import { FLAG } from "../../../src/state/slot_layout.ts";
import { TargetTable } from "../../../src/state/target_table.ts";
import { makeBalancer, makeGroup, makeTarget } from "../../support/target_group.ts";

const KEYS = Array.from({ length: 20_000 }, (_, number) => `192.168.${number >> 8}.${number & 255}`);

function setUp(weights: readonly number[]) {
  const table = TargetTable.create(1);
  return { table, balancer: makeBalancer(makeGroup(weights, { algorithm: "HASH" }), table) };
}

function shares(slots: readonly number[], targets: number): number[] {
  const taken = Array<number>(targets).fill(0);
  for (const slot of slots) taken[slot]!++;
  return taken.map((count) => count / slots.length);
}

Deno.test("losing a target moves only its keys, spread over all others, and its return restores them", () => {
  const { table, balancer } = setUp([1, 1, 1, 1, 1]);
  const before = KEYS.map((key) => balancer.choose(key, null, null)!.slot);
  table.setFlags(2, FLAG.unhealthy);
  const after = KEYS.map((key) => balancer.choose(key, null, null)!.slot);
  const moved: number[] = [];
  before.forEach((slot, index) => slot === 2 ? moved.push(after[index]!) : assert.equal(after[index], slot));
  shares(moved, 5).forEach((share, slot) => assert.ok(Math.abs(share - (slot === 2 ? 0 : 0.25)) < 0.03));
  table.setFlags(2, 0);
  assert.deepEqual(KEYS.map((key) => balancer.choose(key, null, null)!.slot), before);
});

Deno.test("each of equal targets gets its share of the keys", () => {
  const { balancer } = setUp(Array(10).fill(1));
  for (const share of shares(KEYS.map((key) => balancer.choose(key, null, null)!.slot), 10)) {
    assert.ok(Math.abs(share - 0.1) < 0.01, `${share}`);
  }
});

Deno.test("different weights give shares in proportion", () => {
  const { balancer } = setUp([1, 2, 5]);
  const taken = shares(KEYS.map((key) => balancer.choose(key, null, null)!.slot), 3);
  [1 / 8, 2 / 8, 5 / 8].forEach((share, slot) => assert.ok(Math.abs(taken[slot]! - share) < 0.015, `${taken}`));
});

Deno.test("replicas choose alike, whatever slots and order they gave the targets", () => {
  const { balancer } = setUp([1, 1, 1, 1]);
  const shuffled = [3, 1, 0, 2].map((number, index) => ({ ...makeTarget(number), slot: 50 + index }));
  const replica = makeBalancer(makeGroup([], { algorithm: "HASH", targets: shuffled }), TargetTable.create(1));
  for (const key of KEYS.slice(0, 500)) {
    assert.equal(balancer.choose(key, null, null)!.address, replica.choose(key, null, null)!.address);
  }
});

Deno.test("an address that joins a name takes only its own share, although weights are divided anew", () => {
  const named = (count: number, weight: number) =>
    Array.from({ length: count }, (_, slot) => makeTarget(slot, { host: "name", weight: weight / count }));
  const single = makeTarget(9);
  const two = makeBalancer(
    makeGroup([], { algorithm: "HASH", targets: [...named(2, 1), single] }),
    TargetTable.create(1),
  );
  const three = makeBalancer(
    makeGroup([], { algorithm: "HASH", targets: [...named(3, 1), single] }),
    TargetTable.create(1),
  );
  for (const key of KEYS.slice(0, 3000)) {
    const after = three.choose(key, null, null)!.slot;
    if (after !== 2) assert.equal(after, two.choose(key, null, null)!.slot);
  }
});

Deno.test("the same key finds the same target in every release: the hash is part of the contract", () => {
  const { balancer } = setUp([1, 1, 1, 1, 1, 1, 1, 1]);
  const chosen = ["", "a", "10.1.2.3", "::1", "é"].map((key) => balancer.choose(key, null, null)!.slot);
  assert.deepEqual(chosen, [6, 0, 4, 7, 7]);
});
