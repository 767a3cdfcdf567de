/** What must hold for any fields and any header block (HPACK), beside another implementation. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CompressionError } from "../../src/http2/compression_error.ts";
import { FieldDecoder } from "../../src/http2/field_decoder.ts";
import { BEGIN_ROOM, FieldEncoder, fieldRoom } from "../../src/http2/field_encoder.ts";
import { decodedFields } from "../support/decoded_fields.ts";
import { WitnessDecoder, WitnessEncoder } from "../support/hpack_witness.ts";
import "../support/seed.ts";

type Field = [name: string, value: string];

const names = fc.oneof(
  fc.constantFrom(
    ...[":status", ":path", "server", "date", "via", "vary", "cache-control", "content-type", "content-length"],
    ...["set-cookie", "authorization", "x-powered-by", "x-frame-options", "accept-encoding", "etag", "location"],
  ),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/),
);
const words = fc.constantFrom("200", "302", "/", "a", "private", "gzip, deflate", "max-age=3600", "v".repeat(900));
const ascii = fc.oneof(words, fc.stringMatching(/^[\x20-\x7e]{0,60}$/));
const latin1 = fc.oneof(words, fc.array(fc.nat(255), { maxLength: 300 }).map((codes) => String.fromCharCode(...codes)));

function blocksOf(value: fc.Arbitrary<string>): fc.Arbitrary<Field[][]> {
  return fc.array(fc.array(fc.tuple(names, value), { maxLength: 12 }), { minLength: 1, maxLength: 6 });
}

function encoded(encoder: FieldEncoder, fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BEGIN_ROOM + fields.reduce((sum, [name, value]) => sum + fieldRoom(name, value), 0));
  let at = encoder.begin(bytes, 0);
  assert.ok(at <= BEGIN_ROOM);
  for (const [name, value] of fields) {
    const end = encoder.encode(name, value, bytes, at);
    assert.ok(end - at <= fieldRoom(name, value));
    at = end;
  }
  return bytes.slice(0, at);
}

Deno.test("any fields come back from their blocks, whatever sizes of table the client asks for in between", () => {
  const sizes = fc.infiniteStream(fc.constantFrom(0, 31, 33, 40, 100, 700, 4095, 4096, 65_536, null, null));
  fc.assert(fc.property(blocksOf(latin1), sizes, (blocks, limits) => {
    const [encoder, decoder] = [new FieldEncoder(), new FieldDecoder(4096)];
    for (const fields of blocks) {
      for (let i = 0; i < 2; i++) {
        const limit = limits.next().value!;
        if (limit !== null) encoder.limitTable(limit);
      }
      assert.deepEqual(decodedFields(decoder, encoded(encoder, fields)), fields);
    }
  }));
});

Deno.test("another implementation decodes what ours encodes", () => {
  fc.assert(fc.property(blocksOf(ascii), (blocks) => {
    const [encoder, witness] = [new FieldEncoder(), new WitnessDecoder()];
    for (const fields of blocks) assert.deepEqual(witness.decode(encoded(encoder, fields)), fields);
  }));
});

Deno.test("ours decodes what another implementation encodes, with a table that forgets", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(names, ascii, fc.boolean(), fc.boolean()), { maxLength: 30 }), { maxLength: 8 }),
      (blocks) => {
        const [witness, decoder] = [new WitnessEncoder(), new FieldDecoder(4096)];
        for (const fields of blocks) {
          const block = witness.encode(
            fields.map(([name, value, huffman, incremental]) => ({ name, value, huffman, incremental })),
          );
          assert.deepEqual(decodedFields(decoder, block), fields.map(([name, value]) => [name, value]));
        }
      },
    ),
  );
});

Deno.test("a block with changed bytes is decoded or refused, as another implementation does", () => {
  const changes = fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { minLength: 1, maxLength: 4 });
  let refused = 0;
  fc.assert(
    fc.property(blocksOf(ascii), changes, (blocks, places) => {
      const encoder = new FieldEncoder();
      const block = encoded(encoder, blocks.flat());
      if (block.length === 0) return;
      for (const [place, byte] of places) block[place % block.length] = byte;
      if (!tried(block)) refused++;
    }),
    { numRuns: 2000 },
  );
  assert.ok(refused > 100, `only ${refused} of 2,000 blocks were refused`);
});

Deno.test("no bytes at all make the decoder fail otherwise than by refusing them, or read beyond their end", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void tried(new Uint8Array(bytes))), {
    numRuns: 5000,
  });
});

/** Decodes a block, between bytes that don't belong to it. Returns whether it was right. */
function tried(block: Uint8Array<ArrayBuffer>): boolean {
  const around = new Uint8Array(block.length + 20).fill(0x82);
  around.set(block, 10);
  const fields: Field[] = [];
  try {
    new FieldDecoder(4096).decode(around, 10, 10 + block.length, (name, value) => fields.push([name, value]));
  } catch (error) {
    assert.ok(error instanceof CompressionError, String(error));
    return false;
  }
  assert.ok(fields.length <= block.length);
  const inAscii = fields.every(([name, value]) => /^[\0-\x7f]*$/.test(name + value));
  if (inAscii) assert.deepEqual(new WitnessDecoder().decode(block), fields);
  return true;
}
