import assert from "node:assert/strict";
import fc from "fast-check";
import { ALGORITHMS } from "../../src/balancing/registry.ts";
import type { TargetSnapshot } from "../../src/state/group_snapshot.ts";
import { FLAG } from "../../src/state/slot_layout.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { makeBalancer, makeGroup, makeTarget, seededRandom } from "../support/target_group.ts";
import "../support/seed.ts";

/** One thing that happens to a group between or during choices. */
type Step =
  | { readonly kind: "flags"; readonly at: number; readonly flags: number }
  | { readonly kind: "load"; readonly at: number; readonly load: number }
  | { readonly kind: "sample"; readonly at: number; readonly micros: number }
  | { readonly kind: "failure"; readonly at: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "choose"; readonly worker: number; readonly key: string; readonly pin: number };

const at = fc.nat({ max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("flags" as const),
    at,
    flags: fc.constantFrom(0, 0, FLAG.unhealthy, FLAG.ejected, FLAG.draining, FLAG.unhealthy | FLAG.draining),
  }),
  fc.record({ kind: fc.constant("load" as const), at, load: fc.nat({ max: 5 }) }),
  fc.record({ kind: fc.constant("sample" as const), at, micros: fc.nat({ max: 100_000 }) }),
  fc.record({ kind: fc.constant("failure" as const), at }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.nat({ max: 20_000 }) }),
  fc.record({
    kind: fc.constant("choose" as const),
    worker: fc.nat({ max: 1 }),
    key: fc.string({ maxLength: 5 }),
    pin: fc.integer({ min: -20, max: 30 }),
  }),
);

const someWeights = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(1 / 3, 0.5, 2 / 7, 250_000)), {
  maxLength: 12,
});

/** Who may receive a request, said a second time and more simply than the balancer does. */
function eligibleNow(table: TargetTable, targets: readonly TargetSnapshot[], failOpen: boolean): TargetSnapshot[] {
  const well = targets.filter(({ slot }) => table.flags[slot] === 0);
  return well.length > 0 || !failOpen ? well : targets.filter(({ slot }) => (table.flags[slot]! & FLAG.draining) === 0);
}

for (const { name } of ALGORITHMS) {
  Deno.test(`${name}: whatever happens between choices, only eligible untried targets are chosen`, () => {
    fc.assert(
      fc.property(
        someWeights,
        fc.boolean(),
        fc.array(step, { maxLength: 60 }),
        fc.integer(),
        (weights, failOpen, steps, seed) => {
          const table = TEST_TABLE;
          weights.forEach((_, slot) => table.resetTarget(slot));
          const group = makeGroup(weights, { algorithm: name, failOpen });
          let nowMs = 1_000_000;
          const options = { random: seededRandom(seed), nowMs: () => nowMs };
          const workers = [
            makeBalancer(group, table, options),
            makeBalancer(group, TargetTable.open(table.buffer), options),
          ];
          const count = weights.length;
          for (const step of count === 0 ? [] : steps) {
            if (step.kind === "wait") nowMs += step.ms;
            else if (step.kind === "flags") table.setFlags(step.at % count, step.flags);
            else if (step.kind === "load") table.inFlight[step.at % count] = step.load;
            else if (step.kind === "sample") table.recordTtfb(step.at % count, step.micros, nowMs);
            else if (step.kind === "failure") table.consecutiveFailures[step.at % count]! += 1;
            else {
              const eligible = eligibleNow(table, group.targets, failOpen);
              const pinned = step.pin < 0 ? null : group.targets[step.pin % count]!;
              const balancer = workers[step.worker]!;
              assert.equal(balancer.scores(step.key).length, eligible.length);
              const peeked = balancer.peek(step.key, pinned);
              assert.equal(peeked === null, eligible.length === 0);
              const tried: TargetSnapshot[] = [];
              for (let attempt = 0; attempt < eligible.length; attempt++) {
                const chosen = balancer.choose(step.key, pinned, tried.length === 0 ? null : tried);
                assert.ok(chosen !== null && eligible.includes(chosen) && !tried.includes(chosen));
                if (attempt === 0 && pinned !== null && eligible.includes(pinned)) assert.equal(chosen, pinned);
                tried.push(chosen);
              }
              assert.equal(balancer.choose(step.key, pinned, tried), null);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  // Those whose choice is a draw can't be foretold.
  if (name === "RANDOM" || name === "POWER_OF_TWO") continue;
  Deno.test(`${name}: peek predicts the next choice and takes no turn`, () => {
    fc.assert(fc.property(someWeights, fc.array(fc.string(), { maxLength: 20 }), (weights, keys) => {
      const table = TEST_TABLE;
      weights.forEach((_, slot) => table.resetTarget(slot));
      const balancer = makeBalancer(makeGroup(weights, { algorithm: name }), table);
      for (const key of keys) {
        const peeked = balancer.peek(key, null);
        const cursor = table.turnAt(0);
        assert.equal(balancer.peek(key, null), peeked);
        assert.equal(table.turnAt(0), cursor);
        const chosen = balancer.choose(key, null, null);
        assert.equal(chosen, peeked);
        if (chosen !== null) table.inFlight[chosen.slot]! += 1;
      }
    }));
  });
}

/** One for all runs, so that none pays for making a few MB. */
const TEST_TABLE = TargetTable.create(2);

Deno.test("ROUND_ROBIN: any interleaving of two workers gives each target its turns exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.nat({ max: 1 }), { maxLength: 80 }), (count, order) => {
      const table = TEST_TABLE;
      for (let slot = 0; slot < count; slot++) table.resetTarget(slot);
      table.cursors[0] = 0;
      const group = makeGroup(Array(count).fill(1));
      const workers = [makeBalancer(group, table), makeBalancer(group, TargetTable.open(table.buffer))];
      order.forEach((worker, turn) => {
        assert.equal(workers[worker]!.choose("", null, null)!.slot, turn % count);
      });
    }),
  );
});

Deno.test("WEIGHTED: shares are exact over each cycle and less than one turn off at every moment", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 25 }), (weights) => {
      const table = TEST_TABLE;
      weights.forEach((_, slot) => table.resetTarget(slot));
      table.cursors[0] = 0;
      const balancer = makeBalancer(makeGroup(weights, { algorithm: "WEIGHTED" }), table);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const taken = weights.map(() => 0);
      for (let turn = 1; turn <= total; turn++) {
        taken[balancer.choose("", null, null)!.slot]! += 1;
        // In whole numbers, because 1 - 1e-16 is not the point.
        taken.forEach((count, slot) => assert.ok(Math.abs(count * total - turn * weights[slot]!) < total));
      }
      assert.deepEqual(taken, weights);
    }),
    { numRuns: 300 },
  );
});

Deno.test("LEAST_CONNECTIONS: no target is chosen if another has fewer in flight; equals take turns", () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }), fc.nat(), (loads, cursor) => {
    const table = TEST_TABLE;
    loads.forEach((_, slot) => table.resetTarget(slot));
    loads.forEach((load, slot) => table.inFlight[slot] = load);
    table.cursors[0] = cursor % 20;
    const balancer = makeBalancer(makeGroup(loads.map(() => 1), { algorithm: "LEAST_CONNECTIONS" }), table);
    const fewest = Math.min(...loads);
    const taken = loads.map(() => 0);
    for (let turn = 0; turn < 2 * loads.length + 1; turn++) taken[balancer.choose("", null, null)!.slot]! += 1;
    const ofEquals = taken.filter((count, slot) => loads[slot] === fewest ? true : assert.equal(count, 0));
    assert.ok(Math.max(...ofEquals) - Math.min(...ofEquals) <= 1);
  }));
});

Deno.test("HASH: adding or losing a target moves only that target's keys, weighted or not", () => {
  const keys = Array.from({ length: 60 }, (_, number) => `key ${number}`);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 10 }),
      fc.nat(),
      (weights, lost) => {
        const table = TEST_TABLE;
        weights.forEach((_, slot) => table.resetTarget(slot));
        const balancer = makeBalancer(makeGroup(weights, { algorithm: "HASH" }), table);
        const gone = lost % weights.length;
        const before = keys.map((key) => balancer.choose(key, null, null)!.slot);
        table.setFlags(gone, FLAG.unhealthy);
        keys.forEach((key, index) => {
          const now = balancer.choose(key, null, null)!.slot;
          if (before[index] !== gone) assert.equal(now, before[index]);
        });
      },
    ),
  );
});

Deno.test("POWER_OF_TWO, RANDOM: many draws among equals fit equal chances (chi-square, p > 0.001)", () => {
  for (const name of ["POWER_OF_TWO", "RANDOM"]) {
    const group = makeGroup([], { algorithm: name, targets: Array.from({ length: 7 }, (_, slot) => makeTarget(slot)) });
    group.targets.forEach(({ slot }) => TEST_TABLE.resetTarget(slot));
    const balancer = makeBalancer(group, TEST_TABLE, { random: seededRandom(7) });
    const taken = Array<number>(7).fill(0);
    for (let draw = 0; draw < 70_000; draw++) taken[balancer.choose("", null, null)!.slot]! += 1;
    const chiSquare = taken.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    assert.ok(chiSquare < 22.46, `${name}: ${chiSquare} of ${taken}`);
  }
});
