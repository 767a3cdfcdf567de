/** The examples of RFC 7541 appendix C, and all that it calls an error. */
import assert from "node:assert/strict";
import { CompressionError } from "../../../src/http2/compression_error.ts";
import { FieldDecoder } from "../../../src/http2/field_decoder.ts";
import { decodedFields } from "../../support/decoded_fields.ts";
import { hexBytes } from "../../support/hex_bytes.ts";

function fieldsOf(hex: string, decoder = new FieldDecoder(4096)): [string, string][] {
  return decodedFields(decoder, hexBytes(hex));
}

function refused(hex: string, why: RegExp, decoder = new FieldDecoder(4096)): void {
  assert.throws(() => fieldsOf(hex, decoder), (error) => error instanceof CompressionError && why.test(error.message));
}

const FIRST_REQUEST = [[":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "www.example.com"]];
const SECOND_REQUEST = [...FIRST_REQUEST, ["cache-control", "no-cache"]];
const THIRD_REQUEST = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/index.html"],
  [":authority", "www.example.com"],
  ["custom-key", "custom-value"],
];
const REQUESTS = [FIRST_REQUEST, SECOND_REQUEST, THIRD_REQUEST];

const RESPONSES = [
  [
    [":status", "302"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "307"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
];

Deno.test("appendix C.2: each form of a field", () => {
  assert.deepEqual(fieldsOf("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"), [
    ["custom-key", "custom-header"],
  ]);
  assert.deepEqual(fieldsOf("040c 2f73 616d 706c 652f 7061 7468"), [[":path", "/sample/path"]]);
  assert.deepEqual(fieldsOf("1008 7061 7373 776f 7264 0673 6563 7265 74"), [["password", "secret"]]);
  assert.deepEqual(fieldsOf("82"), [[":method", "GET"]]);
});

Deno.test("appendix C.3 and C.4: requests of one connection, plain and compressed", () => {
  const plain = [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  ];
  const compressed = [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  ];
  for (const blocks of [plain, compressed]) {
    const decoder = new FieldDecoder(4096);
    assert.deepEqual(blocks.map((block) => fieldsOf(block, decoder)), REQUESTS);
  }
});

Deno.test("appendix C.5 and C.6: responses of one connection, with a table that forgets", () => {
  const plain = [
    `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
     1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
    "4803 3330 37c1 c0bf",
    `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
     4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
     7369 6f6e 3d31`,
  ];
  const compressed = [
    `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b
     97c8 e9ae 82ae 43d3`,
    "4883 640e ffc1 c0bf",
    `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
     cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
  ];
  for (const blocks of [plain, compressed]) {
    const decoder = new FieldDecoder(256);
    assert.deepEqual(blocks.map((block) => fieldsOf(block, decoder)), RESPONSES);
    // 222 bytes of 256 are used by three fields (C.5.3); the fourth was forgotten.
    assert.deepEqual(fieldsOf("bebfc0", decoder), [
      ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
      ["content-encoding", "gzip"],
      ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ]);
    refused("c1", /no field has the index 65/, decoder);
  }
});

Deno.test("an indexed field is the same string each time, and no copy", () => {
  const decoder = new FieldDecoder(4096);
  const value = "v".repeat(3000);
  const length = "7fb916"; // 3000 behind a prefix of 7 bits
  const block = hexBytes(`4001 61${length}${"76".repeat(3000)}${"be".repeat(1000)}`);
  const fields = decodedFields(decoder, block);
  assert.equal(fields.length, 1001);
  assert.ok(fields.every(([name, each]) => name === "a" && each === value));
});

Deno.test("bytes above 127 come as one character each", () => {
  assert.deepEqual(fieldsOf("0001 ff02 c3a9"), [["\xff", "\xc3\xa9"]]);
});

Deno.test("a field can refer to the name of the entry that it pushes out", () => {
  const decoder = new FieldDecoder(64);
  assert.deepEqual(fieldsOf("4003 616161 01 62", decoder), [["aaa", "b"]]);
  assert.deepEqual(fieldsOf("7e 01 63 be", decoder), [["aaa", "c"], ["aaa", "c"]]);
  refused("bf", /no field has the index 63/, decoder);
});

Deno.test("a field larger than the table empties it and is no error", () => {
  const decoder = new FieldDecoder(64);
  fieldsOf("4003 616161 01 62", decoder);
  assert.deepEqual(fieldsOf(`4001 61 20 ${"62".repeat(32)}`, decoder), [["a", "b".repeat(32)]]);
  refused("be", /no field has the index 62/, decoder);
});

Deno.test("a change of the table's size forgets what no longer fits", () => {
  const decoder = new FieldDecoder(4096);
  fieldsOf("4001 61 01 62 4001 63 01 64", decoder);
  assert.deepEqual(fieldsOf("3f03 be", decoder), [["c", "d"]]);
  refused("bf", /no field has the index 63/, decoder);
  assert.deepEqual(fieldsOf("20 3fe11f", decoder), []);
  refused("be", /no field has the index 62/, decoder);
});

Deno.test("appendix C.1.2: a size of 1337 is read as such, and one above the limit is refused", () => {
  assert.deepEqual(fieldsOf("3f9a0a", new FieldDecoder(1337)), []);
  refused("3f9a0a", /too large/, new FieldDecoder(1336));
  refused("3fe21f", /too large/);
});

Deno.test("the size of the table changes only before the first field", () => {
  assert.deepEqual(fieldsOf("20 3f01 82"), [[":method", "GET"]]);
  refused("82 20", /in the midst/);
});

Deno.test("an index that no field has is an error", () => {
  refused("80", /no field has the index 0/);
  refused("be", /no field has the index 62/);
  refused("7e 01 61", /no field has the index 62/);
  refused("ff80 8080 01", /no field has the index 2097279/);
});

Deno.test("a number that does not end, or is too large, is an error", () => {
  refused("ff", /inside a number/);
  refused("ff80", /inside a number/);
  refused("ff80 8080 8001", /too large/);
  refused("ff80 8080 8000", /too large/);
  refused("007f ffff ffff 7f", /too large/);
  assert.deepEqual(fieldsOf("0f80 8000 01 61"), [["accept-charset", "a"]]);
});

Deno.test("a text that the block does not have whole is an error", () => {
  refused("40", /before a text/);
  refused("0001 61", /before a text/);
  refused("0002 61", /inside a text/);
  refused("0001 6102 61", /inside a text/);
});

Deno.test("a compressed text must end with up to seven ones", () => {
  assert.deepEqual(fieldsOf("0001 61 81 1f"), [["a", "a"]]); // 00011 111
  refused("0001 61 81 1e", /wrong padding/); // 00011 110
  refused("0001 61 81 18", /wrong padding/); // zeros
  refused("0001 61 82 1fff", /wrong padding/); // 11 bits
  refused("0001 61 81 ff", /wrong padding/); // 8 bits: nothing but padding
  refused("0001 61 84 ffff fffc", /end of text is inside/); // the end of text itself
  refused("0001 61 85 ffff ffff ff", /end of text is inside/);
  assert.deepEqual(fieldsOf("0001 61 80"), [["a", ""]]);
});

Deno.test("after a block whose fields nobody wants, the table is as the client thinks", () => {
  const decoder = new FieldDecoder(4096);
  const block = hexBytes("4001 61 01 62 4001 63 01 64");
  decoder.decode(block, 0, block.length, () => {});
  assert.deepEqual(fieldsOf("be bf", decoder), [["c", "d"], ["a", "b"]]);
});

Deno.test("only the bytes between start and end are the block", () => {
  const fields: string[] = [];
  new FieldDecoder(4096).decode(hexBytes("ff 82 87 ff"), 1, 3, (name) => fields.push(name));
  assert.deepEqual(fields, [":method", ":scheme"]);
  assert.throws(
    () => new FieldDecoder(4096).decode(hexBytes("0002 6161 0161"), 0, 3, () => {}),
    /inside a text/,
  );
});
