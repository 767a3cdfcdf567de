import assert from "node:assert/strict";
import { Cost, FloodBudget } from "../../../../src/front/http2/flood_budget.ts";

/** How many of these a client may send before it is disconnected. */
function most(budget: FloodBudget, cost: number, nowMs = 0): number {
  for (let count = 0; count < 100_000; count++) if (!budget.spend(cost, nowMs)) return count;
  return Infinity;
}

Deno.test("a flood of frames ends after a thousand, one of requests that are taken back after 200", () => {
  assert.equal(most(new FloodBudget(0), Cost.frame), 1_000);
  assert.equal(most(new FloodBudget(0), Cost.settings), 500);
  assert.equal(most(new FloodBudget(0), Cost.reset), 200);
});

Deno.test("a client that takes back fewer requests than it lets end is never disconnected", () => {
  const budget = new FloodBudget(0);
  for (let i = 0; i < 10_000; i++) {
    assert.ok(budget.spend(Cost.reset, 0));
    budget.answered();
  }
});

Deno.test("a client that opens windows as it downloads is never disconnected, however small the pieces", () => {
  const budget = new FloodBudget(0);
  for (let i = 0; i < 10_000; i++) {
    budget.sent(10);
    assert.ok(budget.spend(Cost.frame, 0) && budget.spend(Cost.frame, 0), `piece ${i}`);
  }
});

Deno.test("data that come a byte at a time pay for nothing", () => {
  const budget = new FloodBudget(0);
  let sent = 0;
  while (budget.spend(Cost.frame, 0)) {
    budget.came(1);
    sent++;
  }
  assert.equal(sent, 1_000);
});

Deno.test("20 frames a second are always allowed, and an hour of silence gives back no more than a thousand", () => {
  const budget = new FloodBudget(0);
  for (let second = 1; second < 1_000; second++) {
    for (let i = 0; i < 20; i++) assert.ok(budget.spend(Cost.frame, second * 1000), `second ${second}`);
  }
  assert.equal(most(new FloodBudget(0), Cost.frame, 3_600_000), 2_001);
});
