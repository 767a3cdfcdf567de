import assert from "node:assert/strict";
import { circles, reachable } from "./module_graph.ts";

function edges(...pairs: string[]) {
  return pairs.map((pair) => ({ from: pair[0]!, to: pair[1]!, typesOnly: false }));
}

Deno.test("files that import one another are found as one circle, others are not", () => {
  assert.deepEqual(circles(edges("ab", "bc", "ca", "cd", "de", "fe")), [["a", "b", "c"]]);
  assert.deepEqual(circles(edges("ab", "ba", "xy", "yx", "ax")), [["a", "b"], ["x", "y"]]);
  assert.deepEqual(circles(edges("ab", "bc", "ac")), []);
});

Deno.test("what a file needs is found over any number of steps", () => {
  assert.deepEqual([...reachable(["a"], edges("ab", "bc", "xd", "ca"))], ["a", "b", "c"]);
});
