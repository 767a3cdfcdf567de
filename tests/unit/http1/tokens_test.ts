import assert from "node:assert/strict";
import { isFieldValue, isToken, isTokenByte, isValueByte } from "../../../src/http1/tokens.ts";

/** Every character of one byte that passes. */
function passing(test: (byte: number) => boolean): string {
  return Array.from({ length: 256 }, (_, byte) => byte).filter(test).map((byte) => String.fromCharCode(byte)).join("");
}

Deno.test("a token has the characters of RFC 9110 section 5.6.2 and no other", () => {
  const allowed = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;
  assert.equal(passing(isTokenByte), passing((byte) => allowed.test(String.fromCharCode(byte))));
  for (const text of ["GET", "x-a_b.c", "!"]) assert.equal(isToken(text), true, text);
  for (const text of ["", "a b", "a:", "(", "\u0141", "\u{1f600}", "a\0"]) assert.equal(isToken(text), false, text);
});

Deno.test("a value has no control character but tab, and no character beyond a byte", () => {
  assert.equal(passing(isValueByte), passing((byte) => (byte >= 32 && byte !== 127) || byte === 9));
  for (const text of ["", "a b\t", "\xe9\x80\xff"]) assert.equal(isFieldValue(text), true, text);
  for (const text of ["\0", "a\r", "a\nb", "\x7f", "\u0141"]) assert.equal(isFieldValue(text), false, text);
});
