import assert from "node:assert/strict";
import { Malformed } from "../../../src/http1/malformed.ts";
import { ResponseReader } from "../../../src/tools/response_reader.ts";

const encoder = new TextEncoder();

function read(answer: string, isHead = false): { reader: ResponseReader; whole: boolean } {
  const reader = new ResponseReader();
  reader.expect(isHead ? "HEAD" : "GET");
  return { reader, whole: reader.push(encoder.encode(answer)) };
}

Deno.test("an answer with a length ends with its last byte and leaves the connection usable", () => {
  const { reader, whole } = read("HTTP/1.1 200 OK\r\nContent-LENGTH:  5 \r\nX-Served-By: mock-1\r\n\r\nhello");
  assert.deepEqual([whole, reader.status, reader.reusable, reader.servedBy], [true, 200, true, "mock-1"]);
  assert.equal(new TextDecoder().decode(reader.bodyStart), "hello");
  assert.equal(read("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello").whole, false);
});

Deno.test("a chunked answer ends after its trailers, extensions and upper case digits included", () => {
  const start = "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\nA;note=ffff\r\n0123456789\r\n1 \r\nx\r\n0\r\n";
  assert.equal(read(start).whole, false);
  assert.equal(read(start + "\r\n").whole, true);
  assert.equal(read(start + "Digest: x\r\n").whole, false);
  assert.equal(read(start + "Digest: x\r\n\r\n").whole, true);
});

Deno.test("answers without a body end with their head", () => {
  for (const status of [204, 304]) assert.equal(read(`HTTP/1.1 ${status} X\r\nContent-Length: 9\r\n\r\n`).whole, true);
  assert.equal(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true).whole, true);
  assert.equal(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").whole, true);
});

Deno.test("an answer without framing lasts until the connection ends, a framed one is broken by that", () => {
  const open = read("HTTP/1.1 200 OK\r\n\r\nsome");
  assert.deepEqual([open.whole, open.reader.end(), open.reader.reusable], [false, true, false]);
  assert.equal(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome").reader.end(), false);
  assert.equal(read("HTTP/1.1 200 OK\r\n").reader.end(), false);
});

Deno.test("interim answers are passed over", () => {
  const { reader, whole } = read(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: " +
      "0\r\n\r\n",
  );
  assert.deepEqual([whole, reader.status], [true, 201]);
});

Deno.test("a connection is closed if the response says so, is HTTP/1.0, or more bytes came than it has", () => {
  const reusable = (answer: string) => read(answer).reader.reusable;
  assert.equal(reusable("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n"), false);
  assert.equal(reusable("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), false);
  assert.equal(reusable("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"), true);
  assert.equal(reusable("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore"), false);
});

Deno.test("what is no HTTP/1.1 answer is refused", () => {
  for (
    const answer of [
      "SSH-2.0-OpenSSH\r\n",
      "HTTP/2 200 \r\n\r\n",
      "HTTP/1.1 2x0 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + "y".repeat(70_000),
    ]
  ) {
    assert.throws(() => read(answer), Malformed, answer.slice(0, 60));
  }
});
