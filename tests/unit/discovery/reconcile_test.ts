import assert from "node:assert/strict";
import { reconcile } from "../../../src/discovery/reconcile.ts";

Deno.test("what joins, stays and leaves is told apart by key", () => {
  const difference = reconcile(new Map([["a", 1], ["b", 2]]), new Map([["b", "two"], ["c", "three"]]));
  assert.deepEqual(difference, { added: ["three"], kept: [[2, "two"]], removed: [1] });
});

Deno.test("an empty discovery removes every target; this is why failed lookups must never get here", () => {
  assert.deepEqual(reconcile(new Map([["a", 1]]), new Map()), { added: [], kept: [], removed: [1] });
});
