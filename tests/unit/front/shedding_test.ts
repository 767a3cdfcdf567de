import assert from "node:assert/strict";
import type { Activity } from "../../../src/front/wire/limits.ts";
import { whoGoesFirst } from "../../../src/front/wire/shedding.ts";

function connection(activity: Activity, activeSinceMs: number) {
  return { activity, activeSinceMs, close() {} };
}

Deno.test("silent connections go first, then idle ones, then unfinished heads, the oldest first", () => {
  const fresh = connection("fresh", 3000);
  const olderFresh = connection("fresh", 1000);
  const idle = connection("idle", 0);
  const head = connection("head", 0);
  const request = connection("request", 0);
  const all = [head, request, idle, fresh, olderFresh];
  const chosen = (wanted: number) => whoGoesFirst(all, { nowMs: 10_000, wanted });
  assert.deepEqual(chosen(1), [olderFresh]);
  assert.deepEqual(chosen(3), [olderFresh, fresh, idle]);
  assert.deepEqual(chosen(9), [olderFresh, fresh, idle, head], "a request that is under way is never cut");
});

Deno.test("nobody is cut within a second", () => {
  assert.deepEqual(whoGoesFirst([connection("idle", 9_500)], { nowMs: 10_000, wanted: 1 }), []);
});
