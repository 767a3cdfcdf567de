/** Request bodies reach the target as they came: their bytes, their framing, and only once whole. */
import assert from "node:assert/strict";
import http2 from "node:http2";
import { PASSES_EXPECT, WIRE_ENGINE } from "../../support/engine.ts";
import { bodyText, header, headerValues } from "../../support/raw_message.ts";
import { until } from "../../support/poll.ts";
import { hang, okay } from "../../support/recorder_scripts.ts";
import type { AnswerScript, RecordedRequest } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** The framing headers of a request, in lower case. */
function framing(request: RecordedRequest): string[] {
  return request.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .filter((line) => /^(content-length|transfer-encoding|trailer):/.test(line));
}

Deno.test("a request's method and body reach the target framed as they came (A56, C9)", async (t) => {
  await using stage = await WireStage.start();
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    await t.step(`${method} with a body`, async () => {
      stage.clear();
      await stage.ask(`${method} /x`, { headers: ["Content-Length: 3"], body: "abc" });
      await stage.ask(`${method} /x`, {
        headers: ["Transfer-Encoding: chunked"],
        body: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
      });
      const [whole, pieces] = stage.target.requests;
      assert.deepEqual([whole!.method, bodyText(whole!), framing(whole!)], [method, "abc", ["content-length: 3"]]);
      assert.deepEqual([bodyText(pieces!), framing(pieces!)], ["abcde", ["transfer-encoding: chunked"]]);
      assert.deepEqual([whole!.cutOff, pieces!.cutOff], [false, false]);
    });
    await t.step(`${method} without a body`, async () => {
      stage.clear();
      await stage.ask(`${method} /x`);
      await stage.ask(`${method} /x`, { headers: ["Content-Length: 0"] });
      for (const request of stage.target.requests) {
        assert.equal(request.body.length, 0);
        // A missing length and one of 0 mean the same here (RFC 9110 section 8.6); a chunked body would not.
        assert.deepEqual(framing(request).filter((line) => line !== "content-length: 0"), []);
      }
    });
  }
  await t.step("an empty chunked body stays an empty body", async () => {
    stage.clear();
    await stage.ask("POST /x", { headers: ["Transfer-Encoding: chunked"], body: "0\r\n\r\n" });
    assert.equal(stage.target.requests[0]!.body.length, 0);
    assert.equal(stage.target.requests[0]!.cutOff, false);
  });
  const { lines } = await stage.settled();
  assert.deepEqual(lines.slice(0, 4).map((line) => line.requestBytes), [3, 5, 0, 0]);
});

Deno.test("an upload split over packets arrives whole, under its Content-Length", async (t) => {
  await using stage = await WireStage.start();
  for (const size of [40, 70_000, 400_000]) {
    await t.step(`${size} bytes in seven packets`, async () => {
      stage.clear();
      const body = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255);
      await using client = await stage.connect();
      await client.send(stage.head("PUT /x", [`Content-Length: ${size}`]));
      const cuts = [0, 1, 3, 4, size >> 2, size >> 1, size - 1, size];
      for (let i = 1; i < cuts.length; i++) await client.send(body.subarray(cuts[i - 1], cuts[i]));
      assert.equal((await client.response()).status, 200);
      const [request] = stage.target.requests;
      assert.deepEqual(request!.body, body);
      assert.deepEqual(framing(request!), [`content-length: ${size}`]);
    });
  }
  await t.step("a body that comes in single bytes, chunked", async () => {
    stage.clear();
    await using client = await stage.connect();
    await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]));
    for (const byte of "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n") await client.send(byte);
    assert.equal((await client.response()).status, 200);
    assert.equal(bodyText(stage.target.requests[0]!), "abc");
  });
  await stage.settled();
});

/** Answers 200, and first asks for a body that waits to be asked for. */
const asksForBody: AnswerScript = async (turn) => {
  if (header(turn, "expect") !== null) await turn.socket.send("HTTP/1.1 100 Continue\r\n\r\n");
  await okay()(turn);
};

Deno.test("a client's connection is used again after an upload, whatever its size and framing", async (t) => {
  await using stage = await WireStage.start();
  stage.script = asksForBody;
  const bodies: Record<string, [string, string]> = {
    "3 bytes": ["Content-Length: 3", "abc"],
    "70,000 bytes": ["Content-Length: 70000", "x".repeat(70_000)],
    "400,000 bytes": ["Content-Length: 400000", "x".repeat(400_000)],
    "chunked": ["Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"],
  };
  for (const [name, [header, body]] of Object.entries(bodies)) {
    await t.step(name, async () => {
      await using client = await stage.connect();
      for (const method of ["POST", "PUT", "PATCH"]) {
        const together = await client.exchange(stage.head(`${method} /x`, [header]) + body);
        // Once 100 Continue is there the body is being read, and none of it has come yet.
        await client.send(stage.head(`${method} /x`, [header, "Expect: 100-continue"]));
        assert.equal(await client.socket.readThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        const apart = await client.exchange(body);
        for (const got of [together, apart]) {
          assert.deepEqual([got.status, got.headers.filter(([name]) => name === "connection")], [200, []]);
        }
      }
    });
  }
  await stage.settled();
});

Deno.test("a client that waits for 100 Continue is asked for its body, by sluice or by the target", async () => {
  await using stage = await WireStage.start();
  stage.script = asksForBody;
  await using client = await stage.connect();
  await client.send(stage.head("POST /x", ["Content-Length: 5", "Expect: 100-continue"]));
  assert.equal(await client.socket.readThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send("hello");
  assert.equal((await client.response()).status, 200);
  assert.equal(bodyText(stage.target.requests[0]!), "hello");
  assert.deepEqual(headerValues(stage.target.requests[0]!, "expect"), PASSES_EXPECT ? ["100-continue"] : []);
  await stage.settled();
});

Deno.test("both directions stream at once: a target answers each piece before the next is sent (E10)", async () => {
  await using stage = await WireStage.start();
  stage.script = async ({ socket }) => {
    await socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (;;) {
      const size = parseInt((await socket.readThrough("\r\n"))!, 16);
      const piece = await socket.readExactly(size + 2);
      await socket.send(`${size.toString(16)}\r\n`);
      await socket.send(piece);
      if (size === 0) return socket.close();
    }
  };
  await using client = await stage.connect();
  await client.send(stage.head("POST /echo", ["Transfer-Encoding: chunked"]));
  assert.match((await client.socket.readThrough("\r\n\r\n"))!, /^HTTP\/1.1 200 OK\r\n/);
  for (let i = 0; i < 5; i++) {
    await client.send(`7\r\npiece ${i}\r\n`);
    assert.equal(await client.socket.readThrough(`piece ${i}\r\n`), `7\r\npiece ${i}\r\n`);
  }
  await client.send("0\r\n\r\n");
  assert.equal(await client.socket.readThrough("0\r\n\r\n"), "0\r\n\r\n");
  const { line } = await stage.settled();
  assert.deepEqual([line.status, line.requestBytes, line.responseBytes, line.cutBy], [200, 35, 35, null]);
});

Deno.test("each piece of an upload restarts CONNECTION_TIMEOUT; a client's silence is 408 (E14)", async (t) => {
  await using stage = await WireStage.start({ env: { CONNECTION_TIMEOUT: "700", LISTENER_BODY_TIMEOUT: "700" } });
  await t.step("an upload that takes longer than the limit, in pieces that do not", async () => {
    await using client = await stage.connect();
    await client.send(stage.head("POST /x", ["Content-Length: 6"]));
    for (const byte of "abcdef") {
      await client.send(byte);
      await client.socket.endedWithin(250);
    }
    assert.equal((await client.response()).status, 200);
    assert.equal(bodyText(stage.target.requests[0]!), "abcdef");
  });
  for (
    const [name, head, piece] of [["nothing", "Content-Length: 5", ""], ["a part", "Content-Length: 5", "ab"], [
      "a chunk",
      "Transfer-Encoding: chunked",
      "2\r\nab\r\n",
    ]]
  ) {
    await t.step(`a client that sends ${name} of its body and then stalls`, async () => {
      stage.clear();
      await using client = await stage.connect();
      await client.send(stage.head("POST /x", [head!]) + piece);
      const got = await client.response();
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [408, "body_timeout"]);
      await until(() => stage.target.open === 0, "the target's exchange to end");
      assert.ok(stage.target.requests.every((request) => request.cutOff), "no target sees a whole request");
    });
  }
  await stage.settled();
});

Deno.test("a target that answers before the upload is over is heard at once", async (t) => {
  await using stage = await WireStage.start();
  const early = "HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
  for (const framing of ["Content-Length: 1000000", "Transfer-Encoding: chunked"]) {
    await t.step(framing, async () => {
      stage.script = async ({ socket }) => {
        await socket.readSome();
        await socket.send(early);
        await socket.untilEnded();
      };
      await using client = await stage.connect();
      await client.send(stage.head("POST /x", [framing]) + "5\r\nhello\r\n");
      const got = await client.response();
      assert.deepEqual([got.status, bodyText(got)], [401, "no"]);
    });
  }
  await until(() => stage.target.open === 0, "the target's connections to end");
  await stage.settled();
});

Deno.test("if a client breaks off its upload, no target is blamed", async (t) => {
  await using stage = await WireStage.start();
  stage.script = hang();
  for (const framing of ["Content-Length: 100000", "Content-Length: 10", "Transfer-Encoding: chunked"]) {
    for (const how of ["close", "reset"] as const) {
      await t.step(`${framing}, ${how}`, async () => {
        const client = await stage.connect();
        await client.send(stage.head("POST /x", [framing]) + "3\r\nabc\r\n");
        const seen = stage.target.requests.length;
        await until(
          () => stage.target.requests.length > seen || framing === "Content-Length: 10",
          "the upload's begin",
        );
        await client[how]();
        await until(() => stage.target.open === 0, "the target's exchange to end", { patienceMs: 2_000 });
      });
    }
  }
  const { lines, stats } = await stage.settled();
  const ends = lines.map((line) => `${line.status} ${line.reason}`);
  // A client that closed its side may be there still, and is told; of a reset sluice knows.
  assert.ok(ends.every((end) => end === "499 client_closed" || end === "400 bad_request"), ends.join());
  assert.ok(ends.includes("499 client_closed"), ends.join());
  assert.equal(stats.groups[0]!.targets[0]!.errors, 0);
  assert.ok(stage.target.requests.every((request) => request.cutOff));
  stage.script = okay();
  assert.equal((await stage.ask("GET /x")).status, 200);
});

Deno.test("a body that needs no announcement, in HTTP/2, is not dropped", async () => {
  // The wire engine speaks no HTTP/2 without TLS.
  if (WIRE_ENGINE) return;
  await using stage = await WireStage.start();
  const session = http2.connect(stage.sluice.url);
  try {
    for (const body of ["hello", ""]) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const request = session.request({ ":method": "POST", ":path": "/x", host: "a" });
      request.on("response", (headers) => resolve(Number(headers[":status"])));
      request.on("error", reject);
      request.resume();
      const closed = new Promise((done) => request.on("close", done));
      request.end(body);
      assert.equal(await promise, 200);
      await closed;
      assert.equal(bodyText(stage.target.requests.at(-1)!), body);
    }
  } finally {
    await new Promise<void>((done) => session.close(() => done()));
  }
  await stage.settled();
});
