import assert from "node:assert/strict";
import { parseLength, shortestLength } from "../../../src/http1/framing.ts";

Deno.test("a length is digits alone, and its value counts", () => {
  const zeros = "0".repeat(400);
  for (const [text, value] of [["0", 0], ["3", 3], ["007", 7], [`${zeros}12`, 12], ["9007199254740991", 2 ** 53 - 1]]) {
    assert.equal(parseLength(String(text)), value, String(text));
  }
  for (const text of ["", "+1", "-1", "1.0", "1e3", "0x1", "1 1", "1,1", " 1", "1\0", "\u0661", "1_0"]) {
    assert.equal(parseLength(text), NaN, JSON.stringify(text));
  }
  for (const text of ["9007199254740992", "9".repeat(400), `${zeros}9007199254740993`]) {
    assert.equal(parseLength(text), Infinity, text);
  }
});

Deno.test("a length is written without leading zeros", () => {
  for (const [text, short] of [["0", "0"], ["000", "0"], ["10", "10"], ["0010", "10"], ["", ""]]) {
    assert.equal(shortestLength(text!), short);
  }
});
