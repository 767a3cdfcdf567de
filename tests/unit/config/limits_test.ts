import assert from "node:assert/strict";
import { LIMITS } from "../../../src/config/doors.ts";
import { MAX_GROUPS, MAX_RULES, MAX_TARGETS } from "../../../src/state/slot_layout.ts";
import { messages, parseEnvironment } from "./parse_with.ts";

Deno.test("configuration allows as many rules, groups and targets as the shared table has room for", () => {
  // Groups that left hold their cursor for a while; rules and targets that found no place are seen to elsewhere.
  assert.deepEqual(LIMITS, { rules: MAX_RULES, groups: MAX_GROUPS / 4, entries: MAX_TARGETS });
});

Deno.test("more targets than there is room for are an error", () => {
  const targets = Array.from({ length: LIMITS.entries + 1 }, (_, index) => `a.example:${index + 1}`).join(",");
  assert.deepEqual(messages(parseEnvironment({ BACKEND_SERVERS: targets }).problems), [
    "targets: There can be at most 4096 targets, not 4097",
  ]);
});
