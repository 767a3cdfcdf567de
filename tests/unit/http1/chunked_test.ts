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
