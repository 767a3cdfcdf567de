import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ChunkReader } from "../../../src/http1/chunked.ts";

const TRAILER = `X-Note: ${"n".repeat(55)}\r\n`;

Deno.test("trailers take as much memory as their bytes, while more of them are waited for", () => {
  const READERS = 200;
  const LINES = 1_000;
  const bytes = new Uint8Array(Buffer.from(`0\r\n${TRAILER.repeat(LINES)}`));
  const held = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const readers = Array.from({ length: READERS }, () => {
    const reader = new ChunkReader("client");
    assert.equal(reader.frame(bytes, 0, bytes.length), bytes.length);
    return reader;
  });
  const each = (held() - before) / READERS;
  assert.ok(each < 3 * bytes.length, `${each} bytes for ${bytes.length} each`);
  for (const reader of readers) {
    reader.frame(new Uint8Array([13, 10]), 0, 2);
    assert.equal(Buffer.from(reader.trailers!).toString("latin1"), TRAILER.repeat(LINES));
  }
});

Deno.test("trailers of 64 KiB are taken, and one byte more is refused", () => {
  const most = `X: ${"n".repeat(65_536 - 5)}\r\n`;
  for (const [trailers, refused] of [[most, false], [`X${most}`, true]] as const) {
    const bytes = new Uint8Array(Buffer.from(`0\r\n${trailers}\r\n`));
    const read = () => new ChunkReader("client").frame(bytes, 0, bytes.length);
    if (refused) assert.throws(read, /sent too many trailers/);
    else assert.equal(read(), bytes.length);
  }
});

Deno.test("chunk extensions of 16 KiB are taken, in one chunk or several, and one byte more is refused", () => {
  const most = `1;${"e".repeat(16_383)}\r\nA\r\n`;
  const several = `1;${"e".repeat(8_191)}\r\nA\r\n`.repeat(2);
  const read = (body: string) => {
    const bytes = new Uint8Array(Buffer.from(`${body}0\r\n\r\n`));
    const reader = new ChunkReader("client");
    for (let at = 0; !reader.done;) {
      at = reader.frame(bytes, at, bytes.length) + reader.dataLeft;
      if (reader.dataLeft > 0) reader.took(reader.dataLeft);
    }
  };
  read(most);
  read(several);
  assert.throws(() => read(`${most}1;\r\nA\r\n`), /sent too many chunk extensions/);
  assert.throws(() => read(`${several}1;\r\nA\r\n`), /sent too many chunk extensions/);
});

Deno.test("a control character is found wherever it stands in an extension or a trailer", () => {
  const read = (text: string) => {
    const bytes = new Uint8Array(Buffer.from(text));
    new ChunkReader("client").frame(bytes, 0, bytes.length);
  };
  for (const before of ["", "a", "a".repeat(100)]) {
    for (const control of ["\0", "\n", "\x7f", "\r\r"]) {
      assert.throws(() => read(`1;${before}${control}a\r\n`), /a control character in a chunk ext|bare CR in a chunk/);
      assert.throws(() => read(`0\r\nX: ${before}${control}a\r\n`), /control character in a trailer|end a chunk where/);
      assert.throws(() => read(`0\r\nX${before}${control}: a\r\n`), /sent a malformed trailer/);
    }
  }
});
