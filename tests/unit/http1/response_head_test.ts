import assert from "node:assert/strict";
import { MAX_HEAD_BYTES } from "../../../src/http1/head_finder.ts";
import { MAX_LINES } from "../../../src/http1/field_lines.ts";
import { cutsOf, problemOf, readResponseIn } from "../../support/read_response.ts";

function headersOf(lines: string): [string, string][] {
  const read = readResponseIn([`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`]);
  assert.ok(read !== "more");
  const pairs: [string, string][] = [];
  read.head.forEach((value, name) => pairs.push([name, value]));
  return pairs;
}

Deno.test("a response's headers are read with small names and trimmed values, repeated ones apart", () => {
  assert.deepEqual(headersOf("Set-Cookie: a=1\r\nX-A:\t v w \t\r\nset-cookie:b=2\r\nX-Empty:\r\nX-L: \xe9\x80"), [
    ["set-cookie", "a=1"],
    ["x-a", "v w"],
    ["set-cookie", "b=2"],
    ["x-empty", ""],
    ["x-l", "\xe9\x80"],
  ]);
  const read = readResponseIn(["HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\n\r\n"]);
  assert.ok(read !== "more");
  assert.deepEqual([read.head.get("a"), read.head.get("b")], ["1, 2", null]);
});

Deno.test("a status line is read with a reason, an empty one, or none", () => {
  for (const line of ["HTTP/1.1 404 Not Found", "HTTP/1.0 404 ", "HTTP/1.1 404", "HTTP/1.1 404 \xe9\t"]) {
    const read = readResponseIn([`${line}\r\n\r\n`]);
    assert.ok(read !== "more" && read.head.status === 404, line);
  }
});

Deno.test("a connection persists after HTTP/1.1 without close, and after HTTP/1.0 with keep-alive", () => {
  const keeps = (head: string) => {
    const read = readResponseIn([`${head}\r\n\r\n`]);
    return read !== "more" && read.head.persistent;
  };
  assert.equal(keeps("HTTP/1.1 200 OK"), true);
  assert.equal(keeps("HTTP/1.1 200 OK\r\nConnection: Keep-Alive"), true);
  assert.equal(keeps("HTTP/1.1 200 OK\r\nConnection: x, CLOSE"), false);
  assert.equal(keeps("HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close"), false);
  assert.equal(keeps("HTTP/1.0 200 OK"), false);
  assert.equal(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive"), true);
  assert.equal(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive, close"), false);
});

Deno.test("the value of a Content-Length counts, not its digits, and it is passed on in its shortest form", () => {
  for (const [sent, value] of [["0003", 3], [`${"0".repeat(300)}3`, 3], ["00", 0], ["9007199254740991", 2 ** 53 - 1]]) {
    const read = readResponseIn([`HTTP/1.1 200 OK\r\nContent-Length: ${sent}\r\n\r\n`]);
    assert.ok(read !== "more");
    assert.deepEqual([read.head.contentLength, read.head.get("content-length")], [value, String(value)]);
  }
});

Deno.test("a head that is ambiguous or malformed is refused", async (t) => {
  const ok = "HTTP/1.1 200 OK\r\n";
  const bad: Record<string, string> = {
    "another protocol": "ICY 200 OK\r\n\r\n",
    "an empty line first": `\r\n${ok}\r\n`,
    "HTTP/2": "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.2": "HTTP/1.2 200 OK\r\n\r\n",
    "HTTP/1.10": "HTTP/1.10 200 OK\r\n\r\n",
    "small letters": "http/1.1 200 OK\r\n\r\n",
    "two spaces before the status": "HTTP/1.1  200 OK\r\n\r\n",
    "a tab before the status": "HTTP/1.1\t200 OK\r\n\r\n",
    "a status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
    "a status of four digits": "HTTP/1.1 2000 OK\r\n\r\n",
    "a status with a sign": "HTTP/1.1 +20 OK\r\n\r\n",
    "status 099": "HTTP/1.1 099 Low\r\n\r\n",
    "status 600": "HTTP/1.1 600 High\r\n\r\n",
    "a control character in the reason": "HTTP/1.1 200 O\x01K\r\n\r\n",
    "a bare CR in the reason": "HTTP/1.1 200 O\rK\r\n\r\n",
    "a bare LF after the status line": "HTTP/1.1 200 OK\nA: 1\r\n\r\n",
    "a bare LF after a header": `${ok}A: 1\nB: 2\r\n\r\n`,
    "a bare LF as the end": `${ok}A: 1\r\n\n`,
    "a CR before the last CR LF": `${ok}A: 1\r\n\r\r\n`,
    "NUL in a value": `${ok}A: a\0b\r\n\r\n`,
    "DEL in a value": `${ok}A: a\x7fb\r\n\r\n`,
    "a bare CR in a value": `${ok}A: a\rb\r\n\r\n`,
    "a space before the colon": `${ok}A : a\r\n\r\n`,
    "a space before the name": `${ok} A: a\r\n\r\n`,
    "a folded value": `${ok}A: a\r\n b\r\n\r\n`,
    "a folded value by tab": `${ok}A: a\r\n\tb\r\n\r\n`,
    "no name": `${ok}: a\r\n\r\n`,
    "no colon": `${ok}A\r\n\r\n`,
    "a name beyond ASCII": `${ok}\xc4: a\r\n\r\n`,
    "a name with a slash": `${ok}A/B: a\r\n\r\n`,
    "a Content-Length with a sign": `${ok}Content-Length: +3\r\n\r\n`,
    "a negative Content-Length": `${ok}Content-Length: -3\r\n\r\n`,
    "an empty Content-Length": `${ok}Content-Length:\r\n\r\n`,
    "a hexadecimal Content-Length": `${ok}Content-Length: 0x3\r\n\r\n`,
    "a Content-Length that a number does not hold exactly": `${ok}Content-Length: 9007199254740992\r\n\r\n`,
    "a Content-Length of 400 digits": `${ok}Content-Length: ${"9".repeat(400)}\r\n\r\n`,
    "a blank within a Content-Length": `${ok}Content-Length: 1 1\r\n\r\n`,
    "a list as Content-Length": `${ok}Content-Length: 3, 3\r\n\r\n`,
    "two Content-Lengths": `${ok}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`,
    "two equal Content-Lengths": `${ok}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`,
    "a length and chunks": `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
    "chunks and a length": `${ok}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`,
    "another coding": `${ok}Transfer-Encoding: gzip\r\n\r\n`,
    "two codings": `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    "chunked twice": `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    "an empty coding": `${ok}Transfer-Encoding:\r\n\r\n`,
    "chunked in HTTP/1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "too many headers": `${ok}${"A: 1\r\n".repeat(MAX_LINES + 1)}\r\n`,
    "too large a head": `${ok}A: ${"x".repeat(MAX_HEAD_BYTES)}\r\n\r\n`,
    "too large a head that never ends": `${ok}A: ${"x".repeat(MAX_HEAD_BYTES)}`,
  };
  for (const [name, answer] of Object.entries(bad)) {
    await t.step(name, () => assert.notEqual(problemOf([answer]), null));
  }
  assert.equal(problemOf([`${ok}${"A: 1\r\n".repeat(MAX_LINES)}\r\n`]), null);
  assert.equal(problemOf([`${ok}A: ${"x".repeat(MAX_HEAD_BYTES - ok.length - 7)}\r\n\r\n`]), null);
});

Deno.test("what can't become a response is refused by its first bytes, before any line ends", () => {
  for (const start of ["I", "HTTP/2", "<html>", "\n", "\0"]) assert.notEqual(problemOf([start]), null, start);
  for (const start of ["", "H", "HTTP/1.", "HTTP/1.1 200 OK\r", "HTTP/1.1 200 OK\r\nA: 1\r\n\r"]) {
    assert.equal(readResponseIn([start]), "more", start);
  }
});

Deno.test("a response is read alike wherever its bytes are split", () => {
  const responses = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y"\r\nabc\r\n0A \t;q\r\n0123456789\r\n0\r\nX-T: 1\r\n' +
    "\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0003  \r\nabc\r\n00\t\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n" +
    "\r\nx",
    "HTTP/1.0 204 None\r\nContent-Length: 9\r\nA:\r\n\r\n",
  ];
  for (const response of responses) {
    const whole = readResponseIn([response]);
    assert.ok(whole !== "more" && whole.whole && whole.taken === response.length);
    for (const pieces of cutsOf(response)) assert.deepEqual(readResponseIn(pieces), whole);
  }
});

Deno.test("a malformed response is refused wherever its bytes are split", () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  for (
    const response of [
      `${ok}A: 1\nB: 2\r\n\r\n`,
      `${ok}A: a\rb\r\n\r\n`,
      `${ok}A: 1\r\n\r\r\n`,
      `${ok}A: a\r\n b\r\n\r\n`,
      `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n`,
      `${ok}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`,
      "HTTP/1.1 101 Switching\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n".repeat(17),
      "HTTP/2 200 OK\r\n\r\n",
    ]
  ) {
    const problem = problemOf([response]);
    assert.notEqual(problem, null, response);
    for (const pieces of cutsOf(response)) assert.notEqual(problemOf(pieces), null, JSON.stringify(pieces));
  }
});
