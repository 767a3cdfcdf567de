/** Connections to targets are used again only where that is safe: no bytes of one answer ever reach another request. */
import assert from "node:assert/strict";
import { Failure } from "../../../src/forwarding/gateway_error.ts";
import { systemClock } from "../../../src/time/clock.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { until } from "../../support/poll.ts";
import {
  answer,
  breakOff,
  bytes,
  chunked,
  closeBeforeHeaders,
  okay,
  resetBeforeHeaders,
} from "../../support/recorder_scripts.ts";
import { type AnswerScript, RecorderTarget } from "../../support/recorder_target.ts";
import { type Asked, WireClient } from "../../support/wire_client.ts";

const FORGED = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

function connectionsOf(target: RecorderTarget): number[] {
  return target.requests.map(({ connection }) => connection);
}

/** A POST whose chunked body comes in these pieces. */
function inPieces(...pieces: string[]): Asked {
  const encoder = new TextEncoder();
  const body = ReadableStream.from(pieces.map((piece) => encoder.encode(piece)));
  return { method: "POST", headers: [["host", "h"]], body, bodyLength: -1 };
}

/** Answers the first request of each connection, and does something else with the next. */
function atReuse(then: AnswerScript): AnswerScript {
  const used = new Set<number>();
  return (turn) => {
    if (used.has(turn.connection)) return then(turn);
    used.add(turn.connection);
    return okay()(turn);
  };
}

Deno.test("a connection is used again after an answer that ended", async () => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  const scripts = [okay(), answer(204), answer(200, [], "x".repeat(300_000)), chunked(["a", "b"]), answer(404)];
  for (const script of scripts) {
    target.script = script;
    await client.ask(target.port);
  }
  await client.ask(target.port, { method: "HEAD" });
  await client.ask(target.port, { method: "POST" });
  await client.ask(target.port, inPieces("ab", "c"));
  await client.ask(target.port);
  assert.deepEqual(connectionsOf(target), Array(9).fill(0));
});

Deno.test("with UPSTREAM_REUSE=safe what must not be sent twice has a connection of its own", async () => {
  await using target = await RecorderTarget.start();
  using client = new WireClient(systemClock, "safe");
  for (const request of [{}, { method: "POST" }, {}, inPieces("ab", "c"), { method: "PUT" }]) {
    await client.ask(target.port, request);
  }
  assert.deepEqual(connectionsOf(target), [0, 1, 0, 2, 0]);
  await until(() => target.open === 1, "their connections to end");
});

Deno.test("what must not be sent twice uses only a connection used within the last half second", async () => {
  const clock = new ManualClock();
  await using target = await RecorderTarget.start();
  using client = new WireClient(clock);
  for (const [restMs, method] of [[0, "GET"], [500, "POST"], [501, "PATCH"], [20_000, "GET"], [501, "POST"]] as const) {
    clock.advance(restMs);
    await client.ask(target.port, { method });
  }
  assert.deepEqual(connectionsOf(target), [0, 0, 1, 1, 2]);
});

Deno.test("the connection that was used last is used first", async () => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  await Promise.all([1, 2, 3].map(() => client.ask(target.port)));
  assert.equal(target.connections, 3);
  const before = target.requests.length;
  for (let i = 0; i < 5; i++) await client.ask(target.port);
  assert.equal(new Set(connectionsOf(target).slice(before)).size, 1);
});

Deno.test("a connection is not used again after an answer that says or shows that it is over", async (t) => {
  const scripts: Record<string, AnswerScript> = {
    "Connection: close": answer(200, ["Connection: close"], "ok"),
    "HTTP/1.0": bytes("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "until close": bytes("HTTP/1.1 200 OK\r\n\r\nok", { close: true }),
    "bytes behind a length": bytes(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${FORGED}`),
    "one byte behind a length": bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\n"),
    "bytes behind chunks": bytes(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${FORGED}`),
    "bytes behind a 204": bytes(`HTTP/1.1 204 None\r\n\r\n${FORGED}`),
    "the body of a 304": bytes(`HTTP/1.1 304 Not\r\nContent-Length: ${FORGED.length}\r\n\r\n${FORGED}`),
    "bytes behind a body that came later": async ({ socket }) => {
      await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
      await socket.endedWithin(2);
      await socket.send(`ok${FORGED}`);
    },
    "a body that broke off": breakOff(10, 2),
    "a long body that broke off": breakOff(1_000_000, 100_000, "reset"),
    "bytes that come when it is idle": async (turn) => {
      await okay()(turn);
      await turn.socket.endedWithin(20);
      await turn.socket.send(FORGED);
    },
    "a close when it is idle": async (turn) => {
      await okay()(turn);
      await turn.socket.endedWithin(20);
      await turn.socket.close();
    },
  };
  for (const [name, script] of Object.entries(scripts)) {
    await t.step(name, async () => {
      await using target = await RecorderTarget.start(script);
      using client = new WireClient();
      assert.ok(!(await client.ask(target.port) instanceof Failure));
      await until(() => target.open === 0, "the connection to be closed");
      target.script = okay("second");
      const next = await client.ask(target.port);
      assert.ok(!(next instanceof Failure) && next.body === "second");
      assert.deepEqual(connectionsOf(target), [0, 1], "and nothing was sent on it");
    });
  }
  await t.step("the body of a HEAD", async () => {
    await using target = await RecorderTarget.start(bytes(FORGED));
    using client = new WireClient();
    const got = await client.ask(target.port, { method: "HEAD" });
    assert.ok(!(got instanceof Failure) && got.body === "" && got.headers[0]![1] === "6");
    await until(() => target.open === 0, "the connection to be closed");
  });
  await t.step("a body that is not read", async () => {
    await using target = await RecorderTarget.start(answer(200, [], "x".repeat(1_000_000)));
    using client = new WireClient();
    const response = await client.send(target.port);
    response.close();
    await until(() => target.open === 0, "the connection to be closed");
  });
});

Deno.test("a request that meets a closed connection is replayed once, if it may be repeated", async (t) => {
  const body = new TextEncoder().encode("abc");
  const put = { method: "PUT", headers: [["host", "h"], ["content-length", "3"]] as [string, string][], bodyLength: 3 };
  for (const [how, then] of [["closed", closeBeforeHeaders()], ["reset", resetBeforeHeaders()]] as const) {
    for (const [name, request] of [["GET", {}], ["PUT", { ...put, body }]] as const) {
      await t.step(`${name}, ${how}`, async () => {
        await using target = await RecorderTarget.start(atReuse(then));
        using client = new WireClient();
        await client.ask(target.port);
        const got = await client.ask(target.port, request);
        assert.ok(!(got instanceof Failure) && got.status === 200);
        assert.deepEqual(connectionsOf(target), [0, 0, 1]);
        if (name === "PUT") assert.equal(new TextDecoder().decode(target.requests[2]!.body), "abc");
      });
    }
  }
  await t.step("not if the fresh connection ends too", async () => {
    await using target = await RecorderTarget.start();
    using client = new WireClient();
    await client.ask(target.port);
    target.script = closeBeforeHeaders();
    const got = await client.ask(target.port);
    assert.ok(got instanceof Failure && got.reason === "reset_before_headers");
    assert.deepEqual(connectionsOf(target), [0, 0, 1]);
  });
  await t.step("not if a byte of a response came", async () => {
    await using target = await RecorderTarget.start(atReuse(bytes("H", { close: true })));
    using client = new WireClient();
    await client.ask(target.port);
    const got = await client.ask(target.port);
    assert.ok(got instanceof Failure && got.reason === "reset_before_headers");
    assert.deepEqual(connectionsOf(target), [0, 0]);
  });
  await t.step("not a POST, nor a body that comes in pieces: they fail", async () => {
    for (const request of [{ method: "POST" }, { ...put, method: "POST", body }, inPieces("abc")]) {
      await using target = await RecorderTarget.start(atReuse(closeBeforeHeaders()));
      using client = new WireClient();
      await client.ask(target.port);
      const got = await client.ask(target.port, request);
      assert.ok(got instanceof Failure && got.reason === "reset_before_headers");
      assert.deepEqual(connectionsOf(target), [0, 0]);
    }
  });
  await t.step("nor with UPSTREAM_REUSE=safe: they never meet one", async () => {
    await using target = await RecorderTarget.start(atReuse(closeBeforeHeaders()));
    using client = new WireClient(systemClock, "safe");
    await client.ask(target.port);
    const stream = new Blob([body]).stream();
    for (const request of [{ method: "POST" }, { ...put, method: "POST", body }, { ...put, body: stream }]) {
      const got = await client.ask(target.port, request);
      assert.ok(!(got instanceof Failure) && got.status === 200);
    }
    assert.deepEqual(connectionsOf(target), [0, 1, 2, 3]);
  });
});

Deno.test("idle connections are closed after 50 seconds, at the end, and beyond 256 of a target", async (t) => {
  await t.step("after 50 seconds", async () => {
    const clock = new ManualClock();
    await using target = await RecorderTarget.start();
    using client = new WireClient(clock);
    await client.ask(target.port);
    clock.advance(49_000);
    await client.ask(target.port);
    clock.advance(49_000);
    await client.ask(target.port);
    assert.equal(target.connections, 1);
    clock.advance(56_000);
    await until(() => target.open === 0, "the idle connection's end");
  });
  await t.step("at the end, with what comes back later", async () => {
    await using target = await RecorderTarget.start();
    const client = new WireClient();
    await client.ask(target.port);
    const { promise, resolve } = Promise.withResolvers<void>();
    target.script = async (turn) => {
      await promise;
      await okay()(turn);
    };
    const [open, idle] = [client.ask(target.port), client.ask(target.port, { method: "HEAD" })];
    await until(() => target.requests.length === 3, "both requests");
    client[Symbol.dispose]();
    resolve();
    assert.ok(!(await open instanceof Failure) && !(await idle instanceof Failure));
    await until(() => target.open === 0, "all connections to end");
  });
  await t.step("beyond 256", async () => {
    await using target = await RecorderTarget.start();
    using client = new WireClient();
    const { promise, resolve } = Promise.withResolvers<void>();
    target.script = async (turn) => {
      await promise;
      await okay()(turn);
    };
    const asked = Array.from({ length: 260 }, () => client.ask(target.port));
    await until(() => target.requests.length === 260, "all requests");
    resolve();
    await Promise.all(asked);
    await until(() => target.open === 256, "the surplus to be closed");
    assert.deepEqual(client.table.connections(), { active: 0, idle: 256 });
  });
});
