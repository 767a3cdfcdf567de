/** Bodies that clients do not bring, or bring broken: the client is told, and no target is blamed. */
import assert from "node:assert/strict";
import { header } from "../../support/raw_message.ts";
import { until } from "../../support/poll.ts";
import { hang } from "../../support/recorder_scripts.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** What stays of a body that does not come, by its framing. */
const UNFINISHED: Record<string, readonly [string, string]> = {
  "nothing of a small body": ["Content-Length: 5", ""],
  "a part of a small body": ["Content-Length: 5", "ab"],
  "nothing of a large body": ["Content-Length: 100000", ""],
  "a part of a large body": ["Content-Length: 100000", "ab"],
  "a chunk": ["Transfer-Encoding: chunked", "2\r\nab\r\n"],
};

Deno.test("a client that does not send its body gets 408 after LISTENER_BODY_TIMEOUT", async (t) => {
  await using stage = await WireStage.start({
    env: {
      LISTENER_BODY_TIMEOUT: "400",
      CONNECTION_TIMEOUT: "150",
      TARGET_GROUP_1_EJECTION_ENABLED: "true",
      TARGET_GROUP_1_EJECTION_FAILURES: "1",
    },
  });
  for (const [name, [framing, body]] of Object.entries(UNFINISHED)) {
    for (const connection of ["", "Connection: close"]) {
      await t.step(`${name}${connection && `, ${connection}`}`, async () => {
        await using client = await stage.connect();
        await client.send(stage.head("POST /x", [framing, connection].filter((line) => line !== "")) + body);
        const got = await client.response();
        assert.deepEqual([got.status, header(got, "x-sluice-reason")], [408, "body_timeout"]);
        // The platform's listener says so, and itself closes only when more of the body comes (docs/platform.md).
        assert.equal(header(got, "connection"), "close");
        await until(() => stage.target.open === 0, "the target's exchange to end");
        assert.ok(stage.target.requests.every((request) => request.cutOff), "no target sees a whole request");
        const { line } = await stage.settled();
        assert.deepEqual([line.status, line.reason], [408, "body_timeout"]);
      });
    }
  }
  await t.step("an attempt begins when it may be sent: a small body that does not come is no attempt", async () => {
    const { lines, stats } = await stage.settled();
    assert.deepEqual(lines.slice(0, 2).map(({ attempts, target }) => [attempts, target]), [[0, null], [0, null]]);
    const { errors, leftByClient, connectFailures, state } = stats.groups[0]!.targets[0]!;
    assert.deepEqual([errors, leftByClient, connectFailures, state], [0, 0, 0, "healthy"]);
  });
});

Deno.test("CONNECTION_TIMEOUT pauses while sluice waits for the client's body", async () => {
  await using stage = await WireStage.start({ env: { CONNECTION_TIMEOUT: "300", LISTENER_BODY_TIMEOUT: "10s" } });
  stage.script = hang();
  await using client = await stage.connect();
  await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]) + "2\r\nab\r\n");
  assert.equal(await client.socket.endedWithin(900), false);
  assert.equal(client.socket.available, 0, "the client is silent, and not the target");
  await client.send("0\r\n\r\n");
  const got = await client.response();
  assert.deepEqual([got.status, header(got, "x-sluice-reason")], [504, "timeout"]);
  await stage.settled();
});

Deno.test("a body that stops after its response has begun is cut after LISTENER_BODY_TIMEOUT", async () => {
  await using stage = await WireStage.start({ env: { LISTENER_BODY_TIMEOUT: "400" } });
  stage.script = async ({ socket }) => {
    await socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    await socket.untilEnded();
  };
  await using client = await stage.connect();
  await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]) + "2\r\nab\r\n");
  assert.notEqual(await client.socket.readThrough("abc"), null);
  await until(() => stage.target.open === 0, "the target's exchange to end");
  await client.close();
  const { line } = await stage.settled();
  assert.deepEqual([line.status, line.cutBy], [200, "client"]);
});

Deno.test("a broken body is 400 to a client that is still there, and nobody has left", async (t) => {
  await using stage = await WireStage.start();
  const broken: Record<string, readonly [string, string]> = {
    "a chunk size that is none": ["Transfer-Encoding: chunked", "zz\r\nabc\r\n"],
    "a chunk that goes on beyond its size": ["Transfer-Encoding: chunked", "3\r\nabcdef\r\n"],
    "a chunk size beyond all numbers": ["Transfer-Encoding: chunked", "fffffffffffffffff\r\nabc\r\n"],
    "a trailer that is none": ["Transfer-Encoding: chunked", "0\r\nbad trailer\r\n\r\n"],
    "a small body, cut short by a half-close": ["Content-Length: 5", "half-close"],
    "a large body, cut short by a half-close": ["Content-Length: 100000", "half-close"],
    "chunks, cut short by a half-close": ["Transfer-Encoding: chunked", "half-close"],
  };
  for (const [name, [framing, rest]] of Object.entries(broken)) {
    await t.step(name, async () => {
      stage.clear();
      const seen = (await stage.settled()).stats.total.finished;
      await using client = await stage.connect();
      const start = framing.includes("chunked") ? "2\r\nab\r\n" : "ab";
      await client.send(stage.head("POST /x", [framing]) + start);
      // Behind the head and in a packet of its own, as the platform closes a connection without a word where both come
      // at once.
      if (framing !== "Content-Length: 5") await until(() => stage.target.requests.length === 1, "the request's begin");
      if (rest === "half-close") client.halfClose();
      else await client.send(rest);
      const got = await client.response();
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [400, "bad_request"]);
      assert.equal(await client.socket.untilEnded(), "end");
      await until(() => stage.target.open === 0, "the target's exchange to end");
      const { line, stats } = await stage.settled();
      assert.deepEqual([line.status, line.reason, stats.total.finished], [400, "bad_request", seen + 1]);
      assert.ok(stage.target.requests.every((request) => request.cutOff), "no target sees a whole request");
    });
  }
  const { errors, leftByClient } = (await stage.settled()).stats.groups[0]!.targets[0]!;
  assert.deepEqual([errors, leftByClient], [0, 0]);
});
