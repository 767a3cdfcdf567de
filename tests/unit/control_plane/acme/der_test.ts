import assert from "node:assert/strict";
import { der, objectIdentifier, TAG } from "../../../../src/control_plane/acme/der.ts";

Deno.test("DER lengths take one byte up to 127, and count their own bytes above", () => {
  const head = (length: number) => [...der(TAG.octetString, new Uint8Array(length)).subarray(0, 5)];
  assert.deepEqual(head(0), [4, 0]);
  assert.deepEqual(head(127).slice(0, 2), [4, 127]);
  assert.deepEqual(head(128).slice(0, 3), [4, 0x81, 128]);
  assert.deepEqual(head(256).slice(0, 4), [4, 0x82, 1, 0]);
  assert.deepEqual(head(70_000), [4, 0x83, 1, 0x11, 0x70]);
});

Deno.test("object identifiers are encoded in base 128", () => {
  const cases: Record<string, number[]> = {
    "1.2.840.10045.4.3.2": [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
    "1.2.840.113549.1.9.14": [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14],
    "2.5.29.17": [6, 3, 0x55, 0x1d, 0x11],
  };
  for (const [text, bytes] of Object.entries(cases)) assert.deepEqual([...objectIdentifier(text)], bytes, text);
});
