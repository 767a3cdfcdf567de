import assert from "node:assert/strict";
import fc from "fast-check";
import "../../support/seed.ts";
import { knownText, LONGEST_KNOWN } from "../../../src/http1/known_texts.ts";

Deno.test("bytes turn into the text that they are, however many texts were seen before", () => {
  const bytes = fc.uint8Array({ maxLength: LONGEST_KNOWN });
  fc.assert(fc.property(fc.array(bytes, { minLength: 1, maxLength: 30 }), fc.nat(5), (texts, before) => {
    for (const text of [...texts, ...texts]) {
      const place = new Uint8Array(before + text.length + 3).fill(120);
      place.set(text, before);
      const expected = String.fromCharCode(...text);
      assert.equal(knownText(place, before, before + text.length), expected);
    }
  }));
});

Deno.test("texts that take one another's place stay apart", () => {
  const encoder = new TextEncoder();
  for (let i = 0; i < 20_000; i++) {
    const text = `value-${i % 5_000}`;
    const bytes = encoder.encode(text);
    assert.equal(knownText(bytes, 0, bytes.length), text);
  }
});
