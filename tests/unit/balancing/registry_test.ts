import assert from "node:assert/strict";
import { ALGORITHMS, findAlgorithm } from "../../../src/balancing/registry.ts";

Deno.test("A4, C5: an algorithm is found by its name or an alias, in any case", () => {
  for (
    const [asked, found] of [
      ["round_robin", "ROUND_ROBIN"],
      ["Weighted_Round_Robin", "WEIGHTED"],
      ["least_outstanding_requests", "LEAST_CONNECTIONS"],
      ["least_response_time", "LRT"],
      ["sticky", "STICKY"],
      ["Power_Of_Two", "POWER_OF_TWO"],
      ["random", "RANDOM"],
      ["hash", "HASH"],
    ] as const
  ) {
    assert.equal(findAlgorithm(asked)?.name, found);
  }
});

Deno.test("an unknown algorithm is not taken for another", () => {
  assert.equal(findAlgorithm("ROUND"), null);
  assert.equal(findAlgorithm(""), null);
});

Deno.test("no two algorithms share a name, and names are as configuration writes them", () => {
  const names = ALGORITHMS.flatMap(({ name, aliases }) => [name, ...aliases]);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.equal(name, name.toUpperCase());
});
