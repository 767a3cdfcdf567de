import assert from "node:assert/strict";
import { readSettlesAtOnce } from "../../../../src/forwarding/wire/idle_check.ts";

Deno.test("this platform's reads settle at once, so that idle connections are checked in the same turn", async () => {
  for (let i = 0; i < 50; i++) assert.equal(await readSettlesAtOnce(), true);
});
