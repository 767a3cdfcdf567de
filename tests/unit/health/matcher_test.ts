import assert from "node:assert/strict";
import { matchesStatus } from "../../../src/health/matcher.ts";

Deno.test("a matcher's ranges count with both their ends", () => {
  const matcher = [{ from: 200, to: 299 }, { from: 301, to: 301 }];
  assert.deepEqual([199, 200, 299, 300, 301, 302].filter((status) => matchesStatus(matcher, status)), [200, 299, 301]);
});
