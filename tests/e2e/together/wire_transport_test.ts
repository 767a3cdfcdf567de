/** What the transport on sockets of its own sends and reads: bytes at the target, real sockets, nothing between. */
import assert from "node:assert/strict";
import { Failure } from "../../../src/forwarding/gateway_error.ts";
import { systemClock } from "../../../src/time/clock.ts";
import { freePort } from "../../support/free_port.ts";
import { until } from "../../support/poll.ts";
import { bytes, closeBeforeHeaders, hang, okay } from "../../support/recorder_scripts.ts";
import { type AnswerScript, RecorderTarget } from "../../support/recorder_target.ts";
import { bytesUnderWay } from "../../support/send_queue.ts";
import { type Asked, Canceller, WireClient } from "../../support/wire_client.ts";
import { WireStage } from "../../support/wire_stage.ts";

const encoder = new TextEncoder();

function streamOf(...pieces: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(encoder.encode(piece));
    },
  }, { highWaterMark: 0 });
}

Deno.test("a request reaches its target byte for byte, as one run of bytes", async (t) => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  const cases: Record<string, [Asked, string]> = {
    "a GET": [
      { path: '/a?it\'s="<x>"', headers: [["host", "h:1"], ["x-b", "c, d"], ["x-empty", ""]] },
      'GET /a?it\'s="<x>" HTTP/1.1\r\nHost: h:1\r\nx-b: c, d\r\nx-empty: \r\n\r\n',
    ],
    "a header beyond ASCII": [
      { headers: [["host", "h"], ["x-b", "\xe9\xff"]] },
      "GET / HTTP/1.1\r\nHost: h\r\nx-b: \xe9\xff\r\n\r\n",
    ],
    "TE, which concerns this connection": [
      { headers: [["host", "h"]], own: [["TE", "trailers"]] },
      "GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n",
    ],
    "a small body": [
      { method: "PUT", headers: [["host", "h"], ["content-length", "3"]], body: encoder.encode("abc"), bodyLength: 3 },
      "PUT / HTTP/1.1\r\nHost: h\r\ncontent-length: 3\r\n\r\nabc",
    ],
    "a body of a known length in pieces": [
      { method: "PUT", headers: [["host", "h"], ["content-length", "5"]], body: streamOf("ab", "cde"), bodyLength: 5 },
      "PUT / HTTP/1.1\r\nHost: h\r\ncontent-length: 5\r\n\r\nabcde",
    ],
    "a chunked body": [
      { method: "POST", headers: [["host", "h"]], body: streamOf("ab", "x".repeat(20_000)), bodyLength: -1 },
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
      `2\r\nab\r\n4e20\r\n${"x".repeat(20_000)}\r\n0\r\n\r\n`,
    ],
    "an empty chunked body": [
      { method: "POST", headers: [["host", "h"]], body: streamOf(), bodyLength: -1 },
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
  };
  using safe = new WireClient(systemClock, "safe");
  for (const [name, [request, sent]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const got = await client.ask(target.port, request);
      assert.ok(!(got instanceof Failure) && got.status === 200);
      await until(() => !target.requests.at(-1)!.cutOff, "the request's end");
      assert.equal(target.requests.at(-1)!.raw, sent);
    });
    if (!(request.body instanceof ReadableStream)) continue;
    await t.step(`${name}, on a connection of its own`, async () => {
      const got = await safe.ask(target.port, { ...request, body: streamOf("ab"), bodyLength: -1 });
      assert.ok(!(got instanceof Failure) && got.status === 200);
      await until(() => !target.requests.at(-1)!.cutOff, "the request's end");
      assert.match(target.requests.at(-1)!.raw, /\r\nConnection: close\r\n\r\n2\r\nab\r\n0\r\n\r\n$/);
    });
  }
});

Deno.test("what would end a header or the request line early is never written", async () => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  for (const end of ["\r", "\n", "\0", "\r\nX-Forged: 1"]) {
    assert.ok(await client.ask(target.port, { headers: [["host", "h"], ["x-a", `b${end}`]] }) instanceof Failure);
    assert.ok(await client.ask(target.port, { path: `/${end}` }) instanceof Failure);
  }
  assert.ok(await client.ask(target.port, { headers: [["host", "h"], ["x-a", "\u0100"]] }) instanceof Failure);
  assert.equal(target.raw, "");
});

Deno.test("a body in pieces waits for its head, however long the target takes to read that", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = new WireClient();
  const long = "y".repeat(24_000_000);
  const request = { method: "POST", headers: [["host", "h"], ["x-long", long]] as [string, string][], bodyLength: -1 };
  const answered = client.ask(listener.addr.port, { ...request, body: streamOf("body") });
  using socket = await listener.accept();
  // Less than the head fits in what the system holds for a target that does not read: its rest has to wait.
  await until(() => bytesUnderWay(socket.remoteAddr.port, listener.addr.port) > 0, "the system to hold what it takes");
  const wanted =
    `POST / HTTP/1.1\r\nHost: h\r\nx-long: ${long}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`;
  const got = new Uint8Array(wanted.length);
  for (let at = 0; at < got.length;) at += (await socket.read(got.subarray(at)))!;
  assert.ok(new TextDecoder().decode(got) === wanted);
  await socket.write(encoder.encode("HTTP/1.1 204 None\r\n\r\n"));
  assert.ok(!(await answered instanceof Failure));
});

Deno.test("a body that ends early, breaks or brings too much never looks like a whole request", async (t) => {
  await using target = await RecorderTarget.start(async (turn) => {
    await turn.body();
    await hang()(turn);
  });
  using client = new WireClient();
  const breaking = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  const cases: Record<string, [ReadableStream<Uint8Array<ArrayBuffer>>, number]> = {
    "too short": [streamOf("ab"), 3],
    "too long": [streamOf("ab", "cd"), 3],
    "broken": [breaking, 3],
    "broken, chunked": [new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) }), -1],
  };
  for (const [name, [body, bodyLength]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const length = bodyLength < 0 ? [] : [["content-length", String(bodyLength)] as [string, string]];
      const cancellation = new Canceller();
      const got = await client.ask(target.port, {
        method: "PUT",
        cancellation,
        headers: [["host", "h"], ...length],
        body,
        bodyLength,
      });
      assert.ok(got instanceof Failure);
      assert.notEqual(cancellation.over, null, "the body's fault, not the target's");
      await until(() => target.open === 0, "the connection's end");
      assert.equal(target.requests.at(-1)!.cutOff, true);
    });
  }
});

Deno.test("an answer is read wherever its target pauses, whole where it is small and comes at once", async (t) => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  const paused = (answer: string, at: number): AnswerScript => async ({ socket }) => {
    await socket.send(answer.slice(0, at));
    await socket.endedWithin(1);
    await socket.send(answer.slice(at));
  };
  const answers: Record<string, [string, string]> = {
    "with a length": ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"],
    "chunked": ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nT: 1\r\n\r\n", "hello"],
    "after interim ones": [
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 204 None\r\n\r\n",
      "",
    ],
  };
  for (const [name, [answer, body]] of Object.entries(answers)) {
    await t.step(name, async () => {
      target.script = bytes(answer);
      const whole = await client.ask(target.port);
      assert.ok(!(whole instanceof Failure) && whole.body === body && whole.inOne);
      for (let at = 1; at < answer.length; at++) {
        target.script = paused(answer, at);
        const got = await client.ask(target.port);
        assert.ok(!(got instanceof Failure), String(at));
        assert.deepEqual([got.status, got.headers, got.body], [whole.status, whole.headers, body], String(at));
      }
    });
  }
  assert.equal(target.connections, 1, "each of them left its connection fit for the next");
});

Deno.test("a small body that dribbles does not hold its headers back", async () => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  const { promise, resolve } = Promise.withResolvers<void>();
  target.script = async ({ socket }) => {
    await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    await promise;
    await socket.send("llo");
  };
  const response = await client.send(target.port);
  assert.equal(new TextDecoder().decode((await response.body!.read())!), "he");
  resolve();
  assert.equal(new TextDecoder().decode((await response.body!.read())!), "llo");
  response.close();
  target.script = okay();
  await client.ask(target.port);
  assert.equal(target.connections, 1);
});

Deno.test("failures have the reasons of the closed list", async (t) => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  const reason = async (script: AnswerScript, port = target.port) => {
    target.script = script;
    const got = await client.ask(port);
    assert.ok(got instanceof Failure, JSON.stringify(got));
    return got.reason;
  };
  await t.step("refused", async () => assert.equal(await reason(okay(), freePort()), "connect_refused"));
  await t.step("closed at once", async () => assert.equal(await reason(closeBeforeHeaders()), "reset_before_headers"));
  await t.step("101 unasked", async () => {
    assert.equal(await reason(bytes("HTTP/1.1 101 X\r\nUpgrade: a\r\n\r\n")), "bad_response");
  });
  await t.step("interim answers without end", async () => {
    assert.equal(await reason(bytes("HTTP/1.1 100 X\r\n\r\n".repeat(30))), "bad_response");
  });
  await t.step("a bad chunk with its head breaks the body", async () => {
    target.script = bytes("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    const got = await client.ask(target.port);
    assert.ok(!(got instanceof Failure) && got.broken && got.body === "");
  });
  await until(() => target.open === 0, "all connections to be closed");
});

Deno.test("an abort closes the connection at once: before the response, in a body, while connecting", async (t) => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  for (const script of [hang(), bytes("HTTP/1.1 200 OK\r\nContent-Le")]) {
    await t.step("before the answer", async () => {
      const controller = new Canceller();
      target.script = script;
      const asked = client.ask(target.port, { cancellation: controller });
      const seen = target.requests.length;
      await until(() => target.requests.length > seen, "the request");
      controller.abort();
      const got = await asked;
      assert.ok(got instanceof Failure && got.reason === "timeout");
      await until(() => target.open === 0, "the connection's end");
    });
  }
  for (const how of ["abort", "close"]) {
    await t.step(`within a body, by ${how}`, async () => {
      const controller = new Canceller();
      target.script = async (turn) => {
        await turn.socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc");
        await hang()(turn);
      };
      const response = await client.send(target.port, { cancellation: controller });
      assert.equal((await response.body!.read())!.length, 3);
      if (how === "abort") {
        const next = response.body!.read();
        controller.abort();
        await assert.rejects(next);
      }
      response.close();
      await until(() => target.open === 0, "the connection's end");
    });
  }
  await t.step("while connecting, and before", async () => {
    const controller = new Canceller();
    const asked = client.ask(target.port, { cancellation: controller });
    controller.abort();
    assert.ok(await asked instanceof Failure);
    assert.ok(await client.ask(target.port, { cancellation: controller }) instanceof Failure);
    await until(() => target.open === 0, "the connection's end");
  });
});

Deno.test("with UPSTREAM_TRANSPORT=wire a query keeps its apostrophe, and nothing is invented (A53)", async () => {
  await using stage = await WireStage.start({ env: { UPSTREAM_TRANSPORT: "wire" } });
  await stage.ask('GET /x?it\'s="<a>"');
  const [request] = stage.target.requests;
  assert.equal(request!.path, '/x?it\'s="<a>"');
  assert.deepEqual(request!.headers.map(([name]) => name.toLowerCase()), ["host", "via"]);
  const listening = stage.sluice.events.find(({ event }) => event === "listening");
  assert.equal(listening!.transport, "wire");
  await stage.settled();
});

Deno.test("a response that ends before its request was sent ends the connection", async () => {
  await using target = await RecorderTarget.start(async ({ socket }) => {
    socket.pause();
    await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
    const { promise, resolve } = Promise.withResolvers<void>();
    released = resolve;
    await promise;
    socket.resume();
  });
  let released = () => {};
  using client = new WireClient();
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  }, { highWaterMark: 0 });
  const got = await client.ask(target.port, { method: "POST", body: endless, bodyLength: -1 });
  assert.ok(!(got instanceof Failure) && got.body === "early");
  released();
  await until(() => target.open === 0, "the connection's end");
  assert.equal(target.requests[0]!.cutOff, true);
});
