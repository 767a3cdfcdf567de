/**
 * Requests that are malformed, ambiguous or can't be passed on as what they are: none reaches a target as something
 * else.
 */
import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../../support/engine.ts";
import { bodyText, header } from "../../support/raw_message.ts";
import { rawExchange } from "../../support/raw_client.ts";
import { WireStage } from "../../support/wire_stage.ts";

const CHUNKED_BODY = "3\r\nabc\r\n0\r\n\r\n";

/** Framings that two readers could read differently (request smuggling), and lines that are no header. */
const BAD_FRAMINGS: Record<string, [string, string]> = {
  "Content-Length and Transfer-Encoding": ["Content-Length: 3\r\nTransfer-Encoding: chunked", CHUNKED_BODY],
  "Transfer-Encoding and Content-Length": ["Transfer-Encoding: chunked\r\nContent-Length: 3", CHUNKED_BODY],
  "two different Content-Lengths": ["Content-Length: 3\r\nContent-Length: 4", "abcd"],
  "two equal Content-Lengths": ["Content-Length: 3\r\nContent-Length: 3", "abc"],
  "a list as Content-Length": ["Content-Length: 3, 3", "abc"],
  "a Content-Length with a plus": ["Content-Length: +3", "abc"],
  "a negative Content-Length": ["Content-Length: -3", "abc"],
  "a hexadecimal Content-Length": ["Content-Length: 0x3", "abc"],
  "an exponent as Content-Length": ["Content-Length: 3e0", "abc"],
  "a fraction as Content-Length": ["Content-Length: 3.0", "abc"],
  "an empty Content-Length": ["Content-Length: ", ""],
  "a Content-Length beyond 64 bits": ["Content-Length: 99999999999999999999", "abc"],
  "a Content-Length beyond 2^53": ["Content-Length: 9007199254740993", "abc"],
  "an unknown Transfer-Encoding": ["Transfer-Encoding: foo", CHUNKED_BODY],
  "a second transfer coding": ["Transfer-Encoding: gzip, chunked", CHUNKED_BODY],
  "chunked that is not last": ["Transfer-Encoding: chunked, identity", CHUNKED_BODY],
  "chunked twice": ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNKED_BODY],
  "a word that ends in chunked": ["Transfer-Encoding: xchunked", CHUNKED_BODY],
  "a vertical tab before chunked": ["Transfer-Encoding: \x0bchunked", CHUNKED_BODY],
  "a space before the colon": ["Transfer-Encoding : chunked", CHUNKED_BODY],
  "a folded Transfer-Encoding": ["Transfer-Encoding:\r\n chunked", CHUNKED_BODY],
  "a folded header": ["X-A: a\r\n b", ""],
  "NUL in a value": ["X-A: a\0b", ""],
  "a bare CR in a value": ["X-A: a\rTransfer-Encoding: chunked", CHUNKED_BODY],
  "a second Host": ["Host: other", ""],
  "a line without a colon": ["X-A", ""],
  "a header without a name": [": x", ""],
  "a space in a header's name": ["X A: x", ""],
  "a head of 70 KB": [`X-A: ${"y".repeat(70_000)}`, ""],
};

/** Where the body's end is plain, so that what follows is the next request. */
const FRAMED = new Set(["two equal Content-Lengths", "a second transfer coding"]);

Deno.test("a request that could be read in two ways is answered 400 and reaches no target", async (t) => {
  await using stage = await WireStage.start();
  for (const [name, [lines, body]] of Object.entries(BAD_FRAMINGS)) {
    await t.step(name, async () => {
      const hidden = FRAMED.has(name) ? "" : stage.head("GET /smuggled");
      const got = await rawExchange(stage.sluice.url, stage.head("POST /x", [lines]) + body + hidden);
      assert.equal(got.status, WIRE_ENGINE && name === "a head of 70 KB" ? 431 : 400);
    });
  }
  await t.step("chunks that are none end the connection", async () => {
    for (const body of ["zz\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc\r\n"]) {
      await using client = await stage.connect();
      await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]) + body);
      await client.socket.untilEnded();
    }
  });
  // Nothing of a refused request's body was taken for a request (a 200 in a pipeline, say).
  assert.deepEqual(stage.target.requests.filter((request) => !request.cutOff), []);
  assert.ok(!stage.target.raw.includes("smuggled"), stage.target.raw);
  await stage.settled();
});

Deno.test("what a lenient reader accepts reaches a target in one strict form", async (t) => {
  await using stage = await WireStage.start();
  const accepted: Record<string, [string, string]> = {
    "bare LF as line end": [stage.head("GET /x").replaceAll("\r\n", "\n"), ""],
    "empty lines before the request line": [`\r\n\r\n${stage.head("GET /x")}`, ""],
    "Transfer-Encoding in capitals": [stage.head("POST /x", ["TRANSFER-ENCODING: CHUNKED"]) + CHUNKED_BODY, "abc"],
    "leading zeros in a length": [`${stage.head("POST /x", [`Content-Length: ${"0".repeat(30)}3`])}abc`, "abc"],
    "chunk extensions": [
      stage.head("POST /x", ["Transfer-Encoding: chunked"]) + "3;a=b\r\nabc\r\n0\r\n\r\n",
      "abc",
    ],
    "trailers": [
      stage.head("POST /x", ["Transfer-Encoding: chunked", "Trailer: X-T"]) + "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
      "abc",
    ],
    "an underscore for a hyphen": [
      stage.head("POST /x", ["Transfer_Encoding: chunked", "Content-Length: 3"]) + "abc",
      "abc",
    ],
  };
  for (const [name, [request, body]] of Object.entries(accepted)) {
    await t.step(name, async () => {
      stage.clear();
      if (WIRE_ENGINE && name === "bare LF as line end") {
        return assert.equal((await rawExchange(stage.sluice.url, request)).status, 400);
      }
      assert.equal((await rawExchange(stage.sluice.url, request)).status, 200);
      const [seen] = stage.target.requests;
      assert.equal(stage.target.requests.length, 1);
      assert.equal(bodyText(seen!), body);
      assert.match(seen!.raw, /^(GET|POST) \/x HTTP\/1\.1\r\n([\w-]+: [^\r\n]*\r\n)+\r\n/);
      const framing = seen!.headers.filter(([n]) => /^(content-length|transfer-encoding|trailer)$/i.test(n));
      assert.ok(framing.length <= 1, JSON.stringify(framing));
      assert.match(header(seen!, "content-length") ?? "0", /^(0|[1-9][0-9]*)$/);
    });
  }
  await stage.settled();
});

Deno.test("a GET or HEAD with a body is answered 400, never sent without it", async (t) => {
  // The wire engine passes it on (wire_engine_test.ts).
  if (WIRE_ENGINE) return;
  await using stage = await WireStage.start();
  for (const method of ["GET", "HEAD"]) {
    for (const [framing, body] of [["Content-Length: 3", "abc"], ["Transfer-Encoding: chunked", CHUNKED_BODY]]) {
      await t.step(`${method} with ${framing}`, async () => {
        await using client = await stage.connect();
        const got = await client.exchange(stage.head(`${method} /x`, [framing!]) + body, method);
        assert.deepEqual([got.status, header(got, "x-sluice-reason")], [400, "bad_request"]);
        assert.equal((await client.exchange(stage.head("OPTIONS /next"))).status, 200);
      });
    }
  }
  assert.deepEqual(stage.target.requests.map((request) => request.method), Array(4).fill("OPTIONS"));
  await t.step("with Content-Length 0 there is none", async () => {
    assert.equal((await stage.ask("GET /x", { headers: ["Content-Length: 0"] })).status, 200);
  });
  await stage.settled();
});

Deno.test("a body larger than MAX_BODY_BYTES is 413, whether announced or found while it is read", async (t) => {
  await using stage = await WireStage.start({ env: { MAX_BODY_BYTES: "1000" } });
  await t.step("announced", async () => {
    const got = await stage.ask("POST /x", { headers: ["Content-Length: 1001"], body: "a".repeat(1001) });
    assert.deepEqual([got.status, header(got, "x-sluice-reason")], [413, "body_too_large"]);
    assert.equal(stage.target.requests.length, 0);
  });
  await t.step("announced by a client that waits to be asked for its body", async () => {
    const got = await stage.ask("POST /x", { headers: ["Content-Length: 1001", "Expect: 100-continue"] });
    assert.equal(got.status, 413);
    assert.equal(stage.target.requests.length, 0);
  });
  await t.step("chunked: no target sees a whole one", async () => {
    const body = `1f4\r\n${"a".repeat(500)}\r\n`.repeat(3) + "0\r\n\r\n";
    const got = await stage.ask("POST /x", { headers: ["Transfer-Encoding: chunked"], body });
    assert.deepEqual([got.status, header(got, "x-sluice-reason")], [413, "body_too_large"]);
    assert.ok(stage.target.requests.every((request) => request.cutOff));
  });
  await t.step(
    "chunked, when the answer has begun: the transfer is broken, and that is the client's doing",
    async () => {
      stage.script = async ({ socket }) => {
        await socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await socket.untilEnded();
      };
      await using client = await stage.connect();
      await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]));
      assert.notEqual(await client.socket.readThrough("abc"), null);
      for (let i = 0; i < 3; i++) await client.send(`1f4\r\n${"a".repeat(500)}\r\n`);
      await client.socket.untilEnded();
      const { line } = await stage.settled();
      assert.deepEqual([line.status, line.cutBy], [200, "client"]);
    },
  );
  await t.step("exactly as much passes", async () => {
    stage.clear();
    const got = await stage.ask("POST /x", { headers: ["Content-Length: 1000"], body: "a".repeat(1000) });
    assert.equal(got.status, 200);
    assert.equal(stage.target.requests[0]!.body.length, 1000);
  });
  const { stats } = await stage.settled();
  assert.equal(stats.groups[0]!.targets[0]!.errors, 0, "the target is not blamed");
});
