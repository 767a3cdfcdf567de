import assert from "node:assert/strict";
import { TurnBudget } from "../../../../src/forwarding/wire/turn_budget.ts";

Deno.test("a turn is full after so many operations that another finds nothing; the next is not", async () => {
  const turn = new TurnBudget();
  for (let i = 0; i < 63; i++) turn.spend();
  turn.spend();
  turn.restore();
  assert.equal(turn.isFull, false);
  turn.spend();
  assert.equal(turn.isFull, true);
  await turn.next();
  assert.equal(turn.isFull, false);
  await turn.next();
});
