import assert from "node:assert/strict";
import { problemOf, readResponseIn } from "../../support/read_response.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

function read(body: string, head = CHUNKED) {
  const answer = readResponseIn([head + body]);
  assert.ok(answer !== "more");
  return { body: answer.body, whole: answer.whole, behind: (head + body).slice(answer.taken) };
}

Deno.test("a chunked body's sizes, extensions and trailers are read, and nothing behind its end is touched", () => {
  const data = "x".repeat(26);
  assert.deepEqual(read("0\r\n\r\nHTTP/1.1 200 OK"), { body: "", whole: true, behind: "HTTP/1.1 200 OK" });
  for (
    const size of ["1a", "1A", "000000000000a1a".slice(-15).replace("a1a", "01a"), "1a;a", '1a ; a="b\\"c"', "1a;\xff"]
  ) {
    assert.deepEqual(read(`${size}\r\n${data}\r\n0\r\n\r\nmore`), { body: data, whole: true, behind: "more" }, size);
  }
  assert.deepEqual(read("1\r\na\r\n0;e\r\nA: b\r\nC:\r\n\r\n"), { body: "a", whole: true, behind: "" });
  assert.deepEqual(read("3\r\n\r\n0\r\n0\r\n\r\n"), { body: "\r\n0", whole: true, behind: "" });
});

Deno.test("the value of a chunk size counts, not its digits", () => {
  for (const zeros of [1, 15, 16, 100, 70_000]) {
    const body = `${"0".repeat(zeros)}3\r\nabc\r\n${"0".repeat(zeros)}1a\r\n${"x".repeat(26)}\r\n${
      "0".repeat(zeros)
    }\r\n\r\n`;
    assert.deepEqual(read(`${body}more`), { body: `abc${"x".repeat(26)}`, whole: true, behind: "more" }, String(zeros));
  }
  // 2^53 - 1, the largest that a number holds exactly.
  assert.deepEqual(read("1fffffffffffff\r\nabc"), { body: "abc", whole: false, behind: "" });
});

Deno.test("blanks behind a chunk size are passed over, with an extension behind them or none", () => {
  for (const blanks of [" ", "\t", " \t ", " ".repeat(20_000)]) {
    const body = `3${blanks}\r\nabc\r\n1${blanks};a=b\r\nd\r\n0${blanks}\r\n\r\n`;
    assert.deepEqual(read(`${body}more`), { body: "abcd", whole: true, behind: "more" }, JSON.stringify(blanks));
  }
});

Deno.test("a chunked body that stops short is not whole", () => {
  const whole = "3\r\nabc\r\n0\r\nA: b\r\n\r\n";
  for (let i = 0; i < whole.length; i++) assert.equal(read(whole.slice(0, i)).whole, false, String(i));
});

Deno.test("a chunked body whose framing is anything but exact is refused", async (t) => {
  const bad: Record<string, string> = {
    "no size": "\r\n",
    "a sign": "+3\r\nabc\r\n0\r\n\r\n",
    "a prefix": "0x3\r\nabc\r\n0\r\n\r\n",
    "a space first": " 3\r\nabc\r\n0\r\n\r\n",
    "a blank within": "3 3\r\nabc\r\n0\r\n\r\n",
    "a bare LF behind a blank": "3 \nabc\r\n0\r\n\r\n",
    "a bare CR behind a blank": "3 \rabc\r\n0\r\n\r\n",
    "a control character behind a blank": "3 \x01\r\nabc\r\n0\r\n\r\n",
    "a letter beyond f": "g\r\n",
    "a size that a number does not hold exactly": "20000000000000\r\nabc",
    "a size of 40 digits": `${"f".repeat(40)}\r\nabc`,
    "a bare LF behind the size": "3\nabc\r\n0\r\n\r\n",
    "a bare CR behind the size": "3\rabc\r\n0\r\n\r\n",
    "a bare LF in an extension": "3;a\nabc\r\n0\r\n\r\n",
    "NUL in an extension": "3;\0\r\nabc\r\n0\r\n\r\n",
    "more data than the size": "3\r\nabcd\r\n0\r\n\r\n",
    "less data than the size": "3\r\nab\r\n0\r\n\r\n",
    "a bare LF behind the data": "3\r\nabc\n0\r\n\r\n",
    "no line end behind the data": "3\r\nabc0\r\n\r\n",
    "too many extensions": `3;${"x".repeat(20_000)}\r\nabc\r\n0\r\n\r\n`,
    "too many extensions in all": `1;${"x".repeat(999)}\r\na\r\n`.repeat(17),
    "too many trailers": `0\r\n${`A: ${"x".repeat(1000)}\r\n`.repeat(70)}\r\n`,
    "a trailer without a name": "0\r\n: a\r\n\r\n",
    "a trailer with a space before its colon": "0\r\nA : a\r\n\r\n",
    "a folded trailer": "0\r\nA: a\r\n b\r\n\r\n",
    "a bare LF in a trailer": "0\r\nA: a\n\r\n",
    "a bare CR at the end": "0\r\n\rX",
    "a bare LF at the end": "0\r\n\n",
  };
  for (const [name, body] of Object.entries(bad)) {
    await t.step(name, () => assert.notEqual(problemOf([CHUNKED + body]), null));
  }
});

Deno.test("a body of a known length ends there, and one without ends with its connection", () => {
  const sized = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
  assert.deepEqual(read("abcde", sized), { body: "abc", whole: true, behind: "de" });
  assert.deepEqual(read("ab", sized), { body: "ab", whole: false, behind: "" });
  assert.deepEqual(read("abc", "HTTP/1.1 200 OK\r\n\r\n"), { body: "abc", whole: false, behind: "" });
  assert.deepEqual(read("abc", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n").body, "");
});
