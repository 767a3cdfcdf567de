import assert from "node:assert/strict";
import { type AccessRecord, writeJsonLine, writeTextLine } from "../../../src/logging/access_line.ts";
import { ByteLine } from "../../../src/logging/byte_line.ts";

const RECORD: AccessRecord = {
  timeMs: Date.parse("2026-03-01T12:00:00.007Z"),
  client: "192.0.2.1",
  method: "GET",
  path: "/a?b",
  host: "shop.example",
  protocol: null,
  status: 200,
  reason: null,
  rule: 1,
  group: "web",
  target: "10.0.0.1:80",
  attempts: 1,
  connectMs: null,
  ttfbMs: 2.5,
  totalMs: 3.0625,
  requestBytes: 0,
  responseBytes: 12,
  cutBy: null,
  detail: null,
  id: "x-1",
};

function lineOf(write: typeof writeJsonLine, change: Partial<AccessRecord>): string {
  const line = new ByteLine(131_072);
  write(line, { ...RECORD, ...change });
  return new TextDecoder().decode(line.bytes.subarray(0, line.at));
}

Deno.test("an access line tells the times of connecting, of the headers and of all, in JSON", () => {
  assert.equal(
    lineOf(writeJsonLine, { connectMs: 0.25 }),
    '{"time":"2026-03-01T12:00:00.007Z","client":"192.0.2.1","method":"GET","path":"/a?b","host":"shop.example",' +
      '"protocol":null,"status":200,"reason":null,"rule":1,"group":"web",' +
      '"target":"10.0.0.1:80","attempts":1,"connectMs":0.250,"ttfbMs":2.500,"totalMs":3.063,' +
      '"requestBytes":0,"responseBytes":12,"cutBy":null,"detail":null,"id":"x-1"}\n',
  );
});

Deno.test("an access line tells the times of connecting, of the headers and of all, for people", () => {
  assert.equal(
    lineOf(writeTextLine, { connectMs: 12, status: 504, reason: "timeout", ttfbMs: null }),
    '2026-03-01T12:00:00.007Z 192.0.2.1 "GET /a?b" 504 timeout rule=1 group="web" target=10.0.0.1:80 attempts=1 ' +
      'connect=12.000ms ttfb=- total=3.063ms in=0 out=12 id="x-1"\n',
  );
});

Deno.test("an access line tells the client's version of HTTP, if it is known", () => {
  assert.match(lineOf(writeJsonLine, { protocol: "HTTP/2" }), /,"protocol":"HTTP\/2","status":200,/);
  assert.match(lineOf(writeTextLine, { protocol: "HTTP/2" }), / "GET \/a\?b" HTTP\/2 200 rule=1 /);
});

Deno.test("a connection that took no time at all is told from none", () => {
  assert.match(lineOf(writeJsonLine, { connectMs: 0 }), /,"connectMs":0\.000,/);
  assert.match(lineOf(writeJsonLine, { connectMs: null }), /,"connectMs":null,/);
  assert.match(lineOf(writeTextLine, { connectMs: 0 }), / connect=0\.000ms /);
  assert.match(lineOf(writeTextLine, { connectMs: null }), / connect=- /);
});
