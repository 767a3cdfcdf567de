import assert from "node:assert/strict";
import { ConsecutiveThreshold } from "../../../src/health/consecutive_threshold.ts";

/** Feeds `+` and `-` and returns where it flipped. */
function flips(threshold: ConsecutiveThreshold, results: string): number[] {
  return [...results].flatMap((result, index) => threshold.observe(result === "+") ? [index] : []);
}

Deno.test("A27 A32: the failure threshold's number of failures in a row flips it; a success resets", () => {
  assert.deepEqual(flips(new ConsecutiveThreshold(2, 3), "--+--+---"), [8]);
});

Deno.test("A26: an unhealthy target needs the success threshold's number of successes in a row", () => {
  assert.deepEqual(flips(new ConsecutiveThreshold(2, 1), "-+-+-++"), [0, 6]);
});

Deno.test("it fires on edges only", () => {
  assert.deepEqual(flips(new ConsecutiveThreshold(1, 1), "+++---+++"), [3, 6]);
});

Deno.test("C19: with thresholds of one each result flips", () => {
  assert.deepEqual(flips(new ConsecutiveThreshold(1, 1), "-+-+"), [0, 1, 2, 3]);
});

Deno.test("other thresholds count from the next result on and keep the run so far", () => {
  const threshold = new ConsecutiveThreshold(2, 5);
  flips(threshold, "---");
  threshold.configure(2, 4);
  assert.deepEqual(threshold.consecutive, { ok: 0, failed: 3 });
  assert.equal(threshold.observe(false), true);
  assert.equal(threshold.healthy, false);
});
