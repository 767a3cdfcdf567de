import assert from "node:assert/strict";
import { ByteLines } from "../../../src/http1/field_lines.ts";
import { HeadFinder } from "../../../src/http1/head_finder.ts";
import { Malformed } from "../../../src/http1/malformed.ts";
import { BadHead, lists, readRequestHead, type RequestHead } from "../../../src/http1/request_head.ts";

const LIMITS = { bytes: 65_536, lines: 128, lineBytes: 32_768 };

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function read(text: string): RequestHead {
  const bytes = bytesOf(text);
  const finder = new HeadFinder();
  finder.restart(0);
  const end = finder.find(bytes, bytes.length);
  assert.ok(end > 0, "the head is whole");
  return readRequestHead(bytes, { start: 0, end, lines: new ByteLines(), limits: LIMITS });
}

/** The status that a head is refused with; 0 if it is not. */
function refusal(text: string): number {
  try {
    read(text);
    return 0;
  } catch (error) {
    if (error instanceof BadHead) return error.status;
    if (error instanceof Malformed) return 400;
    throw error;
  }
}

Deno.test("a request's head tells method, target, version, Host and how its body is framed", () => {
  const head = read("POST /a?b HTTP/1.1\r\nHost: x.test:80\r\nContent-Length: 0012\r\nX-A: 1\r\n\r\n");
  assert.equal(head.method, "POST");
  assert.equal(head.target, "/a?b");
  assert.equal(head.minor, 1);
  assert.equal(head.host, "x.test:80");
  assert.equal(head.bodyLength, 12);
  assert.ok(head.keepAlive);
  assert.equal(read("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n").bodyLength, -1);
  assert.equal(read("PROPFIND /x HTTP/1.1\r\nHost: a\r\n\r\n").method, "PROPFIND");
  assert.equal(read("get / HTTP/1.1\r\nHost: a\r\n\r\n").method, "get", "methods have their case");
});

Deno.test("a connection goes on as RFC 9112 section 9.3 says", () => {
  const keepAlive = (version: string, line: string) =>
    read(`GET / HTTP/${version}\r\nHost: a\r\n${line}\r\n`).keepAlive;
  assert.ok(keepAlive("1.1", ""));
  assert.ok(!keepAlive("1.1", "Connection: x, CLOSE\r\n"));
  assert.ok(!keepAlive("1.0", ""));
  assert.ok(keepAlive("1.0", "Connection: Keep-Alive\r\n"));
  assert.ok(!keepAlive("1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
});

Deno.test("HTTP/1.0 needs no Host", () => {
  assert.equal(read("GET / HTTP/1.0\r\n\r\n").host, null);
  assert.equal(refusal("GET / HTTP/1.1\r\n\r\n"), 400);
});

const REFUSED: readonly [status: number, text: string][] = [
  [400, "GET / HTTP/1.1\nHost: a\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: \r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n"],
  [400, 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n'],
  [400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"],
  [400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"],
  [400, "GET / a HTTP/1.1\r\nHost: a\r\n\r\n"],
  [400, "GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"],
  [400, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"],
  [400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"],
  [400, "GET /\r\nHost: a\r\n\r\n"],
  [400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"],
  [400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  [400, "GET / HTTP/1.7\r\nHost: a\r\n\r\n"],
  [400, "GET / http/1.1\r\nHost: a\r\n\r\n"],
  [505, "PRI * HTTP/2.0\r\n\r\n"],
  [414, `GET /${"a".repeat(33_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  [431, `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(128)}\r\n`],
];

Deno.test("whatever two readers could take for two requests is refused", async (t) => {
  for (const [status, text] of REFUSED) {
    await t.step(`${status} for ${JSON.stringify(text.slice(0, 90))}`, () => assert.equal(refusal(text), status));
  }
});

Deno.test("a head is found and read the same wherever its bytes are split", () => {
  const text = "PUT /path?q HTTP/1.1\r\nHost: a.test\r\nX-One:  two \r\nContent-Length: 5\r\n\r\nhello";
  const bytes = bytesOf(text);
  for (let split = 1; split < bytes.length; split++) {
    const finder = new HeadFinder();
    finder.restart(0);
    let end = finder.find(bytes, split);
    if (end < 0) end = finder.find(bytes, bytes.length);
    assert.equal(end, text.length - 5);
    const head = readRequestHead(bytes, { start: 0, end, lines: new ByteLines(), limits: LIMITS });
    assert.equal(head.lines.get("x-one"), "two");
  }
});

Deno.test("lines that are dropped are left out of what is copied, and still found", () => {
  const bytes = bytesOf("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nCookie: c\r\na: 2\r\nB: 3\r\n\r\n");
  const lines = new ByteLines();
  readRequestHead(bytes, { start: 0, end: bytes.length, lines, limits: LIMITS });
  const copied = () => {
    const place = new Uint8Array(200);
    return new TextDecoder().decode(place.subarray(0, lines.copyTo(place, 0)));
  };
  assert.equal(copied(), "Host: a\r\nA: 1\r\nCookie: c\r\na: 2\r\nB: 3\r\n");
  lines.drop(0);
  lines.drop(2);
  lines.drop(4);
  assert.equal(copied(), "A: 1\r\na: 2\r\n");
  assert.equal(lines.get("a"), "1, 2");
  assert.equal(lines.get("cookie"), "c");
  assert.equal(lines.get("none"), null);
  // The same marks on another head begin anew.
  const next = bytesOf("GET / HTTP/1.1\r\nHost: b\r\n\r\n");
  readRequestHead(next, { start: 0, end: next.length, lines, limits: LIMITS });
  assert.equal(copied(), "Host: b\r\n");
});

Deno.test("an option of Connection is found in any case, whatever blanks are around it", () => {
  for (const list of ["close", "Close", " close", "\tclose ", "\u00a0close", "keep-alive, \u00a0CLOSE"]) {
    assert.equal(lists(list, "close"), true, list);
  }
  for (const list of ["", "keep-alive", "closed", "clos", "xclose", "\u00e3lose"]) {
    assert.equal(lists(list, "close"), false, list);
  }
});
