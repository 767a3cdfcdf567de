import assert from "node:assert/strict";
import { findProgram, missingOf } from "./have_program.ts";

Deno.test("a program that is installed is found, one that is not is missed", () => {
  assert.match(findProgram("sh") ?? "", /\/sh$/);
  assert.equal(findProgram("no-such-program-anywhere"), null);
});

Deno.test("a missing program is named, and is an error where programs are required", () => {
  assert.deepEqual(missingOf("sh", "no-such-program-anywhere"), ["no-such-program-anywhere"]);
  Deno.env.set("SLUICE_TEST_PROGRAMS", "required");
  try {
    assert.deepEqual(missingOf("sh"), []);
    assert.throws(() => missingOf("sh", "no-such-program-anywhere"), /not installed: no-such-program-anywhere/);
  } finally {
    Deno.env.delete("SLUICE_TEST_PROGRAMS");
  }
});
