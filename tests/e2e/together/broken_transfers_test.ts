/**
 * Who broke off, and who is told: the client sees a broken transfer, the target is let go, nobody is blamed wrongly.
 */
import assert from "node:assert/strict";
import { until } from "../../support/poll.ts";
import { answer, breakOff, breakOffChunked, bytes, hang, okay } from "../../support/recorder_scripts.ts";
import type { AnswerScript } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** A target's end must reach us within a second after a client's. */
const A_SECOND = { patienceMs: 1_000 };

/** Sends the head and `sent`, then nothing more until the other side leaves. */
function stall(head: string, sent: string): AnswerScript {
  return async (turn) => {
    await turn.body();
    await turn.socket.send(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${sent}`);
    await hang()(turn);
  };
}

/** Sends a body whose length only the connection's end tells, and resets the connection. */
function untilReset(length: number): AnswerScript {
  return async (turn) => {
    await turn.body();
    await turn.socket.send(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${"x".repeat(length)}`);
    await turn.socket.reset();
  };
}

Deno.test("a target that breaks off mid-body gives its client a broken transfer, never a clean end", async (t) => {
  await using stage = await WireStage.start();
  const cases: Record<string, [AnswerScript, number]> = {
    "a short Content-Length, closed": [breakOff(100, 10), 10],
    "a short Content-Length, reset": [breakOff(100, 10, "reset"), 10],
    "nothing of a short Content-Length": [breakOff(100, 0), 0],
    "a long Content-Length, closed": [breakOff(500_000, 100_000), 100_000],
    "a long Content-Length, reset": [breakOff(500_000, 100_000, "reset"), 100_000],
    "a body that ends with its connection, reset": [untilReset(100_000), 100_000],
    "chunked, without its last chunk": [breakOffChunked(["abc", "de"]), 5],
    "chunked, without any chunk": [breakOffChunked([]), 0],
    "a chunk cut short": [
      bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc", { close: true }),
      3,
    ],
    "chunks that are none": [bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"), 0],
  };
  for (const [name, [script, sent]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const got = await stage.ask("GET /x", { script });
      // A transport that reads answers itself sees bad chunks that came with their head before anything was passed on.
      if (name === "chunks that are none" && got.status === 502) return;
      assert.equal(got.status, 200);
      assert.equal(got.cutOff, true);
      assert.ok(got.body.length <= sent);
      const { line, stats } = await stage.settled();
      assert.deepEqual([line.status, line.reason, line.cutBy], [200, null, "target"]);
      assert.equal(stats.groups[0]!.targets[0]!.inFlight, 0);
    });
  }
  await t.step("the next request is served as ever", async () => {
    assert.equal((await stage.ask("GET /x", { script: okay() })).status, 200);
  });
});

Deno.test("a client that leaves before the response is 499 in the log, and its target is let go", async (t) => {
  await using stage = await WireStage.start({
    env: { TARGET_GROUP_1_EJECTION_ENABLED: "true", TARGET_GROUP_1_EJECTION_FAILURES: "1" },
  });
  for (const how of ["close", "reset"] as const) {
    for (const request of ["GET /x", "POST /x"]) {
      await t.step(`${request}, ${how}`, async () => {
        stage.script = hang();
        const client = await stage.connect();
        const seen = stage.target.requests.length;
        await client.send(stage.head(request));
        await until(() => stage.target.requests.length === seen + 1, "the request at the target");
        await client[how]();
        await until(() => stage.target.open === 0, "the target's connection to end", A_SECOND);
        const { line } = await stage.settled();
        assert.deepEqual([line.status, line.reason, line.attempts], [499, "client_closed", 1]);
      });
    }
  }
  const { stats } = await stage.settled();
  const target = stats.groups[0]!.targets[0]!;
  assert.deepEqual([target.errors, target.state, stats.total.errors], [0, "healthy", 0]);
});

Deno.test("a client that leaves mid-body: its target is let go within a second, and not blamed", async (t) => {
  await using stage = await WireStage.start();
  const cases: Record<string, AnswerScript> = {
    "chunked": stall("Transfer-Encoding: chunked", "3\r\nabc\r\n"),
    "a short Content-Length": stall("Content-Length: 100", "abc"),
    "a long Content-Length": stall("Content-Length: 1000000", "abc"),
    "a body that ends with its connection": stall("X-A: 1", "abc"),
  };
  for (const [name, script] of Object.entries(cases)) {
    for (const how of ["close", "reset"] as const) {
      await t.step(`${name}, ${how}`, async () => {
        stage.script = script;
        const client = await stage.connect();
        await client.send(stage.head("GET /x"));
        assert.notEqual(await client.socket.readThrough("abc"), null);
        await client[how]();
        await until(() => stage.target.open === 0, "the target's connection to end", A_SECOND);
        const { line } = await stage.settled();
        assert.deepEqual([line.status, line.reason, line.cutBy, line.responseBytes], [200, null, "client", 3]);
      });
    }
  }
  for (const how of ["close", "reset"] as const) {
    await t.step(`in the midst of its own upload, ${how}`, async () => {
      stage.script = async ({ socket }) => {
        await socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await socket.untilEnded();
      };
      const client = await stage.connect();
      await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]) + "3\r\nabc\r\n");
      assert.notEqual(await client.socket.readThrough("abc"), null);
      await client[how]();
      await until(() => stage.target.open === 0, "the target's connection to end", A_SECOND);
      const { line } = await stage.settled();
      assert.deepEqual([line.status, line.reason, line.cutBy], [200, null, "client"]);
    });
  }
  await t.step("while the target sends as fast as it can", async () => {
    stage.script = async (turn) => {
      await turn.socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
      const piece = new Uint8Array(65_536);
      while (turn.socket.endedBy === null) await turn.socket.send(piece);
    };
    const client = await stage.connect();
    await client.send(stage.head("GET /x"));
    await client.socket.readExactly(1_000_000);
    await client.reset();
    await until(() => stage.target.open === 0, "the target's connection to end", A_SECOND);
    assert.equal((await stage.settled()).line.cutBy, "client");
  });
  const { stats } = await stage.settled();
  assert.equal(stats.groups[0]!.targets[0]!.errors, 0);
});

Deno.test("a silent exchange is cut after STREAM_IDLE_TIMEOUT, a moving one is not", async (t) => {
  await using stage = await WireStage.start({ env: { STREAM_IDLE_TIMEOUT: "600" } });
  for (const [head, sent] of [["Transfer-Encoding: chunked", "3\r\nabc\r\n"], ["Content-Length: 10", "abc"]]) {
    await t.step(`a target that stops sending: ${head}`, async () => {
      const got = await stage.ask("GET /x", { script: stall(head!, sent!) });
      assert.deepEqual([got.status, got.cutOff], [200, true]);
      await until(() => stage.target.open === 0, "the target's connection to end");
      const { line } = await stage.settled();
      assert.deepEqual([line.status, line.cutBy], [200, "idle"]);
    });
  }
  await t.step("a target that sends a little now and then", async () => {
    stage.script = async ({ socket }) => {
      await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
      for (const byte of "abcdef") {
        await socket.endedWithin(200);
        await socket.send(byte);
      }
    };
    const got = await stage.ask("GET /x");
    assert.deepEqual([got.cutOff, got.body.length], [false, 6]);
  });
  await t.step("a client that goes on uploading keeps the exchange open", async () => {
    stage.script = async ({ socket }) => {
      await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
      await socket.readThrough("0\r\n\r\n");
      await socket.send("done");
      await socket.close();
    };
    await using client = await stage.connect();
    await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]));
    for (let i = 0; i < 6; i++) {
      await client.send("1\r\na\r\n");
      await client.socket.endedWithin(200);
    }
    await client.send("0\r\n\r\n");
    const got = await client.response();
    assert.deepEqual([got.cutOff, new TextDecoder().decode(got.body)], [false, "done"]);
  });
  await t.step("a client that stops reading", async () => {
    stage.script = async (turn) => {
      await turn.socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const piece = `10000\r\n${"x".repeat(65_536)}\r\n`;
      while (turn.socket.endedBy === null) await turn.socket.send(piece);
    };
    await using client = await stage.connect();
    client.socket.pause();
    await client.send(stage.head("GET /x"));
    await until(() => stage.target.open === 1, "the exchange");
    await until(() => stage.target.open === 0, "the target's connection to end");
    client.socket.resume();
    const { line, stats } = await stage.settled();
    assert.deepEqual([line.status, line.cutBy], [200, "client"]);
    const { brokenByTarget, leftByClient } = stats.groups[0]!.targets[0]!;
    assert.deepEqual([brokenByTarget, leftByClient], [2, 1], "a target is not blamed for a client that takes nothing");
  });
});

Deno.test("events arrive as they are sent, and so does a small body that dribbles", async (t) => {
  await using stage = await WireStage.start();
  await t.step("server-sent events", async () => {
    stage.script = async ({ socket }) => {
      await socket.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (let i = 0; i < 3; i++) {
        const event = `data: ${i}\n\n`;
        await socket.send(`${event.length.toString(16)}\r\n${event}\r\n`);
        await socket.readThrough("next");
      }
      await socket.send("0\r\n\r\n");
      await socket.close();
    };
    await using client = await stage.connect();
    await client.send(stage.head("POST /events", ["Transfer-Encoding: chunked"]));
    for (let i = 0; i < 3; i++) {
      assert.notEqual(await client.socket.readThrough(`data: ${i}\n\n`), null);
      await client.send("4\r\nnext\r\n");
    }
    assert.notEqual(await client.socket.readThrough("\r\n0\r\n\r\n"), null);
  });
  await t.step("a Content-Length of 4, a byte at a time", async () => {
    stage.script = async ({ socket }) => {
      await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
      for (const byte of "abcd") {
        await socket.send(byte);
        await socket.readThrough("next");
      }
      await socket.close();
    };
    await using client = await stage.connect();
    await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]));
    assert.match((await client.socket.readThrough("\r\n\r\n"))!, /content-length: 4\r\n/i);
    for (const byte of "abcd") {
      assert.equal(await client.socket.readThrough(byte), byte);
      await client.send("4\r\nnext\r\n");
    }
  });
  await t.step("headers without any body byte yet", async () => {
    stage.script = stall("Content-Length: 4", "");
    await using client = await stage.connect();
    await client.send(stage.head("GET /x"));
    assert.match((await client.socket.readThrough("\r\n\r\n"))!, /^HTTP\/1.1 200 OK\r\n/);
  });
  await stage.settled();
});

Deno.test("a client that goes away from a pipeline takes only its own requests with it", async () => {
  await using stage = await WireStage.start();
  stage.script = answer(200, [], "x".repeat(100));
  await using other = await stage.connect();
  const client = await stage.connect();
  await client.send(stage.head("GET /1") + stage.head("GET /2") + stage.head("GET /3"));
  await client.reset();
  assert.equal((await other.exchange(stage.head("GET /4"))).status, 200);
  const { stats } = await stage.settled();
  assert.equal(stats.total.errors, 0);
});
