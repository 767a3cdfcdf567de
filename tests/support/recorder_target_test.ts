import assert from "node:assert/strict";
import { bodyText, header, readHead } from "./raw_message.ts";
import { RawClient, rawExchange } from "./raw_client.ts";
import {
  answer,
  breakOff,
  breakOffChunked,
  byPath,
  bytes,
  chunked,
  closeBeforeHeaders,
  garbage,
  hang,
  informational,
  inTurn,
  okay,
  resetBeforeHeaders,
  slow,
} from "./recorder_scripts.ts";
import { RecorderTarget } from "./recorder_target.ts";
import { until } from "./poll.ts";

const GET = "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";

function url(target: RecorderTarget): string {
  return `http://${target.address}`;
}

Deno.test("the recorder writes down every byte of a request, valid or not", async () => {
  await using target = await RecorderTarget.start();
  await using client = await RawClient.connect(url(target));
  const odd = "PoSt /a/../b?q=\xff HTTP/1.1\nHost: a\r\nHost : b\r\nX:1\r\nContent-Length: 3\r\n\r\nabc";
  assert.equal((await client.exchange(odd)).status, 200);
  const chunks = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;ext\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n";
  assert.equal((await client.exchange(chunks)).status, 200);
  assert.equal(target.requests[0]?.raw, odd);
  assert.equal(target.requests[1]?.raw, chunks);
  assert.equal(target.raw, odd + chunks);
  assert.equal(bodyText(target.requests[1]!), "abcde");
  assert.deepEqual(target.requests.map((r) => [r.method, r.connection]), [["PoSt", 0], ["PUT", 0]]);
  assert.equal(target.connections, 1);
});

Deno.test("the recorder tells a request that was cut off from a whole one", async () => {
  await using target = await RecorderTarget.start();
  const client = await RawClient.connect(url(target));
  await client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  await until(() => target.requests.length === 1, "the head");
  await client.close();
  await until(() => target.open === 0, "the connection's end");
  assert.equal(target.requests[0]?.cutOff, true);
});

Deno.test("a reset reaches the other side as a reset, in both directions", async () => {
  await using target = await RecorderTarget.start(hang());
  const client = await RawClient.connect(url(target));
  await client.send(GET);
  await until(() => target.requests.length === 1, "the request");
  await client.reset();
  await until(() => target.endings.get(0) === "reset", "the reset");

  target.script = resetBeforeHeaders();
  await using second = await RawClient.connect(url(target));
  await second.send(GET);
  assert.equal(await second.socket.untilEnded(), "reset");
});

Deno.test("a half-close leaves the answer readable", async () => {
  await using target = await RecorderTarget.start();
  await using client = await RawClient.connect(url(target));
  await client.send(GET);
  client.halfClose();
  assert.equal(bodyText(await client.response()), "ok");
  await until(() => target.endings.get(0) === "end", "the clean end");
});

Deno.test("every script of the recorder does on the wire what its name says", async () => {
  const scripts = {
    "/404": answer(404, ["X-A: 1", "X-A: 2"], "no"),
    "/204": answer(204),
    "/close": closeBeforeHeaders(),
    "/break": breakOff(100, 10),
    "/break-reset": breakOff(100, 10, "reset"),
    "/break-chunked": breakOffChunked(["abc"]),
    "/chunked": chunked(["abc", "de"], { trailers: ["T: 1"], everyMs: 1 }),
    "/slow": slow(30),
    "/103": informational(103, ["Link: </x>"]),
    "/garbage": garbage(),
    "/fixed": bytes("HTTP/1.1 200 OK\r\n\r\nuntil the end", { close: true }),
  };
  await using target = await RecorderTarget.start(byPath(scripts));
  const get = (path: string) => rawExchange(url(target), `GET ${path} HTTP/1.1\r\nHost: t\r\n\r\n`);
  assert.equal(header(await get("/404"), "x-a"), "1, 2");
  assert.equal((await get("/204")).status, 204);
  assert.equal((await rawExchange(url(target), "HEAD /other HTTP/1.1\r\n\r\n", "HEAD")).cutOff, false);
  await assert.rejects(get("/close"), /ended before an answer/);
  assert.deepEqual([(await get("/break")).cutOff, (await get("/break")).body.length], [true, 10]);
  assert.equal((await get("/break-reset")).cutOff, true);
  assert.equal((await get("/break-chunked")).cutOff, true);
  const whole = await get("/chunked");
  assert.deepEqual([bodyText(whole), whole.cutOff, whole.raw.endsWith("0\r\nT: 1\r\n\r\n")], ["abcde", false, true]);
  assert.equal(bodyText(await get("/slow")), "ok");
  assert.equal(bodyText(await get("/fixed")), "until the end");
  assert.equal(bodyText(await get("/103")), "ok");
  await using client = await RawClient.connect(url(target));
  await client.send("GET /103 HTTP/1.1\r\n\r\n");
  assert.match((await readHead(client.socket))!.startLine, /^HTTP\/1.1 103 /);
  await using odd = await RawClient.connect(url(target));
  await odd.send("GET /garbage HTTP/1.1\r\n\r\n");
  assert.equal(await odd.socket.readToEnd(), "\x00\x01garbage\xff\xfe\r\n\r\n");
});

Deno.test("scripts in turn are used one after the other, the last one for all that follow", async () => {
  await using target = await RecorderTarget.start(inTurn(answer(500), okay()));
  await using client = await RawClient.connect(url(target));
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await client.exchange(GET)).status);
  assert.deepEqual(statuses, [500, 200, 200]);
});

Deno.test("a recorder that is stopped lets go of hanging and slow requests at once", async () => {
  const target = await RecorderTarget.start(byPath({ "/hang": hang() }, slow(60_000)));
  await using first = await RawClient.connect(url(target));
  await using second = await RawClient.connect(url(target));
  await first.send("GET /hang HTTP/1.1\r\n\r\n");
  await second.send("GET /slow HTTP/1.1\r\n\r\n");
  await until(() => target.requests.length === 2, "both requests");
  await target[Symbol.asyncDispose]();
  assert.equal(target.open, 0);
});
