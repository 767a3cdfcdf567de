import assert from "node:assert/strict";
import { FieldDecoder } from "../../../src/http2/field_decoder.ts";
import { BEGIN_ROOM, FieldEncoder, fieldRoom } from "../../../src/http2/field_encoder.ts";
import { decodedFields } from "../../support/decoded_fields.ts";
import { hexText } from "../../support/hex_bytes.ts";

type Fields = readonly (readonly [string, string])[];

function block(encoder: FieldEncoder, fields: Fields): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BEGIN_ROOM + fields.reduce((sum, [name, value]) => sum + fieldRoom(name, value), 0));
  let at = encoder.begin(bytes, 0);
  for (const [name, value] of fields) {
    const end = encoder.encode(name, value, bytes, at);
    assert.ok(end - at <= fieldRoom(name, value), `${name} takes ${end - at} bytes`);
    at = end;
  }
  return bytes.slice(0, at);
}

function hexOf(fields: Fields, encoder = new FieldEncoder()): string {
  return hexText(block(encoder, fields));
}

Deno.test("what the static table has takes a byte", () => {
  assert.equal(hexOf([[":status", "200"], [":status", "304"], [":status", "500"]]), "888b8e");
  assert.equal(hexOf([["accept-encoding", "gzip, deflate"], ["vary", ""]]), "90bb");
});

Deno.test("a field that repeats is remembered, and takes a byte the next time (appendix C.6.1)", () => {
  const encoder = new FieldEncoder();
  const fields = [[":status", "302"], ["cache-control", "private"]] as const;
  assert.equal(hexOf(fields, encoder), "488264025885aec3771a4b");
  assert.equal(hexOf(fields, encoder), "bfbe");
});

Deno.test("a field that changes each time is not remembered", () => {
  const encoder = new FieldEncoder();
  const fields = [["date", "Mon, 21 Oct 2013 20:13:21 GMT"], ["content-length", "17"], ["x-id", "7"]] as const;
  const first = hexOf(fields, encoder);
  assert.equal(first, "0f1296d07abe941054d444a8200595040b8166e082a62d1bff" + "0f0d023137" + "0083f2b1a40137");
  assert.equal(hexOf(fields, encoder), first);
});

Deno.test("cookies and credentials are never remembered, not by others either", () => {
  const encoder = new FieldEncoder();
  for (const name of ["set-cookie", "cookie", "authorization", "proxy-authorization"]) {
    const first = block(encoder, [[name, "secret"]]);
    assert.equal(first[0]! & 0xf0, 0x10, name);
    assert.deepEqual(block(encoder, [[name, "secret"]]), first);
  }
});

Deno.test("a text is compressed only if that makes it shorter", () => {
  assert.equal(hexOf([["x", "&&"]]), "00" + "0178" + "022626");
  assert.equal(hexOf([["x", "\x00\xff"]]), "00" + "0178" + "0200ff");
  assert.equal(hexOf([["x", "000"]]), "00" + "0178" + "820001");
});

Deno.test("a text with each byte comes through", () => {
  const every = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
  const compressed = every + "e".repeat(2000);
  for (const value of [every, compressed, every.repeat(300)]) {
    assert.deepEqual(decodedFields(new FieldDecoder(4096), block(new FieldEncoder(), [["x", value]])), [["x", value]]);
  }
});

Deno.test("values that change can't push others out of the table", () => {
  const [encoder, decoder] = [new FieldEncoder(), new FieldDecoder(4096)];
  const fields = Array.from({ length: 100 }, (_, i) => ["cache-control", `max-age=${i}`] as const);
  const sent = [["server", "sluice"] as const, ...fields];
  assert.deepEqual(decodedFields(decoder, block(encoder, sent)), sent);
  assert.equal(block(encoder, [["server", "sluice"]]).length, 1);
  assert.deepEqual(decodedFields(decoder, block(encoder, sent)), sent);
});

Deno.test("a client that wants no table gets none", () => {
  const encoder = new FieldEncoder();
  encoder.limitTable(0);
  assert.equal(hexOf([["server", "a"]], encoder), "20" + "0f270161");
  assert.equal(hexOf([["server", "a"]], encoder), "0f270161");
});

Deno.test("a client that wants a larger table gets one of 4096 bytes, and no message about it", () => {
  const encoder = new FieldEncoder();
  encoder.limitTable(65_536);
  assert.equal(hexOf([["server", "a"]], encoder), "760161");
  encoder.limitTable(4096);
  assert.equal(hexOf([["server", "a"]], encoder), "be");
});

Deno.test("if the size of the table changes, the next block says so and the table begins empty", () => {
  const [encoder, decoder] = [new FieldEncoder(), new FieldDecoder(4096)];
  const fields: Fields = [["server", "a"], ["via", "b"]];
  assert.deepEqual(decodedFields(decoder, block(encoder, fields)), fields);
  encoder.limitTable(40);
  const smaller = block(encoder, fields);
  assert.equal(hexText(smaller.subarray(0, 3)), "203f09");
  assert.deepEqual(decodedFields(decoder, smaller), fields);
  assert.deepEqual(decodedFields(decoder, block(encoder, fields)), fields);
  encoder.limitTable(0);
  encoder.limitTable(4096);
  const larger = block(encoder, fields);
  assert.equal(hexText(larger.subarray(0, 4)), "203fe11f");
  assert.deepEqual(decodedFields(decoder, larger), fields);
  assert.equal(hexOf(fields, encoder), "bfbe");
});

Deno.test("a field that the table has no room for is sent without", () => {
  const [encoder, decoder] = [new FieldEncoder(), new FieldDecoder(4096)];
  const fields: Fields = [["server", "v".repeat(4000)], ["via", "w".repeat(100)]];
  for (let i = 0; i < 2; i++) assert.deepEqual(decodedFields(decoder, block(encoder, fields)), fields);
});
