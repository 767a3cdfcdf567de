import assert from "node:assert/strict";
import { ByteLines, type FieldLines, TextLines } from "../../../../src/http1/field_lines.ts";
import type { TargetRequest } from "../../../../src/forwarding/target_request.ts";
import { type RequestFraming, requestHeadBytes } from "../../../../src/forwarding/wire/request_bytes.ts";

const SHARED: RequestFraming = { chunked: false, close: false };
const decoder = new TextDecoder("latin1");

function byteLines(text: string): ByteLines {
  const bytes = new TextEncoder().encode(`${text}\r\n`);
  const lines = new ByteLines();
  lines.parse(bytes, 0, bytes.length);
  return lines;
}

function textLines(...pairs: [string, string][]): FieldLines {
  const lines = new TextLines();
  for (const [name, value] of pairs) lines.add(name, value);
  return lines;
}

function written(parts: Partial<TargetRequest>, framing = SHARED, room = new Uint8Array(4096)): string {
  const request = {
    method: "GET",
    path: "/a?b=c",
    host: "10.0.0.1:80",
    lines: textLines(),
    own: [],
    upgrade: null,
    ...parts,
  } as unknown as TargetRequest;
  const { bytes, length } = requestHeadBytes(request, framing, { room, spare: 10 });
  assert.ok(bytes.length >= length + 10);
  return decoder.decode(bytes.subarray(0, length));
}

Deno.test(
  "a request's head has the client's lines as they came, sluice's own behind them, and what concerns the " +
    "connection last",
  () => {
    const lines = byteLines("Accept:  text/html\r\nCookie: a=1\r\nX-One: 1\r\n");
    lines.drop(1);
    const own: [string, string][] = [["TE", "trailers"], ["Via", "1.1 sluice-x"]];
    const start = "GET /a?b=c HTTP/1.1\r\nHost: 10.0.0.1:80\r\nAccept:  text/html\r\nX-One: 1\r\n";
    assert.equal(
      written({ lines, own }),
      `${start}TE: trailers\r\nVia: 1.1 sluice-x\r\nConnection: TE\r\n\r\n`,
    );
    assert.equal(
      written({ lines, own }, { chunked: true, close: true }),
      `${start}TE: trailers\r\nVia: 1.1 sluice-x\r\nTransfer-Encoding: chunked\r\nConnection: close, TE\r\n\r\n`,
    );
    assert.equal(
      written({ lines, upgrade: "websocket" }, { chunked: false, close: true }),
      `${start}Upgrade: websocket\r\nConnection: upgrade\r\n\r\n`,
    );
  },
);

Deno.test("a head that does not fit its room gets bytes of its own, whatever makes it long", () => {
  const long = "v".repeat(3000);
  for (
    const parts of [
      { path: `/${long}` },
      { host: long },
      { method: long },
      { own: [["Via", long]] as [string, string][] },
      { lines: byteLines(`X-Long: ${long}\r\n`) },
      { lines: textLines(["x-long", long]) },
      { upgrade: long },
    ]
  ) assert.ok(written(parts, SHARED, new Uint8Array(1024)).includes(long), Object.keys(parts)[0]);
});

Deno.test("what would end a line before its time is never written", () => {
  for (const breaks of ["\r", "\n", "\0", "\u0100"]) {
    const evil = `a${breaks}b`;
    for (
      const parts of [
        { path: `/${evil}` },
        { host: evil },
        { method: evil },
        { own: [["Via", evil]] as [string, string][] },
        { lines: textLines(["x-evil", evil]) },
        { upgrade: evil },
      ]
    ) assert.throws(() => written(parts), TypeError, `${Object.keys(parts)[0]} ${JSON.stringify(breaks)}`);
  }
});

Deno.test("bytes beyond ASCII go on as the bytes that they are", () => {
  assert.ok(written({ lines: textLines(["x-name", "caf\u00e9"]) }).includes("x-name: caf\u00e9\r\n"));
});
