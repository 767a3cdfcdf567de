import assert from "node:assert/strict";
import { StridedCycle } from "../../../src/balancing/strided_cycle.ts";

Deno.test("a cycle that is walked by a stride gives each index its weight in turns, and does not bunch them", () => {
  const cycle = new StridedCycle([5, 2, 1]);
  assert.deepEqual(Array.from({ length: 8 }, (_, turn) => cycle.indexAt(turn)), [0, 1, 0, 2, 0, 0, 1, 0]);
});
