/**
 * What a target answers arrives at the client as it was sent: bytes on the wire at both ends, and what sluice says of
 * it.
 */
import assert from "node:assert/strict";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { WIRE_ENGINE } from "../../support/engine.ts";
import { bodyText, header, headerValues } from "../../support/raw_message.ts";
import { text } from "../../support/raw_socket.ts";
import { answer, bytes, chunked, informational } from "../../support/recorder_scripts.ts";
import { WireStage } from "../../support/wire_stage.ts";

const PLAIN = "sluice ".repeat(300);
/**
 * A short chunked answer that came with its head goes on whole, with its length, by the transport that reads it itself.
 */
const WIRE = Deno.env.get("UPSTREAM_TRANSPORT") !== "fetch";

Deno.test("a target's answer reaches the client byte for byte (A52, C15)", async (t) => {
  await using stage = await WireStage.start();
  const get = (script: ReturnType<typeof bytes>, headers: string[] = []) => stage.ask("GET /x", { headers, script });
  const wire = (head: string, body = "") => bytes(`HTTP/1.1 ${head}\r\n\r\n${body}`);

  const encodings = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync };
  for (const [name, compress] of Object.entries(encodings)) {
    for (const asked of [true, false]) {
      await t.step(`a ${name} body, ${asked ? "asked for" : "not asked for"}, stays as it is`, async () => {
        const body = new Uint8Array(compress(new TextEncoder().encode(PLAIN)));
        const script = answer(200, ["Content-Type: text/html", `Content-Encoding: ${name}`, "Vary: x"], body);
        const got = await get(script, asked ? ["Accept-Encoding: gzip, br, zstd"] : []);
        assert.deepEqual(got.body, body);
        assert.equal(header(got, "content-encoding"), name);
        assert.equal(header(got, "content-length"), String(body.length));
        assert.equal((await stage.settled()).line.responseBytes, body.length);
      });
    }
  }

  await t.step("a chunked compressed body stays as it is", async () => {
    const body = text(new Uint8Array(gzipSync(PLAIN)));
    const got = await get(chunked([body.slice(0, 10), body.slice(10)], { headers: ["Content-Encoding: gzip"] }));
    assert.equal(text(got.body), body);
    if (!WIRE) assert.equal(header(got, "content-length"), null);
  });

  await t.step("sluice does not compress an uncompressed body", async () => {
    const got = await get(answer(200, ["Content-Type: text/html"], PLAIN), ["Accept-Encoding: gzip, br"]);
    assert.equal(bodyText(got), PLAIN);
    assert.equal(header(got, "content-encoding"), null);
    assert.equal(header(got, "vary"), null);
  });

  await t.step("chunked answers arrive whole, and without a length if they are long", async () => {
    for (const pieces of [["abc", "de"], ["x".repeat(100_000), "y"]]) {
      const got = await get(chunked(pieces, { trailers: ["X-T: 1"] }));
      assert.equal(bodyText(got), pieces.join(""));
      assert.equal(header(got, "x-t"), null);
      const framing = [header(got, "transfer-encoding"), header(got, "content-length")];
      if (WIRE && framing[0] === null) assert.deepEqual(framing, [null, "5"]);
      else assert.deepEqual(framing, ["chunked", null]);
    }
  });

  await t.step("leading zeros in lengths and chunk sizes, and blanks behind these, change nothing", async () => {
    const zeros = "0".repeat(40);
    const answers = [
      wire(`200 OK\r\nContent-Length: ${zeros}5`, "abcde"),
      wire("200 OK\r\nTransfer-Encoding: chunked", `${zeros}3  \r\nabc\r\n2\t\r\nde\r\n${zeros}\r\n\r\n`),
    ];
    for (const script of answers) {
      const got = await get(script);
      assert.deepEqual([got.status, bodyText(got), got.cutOff], [200, "abcde", false]);
      assert.ok([null, "5"].includes(header(got, "content-length")), String(header(got, "content-length")));
    }
  });

  await t.step("answers that end with their connection arrive whole, from HTTP/1.0 and 1.1", async () => {
    for (const version of ["1.0", "1.1"]) {
      const got = await get(bytes(`HTTP/${version} 200 OK\r\nX-A: 1\r\n\r\nuntil the end`, { close: true }));
      assert.equal(bodyText(got), "until the end");
      assert.equal(header(got, "x-a"), "1");
      assert.equal(got.cutOff, false);
    }
  });

  await t.step("204 and 304 have no body, and the connection serves on", async () => {
    await using client = await stage.connect();
    for (const head of ["204 No Content\r\nX-A: 1", '304 Not Modified\r\nETag: "e"\r\nContent-Length: 12\r\nX-A: 1']) {
      stage.script = wire(head);
      const got = await client.exchange(stage.head("GET /x"));
      assert.equal(got.status, Number(head.slice(0, 3)));
      assert.equal(header(got, "x-a"), "1");
      assert.equal(header(got, "transfer-encoding"), null);
    }
    stage.script = answer(200, [], "after");
    assert.equal(bodyText(await client.exchange(stage.head("GET /x"))), "after");
  });

  await t.step("a 205 is answered as 204 by Deno.serve, so that its client is not left waiting", async () => {
    await using client = await stage.connect();
    stage.script = wire("205 Reset Content\r\nContent-Length: 0\r\nX-A: 1");
    const got = await client.exchange(stage.head("POST /x", ["Content-Length: 0"]));
    assert.equal(got.status, WIRE_ENGINE ? 205 : 204);
    assert.equal(header(got, "x-a"), "1");
    stage.script = answer(200, [], "after");
    assert.equal(bodyText(await client.exchange(stage.head("GET /x"))), "after");
  });

  await t.step("an empty body stays one of length 0", async () => {
    const got = await get(answer(200));
    assert.equal(header(got, "content-length"), "0");
    assert.equal(got.body.length, 0);
  });

  await t.step("HEAD keeps the target's Content-Length, and gets none if the target gave none", async () => {
    await using client = await stage.connect();
    stage.script = answer(200, ["Content-Type: text/plain"], "hello");
    const got = await client.exchange(stage.head("HEAD /x"), "HEAD");
    assert.equal(header(got, "content-length"), "5");
    for (const head of ["200 OK\r\nX-A: 1", "200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked"]) {
      stage.script = wire(head);
      const bare = await client.exchange(stage.head("HEAD /x"), "HEAD");
      assert.equal(header(bare, "content-length"), null);
      assert.equal(header(bare, "x-a"), "1");
    }
    assert.equal(stage.target.requests.at(-1)!.method, "HEAD");
    stage.script = answer(200, [], "after");
    assert.equal(bodyText(await client.exchange(stage.head("GET /x"))), "after");
  });

  await t.step(
    "several Set-Cookie stay separate and in order; repeated headers keep their values in order",
    async () => {
      const cookies = ["b=2; Path=/", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=3"];
      const got = await get(answer(200, [...cookies.map((c) => `Set-Cookie: ${c}`), "X-A: 1", "X-A: 2"], "x"));
      assert.deepEqual(headerValues(got, "set-cookie"), cookies);
      assert.equal(header(got, "x-a"), "1, 2");
    },
  );

  await t.step("bytes beyond ASCII in headers pass both ways", async () => {
    const got = await get(answer(200, ["X-L: na\xefve"]), ["X-L: caf\xe9"]);
    assert.equal(header(got, "x-l"), "na\xefve");
    assert.match(stage.target.requests.at(-1)!.raw, /x-l: caf\xe9\r\n/i);
  });

  await t.step("headers of 30 KB pass both ways", async () => {
    const big = "y".repeat(30_000);
    const got = await get(answer(200, [`X-Big: ${big}`]), [`X-Big: ${big}`]);
    assert.equal(header(got, "x-big"), big);
    assert.equal(header(stage.target.requests.at(-1)!, "x-big"), big);
  });

  await t.step("1xx answers before the real one do not take its place", async () => {
    for (const status of [100, 102, 103]) {
      const got = await get(informational(status, ["Link: </x>"]));
      assert.equal(got.status, 200);
      assert.equal(bodyText(got), "ok");
    }
  });

  await t.step("a target's own errors and odd statuses pass, with their bodies (A52)", async () => {
    for (const status of [299, 400, 404, 418, 429, 500, 502, 503, 504, 599]) {
      const got = await get(answer(status, ["X-A: 1", "Retry-After: 7"], `its own ${status}`));
      assert.equal(got.status, status);
      assert.equal(bodyText(got), `its own ${status}`);
      assert.equal(header(got, "x-sluice-reason"), null);
    }
    const { lines } = await stage.settled();
    assert.deepEqual(lines.slice(-2).map((line) => [line.status, line.reason]), [[504, null], [599, null]]);
  });

  await t.step("redirects are passed on, never followed (C13)", async () => {
    stage.clear();
    for (const status of [301, 302, 303, 307, 308]) {
      const got = await get(answer(status, [`Location: http://${stage.target.address}/elsewhere`]));
      assert.deepEqual([got.status, header(got, "location")], [status, `http://${stage.target.address}/elsewhere`]);
    }
    assert.deepEqual(stage.target.requests.map((r) => r.path), Array(5).fill("/x"));
  });

  await t.step("Date and Server are the target's", async () => {
    const date = "Mon, 01 Jan 2024 00:00:00 GMT";
    const got = await get(answer(200, [`Date: ${date}`, "Server: its-own"]));
    assert.deepEqual([headerValues(got, "date"), headerValues(got, "server")], [[date], ["its-own"]]);
  });

  await t.step("every byte value passes in a body, short and long", async () => {
    for (const length of [256, 70_000, 300_000]) {
      const body = Uint8Array.from({ length }, (_, i) => i & 255);
      const got = await get(answer(200, [], body));
      assert.deepEqual(got.body, body);
    }
  });

  await t.step("a whole answer lets its connection be used again", async () => {
    stage.script = answer(200, [], "x");
    await stage.ask("GET /x");
    await stage.settled();
    const before = stage.target.connections;
    for (const body of ["x", "", "y".repeat(70_000)]) {
      await stage.ask("GET /x", { script: answer(200, [], body) });
      await stage.settled();
    }
    await stage.ask("GET /x", { script: chunked(["abc"]) });
    assert.equal(stage.target.connections, before);
  });

  const { stats } = await stage.settled();
  assert.equal(stats.groups[0]!.targets[0]!.requests, stats.total.finished);
});
