import assert from "node:assert/strict";
import fc from "fast-check";
import { quote, shown, shownLines } from "../../../src/logging/shown_text.ts";
import "../../support/seed.ts";

/** Any text, rich in what drives terminals. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom(..."\x1b\x9b\u202e\n\r\u2028"),
  ),
});
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

Deno.test("shown text has nothing unseen in it, and stays as it is when it is shown again", () => {
  fc.assert(fc.property(anyText, (text) => {
    const once = shown(text);
    assert.ok(!UNSEEN.test(once));
    assert.equal(shown(once), once);
  }));
});

Deno.test("shown lines keep their line feeds and nothing else that is unseen", () => {
  fc.assert(fc.property(anyText, (text) => {
    assert.deepEqual(shownLines(text).split("\n"), text.split("\n").map(shown));
  }));
});

Deno.test("JSON that is shown, whole or line by line, stays the same JSON", () => {
  fc.assert(fc.property(fc.array(fc.tuple(anyText, anyText)), (value) => {
    assert.deepEqual(JSON.parse(shownLines(JSON.stringify(value, null, 2))), value);
    assert.deepEqual(JSON.parse(shown(JSON.stringify(value))), value);
  }));
});

Deno.test("a quoted text reads back, and a long one is cut", () => {
  fc.assert(fc.property(anyText.filter((text) => text.length <= 200), (text) => {
    assert.equal(JSON.parse(quote(text)), text);
  }));
  assert.equal(quote("x".repeat(201)), `"${"x".repeat(200)}..."`);
});

Deno.test("letters of every script, emoji and private characters are shown as they are", () => {
  for (const text of ["größe", "日本語", "عربى", "🙂", "\ue000"]) assert.equal(shown(text), text);
});
