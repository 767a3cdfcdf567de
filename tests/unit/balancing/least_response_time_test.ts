import assert from "node:assert/strict";
import { TargetTable } from "../../../src/state/target_table.ts";
import { makeBalancer, makeGroup } from "../../support/target_group.ts";

const NOW_MS = 1_000_000;

interface Given {
  load?: number;
  ttfbMicros?: number;
  ageMs?: number;
  probeMicros?: number;
  failures?: number;
}

function setUp(given: readonly Given[], random = () => 0.99) {
  const table = TargetTable.create(1);
  given.forEach(({ load = 0, ttfbMicros, ageMs = 0, probeMicros = 0, failures = 0 }, slot) => {
    table.inFlight[slot] = load;
    if (ttfbMicros !== undefined) table.recordTtfb(slot, ttfbMicros, NOW_MS - ageMs);
    table.probeMicros[slot] = probeMicros;
    table.consecutiveFailures[slot] = failures;
  });
  const group = makeGroup(given.map(() => 1), { algorithm: "LRT" });
  return { table, balancer: makeBalancer(group, table, { nowMs: () => NOW_MS, random }) };
}

function choices(given: readonly Given[], times = 1): number[] {
  const { balancer } = setUp(given);
  return Array.from({ length: times }, () => balancer.choose("", null, null)!.slot);
}

Deno.test("A8: the lowest product of requests in flight and average time wins", () => {
  assert.deepEqual(choices([{ load: 3, ttfbMicros: 1000 }, { load: 1, ttfbMicros: 2000 }], 3), [1, 1, 1]);
  assert.deepEqual(choices([{ load: 1, ttfbMicros: 1000 }, { load: 1, ttfbMicros: 2000 }], 3), [0, 0, 0]);
});

Deno.test("the request that is being placed does not count: an idle target's product is 0", () => {
  assert.deepEqual(choices([{ load: 1, ttfbMicros: 10 }, { load: 0, ttfbMicros: 50_000 }]), [1]);
});

Deno.test("equal products: the lower average, then round robin", () => {
  assert.deepEqual(choices([{ ttfbMicros: 2000 }, { ttfbMicros: 1000 }], 3), [1, 1, 1]);
  assert.deepEqual(choices([{ ttfbMicros: 2000 }, { ttfbMicros: 1000 }, { ttfbMicros: 1000 }], 4), [1, 2, 1, 2]);
});

Deno.test("times below a millisecond, and of 0, do not hide the load", () => {
  assert.deepEqual(choices([{ load: 40, ttfbMicros: 0 }, { load: 2, ttfbMicros: 0 }], 2), [1, 1]);
  assert.deepEqual(choices([{ load: 9, ttfbMicros: 300 }, { load: 2, ttfbMicros: 400 }], 2), [1, 1]);
});

Deno.test("a target that was slow once is tried again after 10 s, so it is not starved", () => {
  const fast = { ttfbMicros: 1000 };
  assert.deepEqual(choices([fast, { ttfbMicros: 900_000, ageMs: 9_999 }]), [0]);
  assert.deepEqual(choices([fast, { ttfbMicros: 900_000, ageMs: 10_001 }]), [1]);
});

Deno.test("targets never measured go first, one trial each, then the fewest in flight", () => {
  const { table, balancer } = setUp([{}, {}, {}]);
  const chosen = [];
  for (let i = 0; i < 9; i++) {
    const { slot } = balancer.choose("", null, null)!;
    table.inFlight[slot]!++;
    chosen.push(slot);
  }
  assert.deepEqual(chosen, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
});

Deno.test("while a trial is under way the burst goes elsewhere", () => {
  const { table, balancer } = setUp([{ ttfbMicros: 1000 }, { ttfbMicros: 1000 }, {}]);
  assert.equal(balancer.choose("", null, null)!.slot, 2);
  table.inFlight[2] = 1;
  assert.notEqual(balancer.choose("", null, null)!.slot, 2);
});

Deno.test("C20: probe times serve until there is a live sample", () => {
  assert.deepEqual(choices([{ load: 1, probeMicros: 9000 }, { load: 1, probeMicros: 500 }], 2), [1, 1]);
  assert.deepEqual(
    choices([{ load: 1, ttfbMicros: 100, probeMicros: 9000 }, { load: 1, ttfbMicros: 200, probeMicros: 1 }], 2),
    [0, 0],
  );
});

Deno.test("a busy target of which nothing is known counts as an average one", () => {
  const known = [{ load: 1, ttfbMicros: 1000 }, { load: 1, ttfbMicros: 3000 }];
  assert.deepEqual(choices([...known, { load: 1 }]), [0]);
  assert.deepEqual(choices([{ load: 3, ttfbMicros: 1000 }, { load: 2, ttfbMicros: 3000 }, { load: 1 }]), [2]);
});

Deno.test("a target that refuses connections does not draw every request by looking idle and unmeasured", () => {
  const dead = { failures: 3 };
  const busy = { load: 2, ttfbMicros: 1000 };
  assert.deepEqual(choices([busy, dead], 3), [0, 0, 0]);
  const { balancer } = setUp([busy, dead], () => 0.01);
  assert.equal(balancer.choose("", null, null)!.slot, 1);
});

Deno.test("a score says what the choice is made by", () => {
  const { balancer } = setUp([
    { load: 3, ttfbMicros: 1200 },
    { load: 1, probeMicros: 800 },
    { ttfbMicros: 5000, ageMs: 20_000 },
    { failures: 2 },
  ]);
  assert.deepEqual(balancer.scores(""), [
    "in flight 3 x 1200 us",
    "in flight 1 x 800 us (probes)",
    "in flight 0 x 5000 us, no sample for 10 s: first",
    "in flight 0 + 2 failed x 2333 us (mean of the others), no sample for 10 s: now and then first",
  ]);
});
