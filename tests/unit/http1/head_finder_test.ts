import assert from "node:assert/strict";
import type { Bytes } from "../../../src/http1/bytes.ts";
import { HeadFinder, MAX_HEAD_BYTES } from "../../../src/http1/head_finder.ts";
import { Malformed } from "../../../src/http1/malformed.ts";
import { latin1 } from "../../support/raw_socket.ts";
import { cutsOf } from "../../support/read_response.ts";

const REQUEST = "POST /a HTTP/1.1\r\nHost: a.example\r\nCONTENT-Length:\t3 \r\nX-Empty:\r\n\r\n";

function bytesOf(content: string): Bytes {
  return new Uint8Array(latin1(content));
}

/**
 * Finds the head in pieces that come one by one, `before` bytes behind the buffer's start; -1 where it does not end.
 */
function findIn(pieces: readonly string[], before = 0): number {
  const finder = new HeadFinder();
  finder.restart(before);
  let all = "x".repeat(before);
  for (const piece of pieces) {
    all += piece;
    const end = finder.find(bytesOf(all), all.length);
    if (end >= 0) return end;
  }
  return -1;
}

Deno.test("a head's end is found wherever its bytes are split, and nothing behind it is looked at", () => {
  for (const before of [0, 3]) {
    for (const pieces of cutsOf(REQUEST)) {
      assert.equal(findIn(pieces, before), before + REQUEST.length);
      assert.equal(findIn([...pieces, "\n\0"], before), before + REQUEST.length);
    }
    assert.equal(findIn([`${REQUEST}\n\r\n`], before), before + REQUEST.length);
    assert.equal(findIn([REQUEST.slice(0, -1)], before), -1);
  }
});

Deno.test("a head with a line end of its own kind, or without an end, is refused wherever it is split", () => {
  for (const head of ["\n", "GET / HTTP/1.1\nA: b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\n\r\n", "GET / HTTP/1.1\r\n\n"]) {
    for (const pieces of cutsOf(head)) assert.throws(() => findIn(pieces), Malformed, JSON.stringify(pieces));
  }
  const long = `GET / HTTP/1.1\r\nA: ${"x".repeat(MAX_HEAD_BYTES)}`;
  assert.throws(() => findIn([long]), Malformed);
  assert.throws(() => findIn([`${long}\r\n\r\n`]), Malformed);
});
