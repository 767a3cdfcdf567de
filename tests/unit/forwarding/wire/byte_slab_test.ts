import assert from "node:assert/strict";
import { ByteSlab } from "../../../../src/forwarding/wire/byte_slab.ts";

Deno.test("no place of a slab is given out twice, however many pieces of whatever length are taken", () => {
  const slab = new ByteSlab();
  const source = new Uint8Array(5_000);
  const pieces: [Uint8Array, number][] = [];
  for (let i = 0; i < 2_000; i++) {
    const length = (i * 37) % 2_500;
    source.fill(i & 255);
    const piece = slab.copy(source, 10, 10 + length);
    assert.equal(piece.length, length);
    pieces.push([piece, i & 255]);
  }
  source.fill(0);
  for (const [piece, value] of pieces) assert.ok(piece.every((byte) => byte === value));
});
