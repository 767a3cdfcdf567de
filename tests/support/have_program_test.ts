import assert from "node:assert/strict";
import { findProgram, missingOf } from "./have_program.ts";

Deno.test("a program that is installed is found, one that is not is missed", () => {
  assert.match(findProgram("sh") ?? "", /\/sh$/);
  assert.equal(findProgram("no-such-program-anywhere"), null);
});

Deno.test("a missing program is named, and is an error where programs are required", () => {
  const before = Deno.env.get("SLUICE_TEST_PROGRAMS");
  try {
    Deno.env.delete("SLUICE_TEST_PROGRAMS");
    assert.deepEqual(missingOf("sh", "no-such-program-anywhere"), ["no-such-program-anywhere"]);
    Deno.env.set("SLUICE_TEST_PROGRAMS", "required");
    assert.deepEqual(missingOf("sh"), []);
    assert.throws(() => missingOf("sh", "no-such-program-anywhere"), /not installed: no-such-program-anywhere/);
  } finally {
    if (before === undefined) Deno.env.delete("SLUICE_TEST_PROGRAMS");
    else Deno.env.set("SLUICE_TEST_PROGRAMS", before);
  }
});
