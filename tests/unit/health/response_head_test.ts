import assert from "node:assert/strict";
import { MOST_HEAD_BYTES, ResponseHead } from "../../../src/health/response_head.ts";

/** What a head comes to, pushed whole and byte by byte, which must agree. */
function read(text: string): string {
  const whole = new ResponseHead();
  const verdict = whole.push(text);
  const pieces = new ResponseHead();
  let last = "incomplete";
  for (const character of text) {
    last = pieces.push(character);
    if (last !== "incomplete") break;
  }
  assert.equal(last, verdict, JSON.stringify(text));
  assert.equal(pieces.status, whole.status);
  return verdict === "complete" ? `${whole.status}` : verdict;
}

Deno.test("a whole head gives its status, whatever follows", () => {
  assert.equal(read("HTTP/1.1 200 OK\r\n\r\n"), "200");
  assert.equal(read("HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\nbody"), "404");
  assert.equal(read("HTTP/1.1 200 \r\n\r\n"), "200");
  assert.equal(read("HTTP/1.1 503\r\nX:\r\n\r\n"), "503");
  assert.equal(read("HTTP/1.1 200 OK\nA: b\n\n"), "200");
  assert.equal(read("HTTP/1.1 200 \xe9t\xe9\r\n\r\n"), "200");
});

Deno.test("interim responses are passed over, an upgrade nobody asked for is not", () => {
  assert.equal(
    read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
    "200",
  );
  assert.equal(read("HTTP/1.1 100 Continue\r\n\r\n"), "incomplete");
  assert.equal(read("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "invalid");
});

Deno.test("what is no response head is invalid", () => {
  for (
    const text of [
      "\r\n",
      "SSH-2.0",
      "http/1.1 200 OK\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.2 200 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 +20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 200OK\r\n\r\n",
      "HTTP/1.1 200 O\0K\r\n\r\n",
      "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\nName : x\r\n\r\n",
      "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
      "HTTP/1.1 200 OK\r\r\n\r\n",
    ]
  ) assert.equal(read(text), "invalid", JSON.stringify(text));
});

Deno.test("the status stands as soon as its line was read, the verdict at the head's end", () => {
  const head = new ResponseHead();
  assert.equal(head.push("HTTP/1.1 200 OK\r\nA: "), "incomplete");
  assert.equal(head.status, 200);
  assert.equal(head.push("b\r\n\r"), "incomplete");
  assert.equal(head.push("\n"), "complete");
});

Deno.test("a head beyond the limit is invalid, in one line or in many", () => {
  assert.equal(new ResponseHead().push("HTTP/1.1 200 " + "x".repeat(MOST_HEAD_BYTES)), "invalid");
  assert.equal(new ResponseHead().push("HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(MOST_HEAD_BYTES / 4)), "invalid");
});
