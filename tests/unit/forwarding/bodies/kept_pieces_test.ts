import assert from "node:assert/strict";
import fc from "fast-check";
import { KeptPieces } from "../../../../src/forwarding/bodies/kept_pieces.ts";
import "../../../support/seed.ts";

/** A piece as `Deno.serve` gives it: a view of a larger buffer. */
function piece(bytes: readonly number[], bufferBytes: number): Uint8Array<ArrayBuffer> {
  const view = new Uint8Array(Math.max(bufferBytes, bytes.length)).subarray(0, bytes.length);
  view.set(bytes);
  return view;
}

/** All that is kept from a place on. */
function read(kept: KeptPieces, from = 0): number[] {
  const all: number[] = [];
  while (from + all.length < kept.length) all.push(...kept.from(from + all.length));
  return all;
}

Deno.test("single bytes of large buffers are kept as bytes, and their buffers are not", () => {
  const kept = new KeptPieces();
  for (let i = 0; i < 20_000; i++) {
    const one = piece([i & 255], 65_536);
    const given = kept.add(one);
    assert.notEqual(given.buffer, one.buffer);
    assert.deepEqual([...given], [i & 255]);
  }
  assert.equal(kept.add(piece([1], 1)).buffer.byteLength > 1, true, "nor is an item of its own for each byte");
  assert.equal(kept.length, 20_001);
  assert.ok(kept.heldBytes < 65_536, `${kept.heldBytes} bytes`);
  assert.deepEqual(read(kept).slice(0, -1), Array.from({ length: 20_000 }, (_, i) => i & 255));
});

Deno.test("a piece that fills its buffer is kept as it is, and what it holds is counted", () => {
  const kept = new KeptPieces();
  const large = piece(new Array(40_000).fill(7), 65_536);
  assert.equal(kept.add(large), large);
  assert.deepEqual([kept.length, kept.heldBytes], [40_000, 65_536]);
});

Deno.test("whatever pieces come, they are given again in order, from any place on", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 6_000 }), fc.constantFrom(0, 4_096, 65_536)), {
      minLength: 1,
      maxLength: 30,
    }),
    fc.nat(),
    (pieces, anywhere) => {
      const kept = new KeptPieces();
      for (const [bytes, bufferBytes] of pieces) {
        assert.deepEqual([...kept.add(piece([...bytes], bufferBytes))], [...bytes]);
      }
      const all = pieces.flatMap(([bytes]) => [...bytes]);
      const from = anywhere % all.length;
      assert.equal(kept.length, all.length);
      assert.deepEqual(read(kept, from), all.slice(from));
    },
  ));
});
