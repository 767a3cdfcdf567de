/**
 * What a connection of sluice's own engine owes to others, and to its own next request, when an exchange goes wrong.
 */
import assert from "node:assert/strict";
import { pause, until } from "../support/poll.ts";
import { bodyText, headerValues } from "../support/raw_message.ts";
import { hang, okay } from "../support/recorder_scripts.ts";
import { wireEngineStage } from "../support/wire_engine_stage.ts";

Deno.test("what a client sends behind an early response never reaches the body of another client", async () => {
  await using stage = await wireEngineStage();
  const release = Promise.withResolvers<void>();
  let begun = false;
  stage.target.script = async (turn) => {
    if (turn.path === "/early") return await turn.socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    turn.socket.pause();
    begun = true;
    await release.promise;
    turn.socket.resume();
    await okay()(turn);
  };
  await using early = await stage.connect();
  await early.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nE");
  assert.equal((await early.response()).status, 200);
  // The rest of its body is still read, and thrown away.
  const length = 20_000_000;
  await using other = await stage.connect();
  await other.send(`POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
  const sent = other.send(new Uint8Array(length).fill(66));
  await until(() => begun, "the request at the target");
  const moved = () => stage.sluice.stats().then(({ total }) => total.requestBytes);
  let before = -1;
  // Until nothing moves any more: the target takes nothing, so a piece waits in sluice.
  await until(async () => before === (before = await moved()) && before > 0, "the upload to stand still", {
    everyMs: 200,
  });
  await early.send(new Uint8Array(60_000).fill(69));
  await pause(100);
  release.resolve();
  await sent;
  assert.equal((await other.response()).status, 200);
  const got = stage.target.requests.find(({ path }) => path === "/other")!;
  assert.equal(got.body.length, length);
  assert.equal(got.body.findIndex((byte) => byte !== 66), -1, "a byte of another client");
});

Deno.test("a client may send on behind its last response, so that no reset takes the response from it", async (t) => {
  await using stage = await wireEngineStage();
  stage.target.script = ({ socket }) => socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const requests = {
    "the rest of a body": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nE",
    "behind Connection: close": "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "behind a request of HTTP/1.0, which came with more": "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n",
    "behind a head that is refused": "GET / HTTP/1.1\r\n\r\n",
  };
  for (const [name, text] of Object.entries(requests)) {
    await t.step(name, async () => {
      await using client = await stage.connect();
      await client.send(text);
      assert.ok([200, 400].includes((await client.response()).status));
      for (let i = 0; i < 10; i++) {
        await client.send(new Uint8Array(1000));
        await pause(20);
      }
      assert.equal(await client.socket.untilEnded(), "end");
    });
  }
});

Deno.test("a connection cut for a stalled body no longer counts among its client's connections", async () => {
  await using stage = await wireEngineStage({
    LISTENER_BODY_TIMEOUT: "500",
    LISTENER_MAX_CONNECTIONS_PER_CLIENT: "1",
  });
  stage.target.script = async (turn) => {
    if (turn.path === "/next") return await okay()(turn);
    await turn.socket.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    await hang()(turn);
  };
  await using client = await stage.connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
  await client.socket.untilEnded();
  await using next = await stage.connect();
  await next.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await next.response()).status, 200);
});

Deno.test("a client that leaves is noticed behind a body, and behind a head that fills its room", async (t) => {
  await using stage = await wireEngineStage({ CONNECTION_TIMEOUT: "60s" });
  stage.target.script = hang();
  const cases = {
    "a small body": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
    "a large body": `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${"b".repeat(200_000)}`,
    "a chunked body": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    "a head of 1,990 bytes": `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${"c".repeat(1951)}\r\n\r\n`,
    "a head of 2,048 bytes": `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${"c".repeat(2009)}\r\n\r\n`,
  };
  let count = 0;
  for (const [name, text] of Object.entries(cases)) {
    for (const how of ["close", "reset"] as const) {
      await t.step(`${name}, ${how}`, async () => {
        const client = await stage.connect();
        await client.send(text);
        count++;
        await until(() => stage.target.requests.length === count, "the request");
        // A target that has all of the body hears no more of it.
        await until(() => stage.sluice.stats().then(({ total }) => total.inFlight === 1), "the request in flight");
        await client[how]();
        await until(() => stage.target.endings.size === count, "the target to be let go", { patienceMs: 5000 });
        assert.equal((await stage.sluice.accessLines(count)).at(-1)!.reason, "client_closed");
      });
    }
  }
});

Deno.test("a target never sees a byte of a body twice, however its client is cut", async () => {
  await using stage = await wireEngineStage({ LISTENER_WRITE_TIMEOUT: "500", LISTENER_BODY_TIMEOUT: "60s" });
  let body: Promise<Uint8Array> | null = null;
  stage.target.script = async (turn) => {
    body = turn.body();
    await turn.socket.send("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
    await turn.socket.send(new Uint8Array(50_000_000)).catch(() => {});
  };
  await using client = await stage.connect();
  client.socket.pause();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
  await until(() => body !== null, "the request at the target");
  await stage.sluice.accessLines(1);
  await body;
  assert.equal(stage.target.requests[0]!.raw.split("\r\n\r\n")[1], "5\r\nfirst\r\n");

  stage.target.requests.length = 0;
  body = null;
  await using other = await stage.connect();
  other.socket.pause();
  await other.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  await until(() => body !== null, "the request at the target");
  await other.send("first");
  await stage.sluice.accessLines(2);
  await body;
  assert.equal(bodyText(stage.target.requests[0]!), "first");
  assert.ok(stage.target.requests[0]!.cutOff);
});

Deno.test("a chunked body is whole that comes behind a pipelined request and takes its time", async () => {
  await using stage = await wireEngineStage();
  const release = Promise.withResolvers<void>();
  stage.target.script = async (turn) => {
    if (turn.path === "/first") await release.promise;
    await okay()(turn);
  };
  await using client = await stage.connect();
  await client.send(
    "GET /first HTTP/1.1\r\nHost: a\r\n\r\nPOST /second HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "5\r\nhe",
  );
  await until(() => stage.target.requests.length === 1, "the first request");
  release.resolve();
  assert.equal((await client.response()).status, 200);
  await until(() => stage.target.requests.length === 2, "the second request");
  await client.send("llo\r\n3000\r\n");
  await client.send("x".repeat(0x3000));
  await client.send("\r\n0\r\n\r\n");
  assert.equal((await client.response()).status, 200);
  assert.equal(bodyText(stage.target.requests[1]!), `hello${"x".repeat(0x3000)}`);
});

Deno.test("a second attempt sends the head that came, however much of a chunked body was read behind it", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = async (turn) => {
    if (turn.index > 0) return await okay()(turn);
    await until(() => turn.socket.available > 20_000, "some of the body");
    await turn.socket.reset();
  };
  const cookie = `Cookie: ${"c".repeat(9000)}`;
  await using client = await stage.connect();
  await client.send(`PUT / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n${cookie}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let i = 0; i < 6; i++) await client.send(`1000\r\n${"x".repeat(0x1000)}\r\n`);
  await until(() => stage.target.requests.length === 2, "the second attempt");
  await client.send("0\r\n\r\n");
  assert.equal((await client.response()).status, 200);
  const [first, second] = stage.target.requests;
  assert.ok(JSON.stringify(second!.headers) === JSON.stringify(first!.headers), second!.raw.slice(0, 300));
  assert.equal(bodyText(second!), "x".repeat(0x6000));
});

Deno.test("a client whose body stops is cut, however much of the response it takes meanwhile", async () => {
  await using stage = await wireEngineStage({ LISTENER_BODY_TIMEOUT: "800" });
  stage.target.script = async ({ socket }) => {
    await socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (!await socket.endedWithin(100)) await socket.send("1\r\nx\r\n").catch(() => {});
  };
  await using client = await stage.connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
  await client.socket.untilEnded();
  const [line] = await stage.sluice.accessLines(1);
  assert.deepEqual([line!.status, line!.cutBy], [200, "client"]);
});

Deno.test("an upgrade with a body is passed on as a request without upgrade", async () => {
  await using stage = await wireEngineStage();
  await using client = await stage.connect();
  const got = await client.exchange(
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\nContent-Length: 2\r\n\r\nhi",
  );
  assert.equal(got.status, 200);
  assert.deepEqual(headerValues(stage.target.requests[0]!, "upgrade"), []);
  assert.deepEqual(headerValues(stage.target.requests[0]!, "connection").filter((value) => /upgrade/i.test(value)), []);
  assert.equal((await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
});
