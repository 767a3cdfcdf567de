import assert from "node:assert/strict";
import { findProgram } from "./have_program.ts";

Deno.test("a program that is installed is found, one that is not is missed", () => {
  assert.match(findProgram("sh") ?? "", /\/sh$/);
  assert.equal(findProgram("no-such-program-anywhere"), null);
});
