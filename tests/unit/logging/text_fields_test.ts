import assert from "node:assert/strict";
import { Log } from "../../../src/logging/log.ts";

Deno.test("a list in a line for people stands as in a variable, and one with odd texts is quoted", () => {
  let line = "";
  const log = new Log({ write: (text) => line = text }, { level: "info", json: false });
  log.info("e", "Said", { targets: ["127.0.0.1:81", "[::1]:82"], odd: ["a b"], none: [] });
  assert.match(line, / Said targets=127\.0\.0\.1:81,\[::1\]:82 odd="\[\\"a b\\"\]" none=\[\]\n$/);
});
