import assert from "node:assert/strict";
import { holdsHalf } from "../../../../src/front/tls/handshake_share.ts";

Deno.test("a worker is to be exchanged if slow handshakes hold half of its connections, or 500", () => {
  assert.deepEqual([holdsHalf(49, 100), holdsHalf(50, 100)], [false, true]);
  assert.deepEqual([holdsHalf(499, Infinity), holdsHalf(500, Infinity)], [false, true]);
  assert.deepEqual([holdsHalf(499, 100_000), holdsHalf(500, 100_000)], [false, true]);
  assert.equal(holdsHalf(0, 1), false);
});
