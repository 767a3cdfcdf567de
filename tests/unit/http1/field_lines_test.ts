import assert from "node:assert/strict";
import { Kind } from "../../../src/http1/field_kind.ts";
import { ByteLines, type FieldLines, TextLines } from "../../../src/http1/field_lines.ts";
import { Malformed } from "../../../src/http1/malformed.ts";
import { latin1 } from "../../support/raw_socket.ts";

function parsed(lines: string): ByteLines {
  const head = new Uint8Array(latin1(`${lines}\r\n`));
  const found = new ByteLines();
  found.parse(head, 0, head.length);
  return found;
}

function pairsOf(lines: FieldLines): string[] {
  const pairs: string[] = [];
  lines.forEach((name, value) => pairs.push(`${name}=${value}`));
  return pairs;
}

const LINES = "Host: a.example\r\nCONTENT-Length:\t3 \r\nX-Empty:\r\nvia: 1.0 a\r\nVia: 1.1 b\r\n";

Deno.test("header lines are walked over in order, without blanks around values", () => {
  assert.deepEqual(pairsOf(parsed(LINES)), [
    ...["host=a.example", "content-length=3", "x-empty=", "via=1.0 a", "via=1.1 b"],
  ]);
  assert.deepEqual(pairsOf(parsed("")), []);
  for (const line of ["A : b", " A: b", ": b", "A", "A: b\r c", "A: b\0", "\xc4: b"]) {
    assert.throws(() => parsed(`${line}\r\n`), Malformed, JSON.stringify(line));
  }
});

Deno.test("a line that is left out is found by its name, and is not passed on", () => {
  const text = new TextLines();
  for (const [name, value] of [["host", "a.example"], ["via", "1.0 a"], ["via", "1.1 b"]] as const) {
    text.add(name, value);
  }
  for (const [lines, via] of [[parsed(LINES), 3], [text, 1]] as const) {
    assert.equal(lines.kind(via), Kind.Via);
    assert.equal(lines.isDropped(via), false);
    lines.drop(via);
    assert.deepEqual([lines.isDropped(via), lines.kind(via)], [true, Kind.Via]);
    assert.deepEqual(pairsOf(lines).filter((pair) => pair.startsWith("via")), ["via=1.1 b"]);
    assert.equal(lines.get("via"), "1.0 a, 1.1 b");
    assert.equal(lines.get("x-none"), null);
    assert.deepEqual([lines.has(Kind.Via), lines.has(Kind.Upgrade)], [true, false]);
  }
});
