import assert from "node:assert/strict";
import { FLAG } from "../../../src/state/slot_layout.ts";
import { TargetTable } from "../../../src/state/target_table.ts";
import type { CandidateList } from "../../../src/balancing/algorithm.ts";
import { GroupBalancer } from "../../../src/balancing/candidates.ts";
import { ALGORITHMS, findAlgorithm } from "../../../src/balancing/registry.ts";
import type { GroupSnapshot, TargetSnapshot } from "../../../src/state/group_snapshot.ts";
import { makeBalancer, makeGroup, makeTarget, seededRandom } from "../../support/target_group.ts";

Deno.test("A33, A41: a target that is out gets nothing, and gets its turns again when it is back", () => {
  const table = TargetTable.create(1);
  const group = makeGroup([1, 1, 1]);
  const balancer = makeBalancer(group, table);
  for (const flag of [FLAG.unhealthy, FLAG.ejected, FLAG.draining]) {
    table.setFlags(1, flag);
    const chosen = Array.from({ length: 6 }, () => balancer.choose("", null, null)!.slot);
    assert.equal(chosen.includes(1), false);
    table.setFlags(1, 0);
    const again = Array.from({ length: 3 }, () => balancer.choose("", null, null)!.slot);
    assert.deepEqual(again.sort(), [0, 1, 2]);
  }
});

Deno.test("A34, E12: with every target out, none is chosen", () => {
  const table = TargetTable.create(1);
  const balancer = makeBalancer(makeGroup([1, 1]), table);
  table.setFlags(0, FLAG.unhealthy);
  table.setFlags(1, FLAG.ejected);
  assert.equal(balancer.choose("", null, null), null);
  assert.equal(balancer.peek("", null), null);
  assert.equal(balancer.failedOpen, false);
});

Deno.test("with FAIL_OPEN all serve when all are out, save those that drain", () => {
  const table = TargetTable.create(1);
  const group = makeGroup([1, 1, 1], { failOpen: true });
  const balancer = makeBalancer(group, table);
  table.setFlags(0, FLAG.unhealthy);
  table.setFlags(1, FLAG.unhealthy | FLAG.draining);
  assert.equal(balancer.choose("", null, null)!.slot, 2);
  assert.equal(balancer.failedOpen, false);
  table.setFlags(2, FLAG.ejected);
  assert.equal(balancer.failedOpen, true);
  assert.deepEqual([1, 2].map(() => balancer.choose("", null, null)!.slot).sort(), [0, 2]);
  assert.equal(balancer.choose("", group.targets[0]!, null)!.slot, 0);
  assert.notEqual(balancer.choose("", group.targets[1]!, null)!.slot, 1);
  table.setFlags(2, 0);
  assert.equal(balancer.failedOpen, false);
  assert.equal(balancer.choose("", group.targets[0]!, null)!.slot, 2);
});

Deno.test("a group without targets chooses none", () => {
  assert.equal(makeBalancer(makeGroup([]), TargetTable.create(1)).choose("", null, null), null);
});

Deno.test("a later attempt goes to a target that was not tried, until none is left", () => {
  const group = makeGroup([1, 1, 1]);
  const balancer = makeBalancer(group, TargetTable.create(1));
  const tried = [balancer.choose("", null, null)!];
  for (let attempt = 0; attempt < 2; attempt++) {
    const next = balancer.choose("", null, tried)!;
    assert.equal(tried.includes(next), false);
    tried.push(next);
  }
  assert.equal(balancer.choose("", null, tried), null);
});

Deno.test("a target tried under an earlier snapshot is not tried again under the next", () => {
  const balancer = makeBalancer(makeGroup([1, 1]), TargetTable.create(1));
  const sameButOlder = makeTarget(0);
  for (let i = 0; i < 4; i++) assert.equal(balancer.choose("", null, [sameButOlder])!.slot, 1);
});

Deno.test("later attempts don't take turns from first choices", () => {
  const group = makeGroup([1, 1, 1]);
  const balancer = makeBalancer(group, TargetTable.create(1));
  const first = [];
  for (let i = 0; i < 6; i++) {
    const target = balancer.choose("", null, null)!;
    first.push(target.slot);
    balancer.choose("", null, [target]);
  }
  assert.deepEqual(first, [0, 1, 2, 0, 1, 2]);
});

Deno.test("a dead target's share is spread over all others, not put on its neighbour", () => {
  const group = makeGroup([1, 1, 1, 1]);
  let roll = 0;
  const balancer = makeBalancer(group, TargetTable.create(1), { random: () => (roll++ % 4 + 0.5) / 4 });
  const took = [0, 0, 0, 0];
  for (let i = 0; i < 30; i++) took[balancer.choose("", null, [group.targets[0]!])!.slot]!++;
  assert.deepEqual(took, [0, 10, 10, 10]);
});

Deno.test("later attempts look at no more targets than the first, however many the group has", () => {
  for (const { name } of ALGORITHMS) {
    const algorithm = findAlgorithm(name)!;
    let prepared = 0;
    const counting = {
      ...algorithm,
      prepare: (list: CandidateList, group: GroupSnapshot) => (prepared++, algorithm.prepare?.(list, group)),
    };
    const group = makeGroup(Array<number>(300).fill(1), { algorithm: name });
    const context = { random: seededRandom(1), nowMs: () => 1_000_000 };
    const balancer = new GroupBalancer(group, TargetTable.create(1), { algorithm: counting, context });
    const tried: TargetSnapshot[] = [];
    for (let attempt = 0; attempt < 10; attempt++) {
      const next = balancer.choose("key", null, tried.length === 0 ? null : tried)!;
      assert.equal(tried.includes(next), false, name);
      tried.push(next);
    }
    assert.equal(prepared, 1, `${name}: a list is made when the group changes, never for an attempt`);
  }
});

Deno.test("a key whose target failed goes to one other target each time, and each key to its own", () => {
  const group = makeGroup(Array<number>(50).fill(1), { algorithm: "HASH" });
  const balancer = makeBalancer(group, TargetTable.create(1), { random: seededRandom(2) });
  const others = new Set<number>();
  for (let key = 0; key < 40; key++) {
    const tried = [balancer.choose(`key ${key}`, null, null)!];
    const slots = new Set(Array.from({ length: 5 }, () => balancer.choose(`key ${key}`, null, tried)!.slot));
    assert.equal(slots.size, 1);
    others.add([...slots][0]!);
  }
  assert.ok(others.size > 15);
});

Deno.test("a later attempt keeps to the weights of the targets that are left", () => {
  const group = makeGroup([100, 3, 1], { algorithm: "WEIGHTED" });
  const balancer = makeBalancer(group, TargetTable.create(1), { random: seededRandom(3) });
  const took = [0, 0, 0];
  for (let i = 0; i < 1000; i++) took[balancer.choose("", null, [group.targets[0]!])!.slot]!++;
  assert.equal(took[0], 0);
  assert.ok(took[1]! > 700 && took[2]! > 200, String(took));
});

Deno.test("peek says what the next request gets, however often it is asked", () => {
  const group = makeGroup([1, 2, 5], { algorithm: "WEIGHTED" });
  const balancer = makeBalancer(group, TargetTable.create(1));
  for (let i = 0; i < 16; i++) {
    const peeked = [balancer.peek("", null), balancer.peek("", null)];
    const chosen = balancer.choose("", null, null);
    assert.deepEqual(peeked, [chosen, chosen]);
  }
});

Deno.test("a pinned client stays on its target while that is eligible, and is given another when it is lost", () => {
  const table = TargetTable.create(1);
  const group = makeGroup([1, 1, 1]);
  const balancer = makeBalancer(group, table);
  const pinned = group.targets[2]!;
  for (let i = 0; i < 4; i++) assert.equal(balancer.choose("", pinned, null), pinned);
  assert.equal(balancer.peek("", pinned), pinned);
  assert.notEqual(balancer.choose("", pinned, [pinned]), pinned);
  table.setFlags(2, FLAG.unhealthy);
  assert.notEqual(balancer.choose("", pinned, null), pinned);
  assert.notEqual(balancer.choose("", makeTarget(9), null)!.slot, 9);
});

Deno.test("a change of another group's health leaves the candidates as they are", () => {
  const table = TargetTable.create(1);
  const balancer = makeBalancer(makeGroup([1, 1]), table);
  const before = balancer.candidates();
  table.setFlags(7, FLAG.unhealthy);
  assert.equal(balancer.candidates(), before);
  table.setFlags(0, FLAG.unhealthy);
  assert.notEqual(balancer.candidates(), before);
});
