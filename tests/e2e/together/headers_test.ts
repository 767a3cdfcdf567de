/** Which headers cross, in both directions, and which are sluice's own. */
import assert from "node:assert/strict";
import { header, headerValues } from "../../support/raw_message.ts";
import { bytes, okay } from "../../support/recorder_scripts.ts";
import { seenHeader, seenHeaders } from "../../support/seen_headers.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** A transport that writes its own bytes adds nothing at all. */
const WIRE = Deno.env.get("UPSTREAM_TRANSPORT") !== "fetch";

Deno.test("a target gets the client's headers, its own Host, and nothing invented (A54, C12)", async (t) => {
  await using stage = await WireStage.start();
  await t.step("of a client that sends next to nothing", async () => {
    await stage.ask("GET /x");
    assert.deepEqual(
      seenHeaders(stage).sort(),
      [
        // These mean the same as no such header (RFC 9110 section 12.5); fetch sends them in any case.
        ...(WIRE ? [] : ["accept-encoding: identity", "accept-language: *", "accept: */*"]),
        `host: ${stage.target.address}`,
        // An empty User-Agent stands in for none.
        ...(WIRE ? [] : ["user-agent: "]),
      ].sort(),
    );
  });
  await t.step("of a browser", async () => {
    const headers = [
      "Accept: text/html",
      "Accept-Language: de",
      "Accept-Encoding: gzip, br, zstd",
      "User-Agent: it/1",
      "Cookie: a=1; b=2",
      "Authorization: Basic eDp5",
      "Referer: http://a/b?c",
      "Range: bytes=0-1",
      'If-None-Match: "e"',
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "X-Empty:",
      "X-Twice: 1",
      "X-Twice: 2",
    ];
    await stage.ask("GET /x", { headers });
    const got = seenHeaders(stage);
    for (const line of headers.filter((line) => !/^X-(Twice|Empty)|^Accept-Encoding/.test(line))) {
      assert.ok(got.includes(line.replace(/^[^:]+/, (name) => name.toLowerCase())), line);
    }
    assert.equal(seenHeader(stage, "x-twice"), "1, 2");
    assert.equal(seenHeader(stage, "x-empty"), "");
    // Together they mean the client's list; the first keeps fetch from decoding the answer.
    const encodings = headerValues(stage.target.requests.at(-1)!, "accept-encoding");
    assert.deepEqual(encodings, WIRE ? ["gzip, br, zstd"] : ["identity", "gzip, br, zstd"]);
    assert.equal(got.filter((line) => /^(accept|accept-language|user-agent):/.test(line)).length, 3);
  });
  await stage.settled();
});

Deno.test("hop-by-hop headers stop at sluice, in both directions, with all that Connection lists (A54)", async (t) => {
  await using stage = await WireStage.start();
  await t.step("on the way to the target", async () => {
    await stage.ask("GET /x", {
      headers: [
        "Connection: close, X-Hop , authorization",
        "Connection: x-other",
        "X-Hop: 1",
        "X-Other: 1",
        "Authorization: Basic eDp5",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "TE: gzip, deflate",
        "Trailer: X-T",
        "X-End: 1",
      ],
    });
    const names = new Set(seenHeaders(stage).map((line) => line.split(":")[0]));
    for (
      const name of [
        "connection",
        "x-hop",
        "x-other",
        "authorization",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
      ]
    ) {
      assert.ok(!names.has(name), name);
    }
    assert.ok(names.has("x-end"));
  });
  await t.step("TE: trailers alone is passed on", async () => {
    await stage.ask("GET /x", { headers: ["TE: trailers"] });
    assert.equal(seenHeader(stage, "te"), "trailers");
  });
  await t.step("Connection can't take away what routes, frames or names a client", async () => {
    const names = "host, content-length, via, x-forwarded-for, transfer-encoding";
    const headers = [`Connection: ${names}`, "Content-Length: 3", "X-Forwarded-For: 192.0.2.1", "Via: 1.0 a"];
    await stage.ask("POST /x", { headers, body: "abc" });
    assert.equal(seenHeader(stage, "content-length"), "3");
    assert.equal(seenHeader(stage, "host"), stage.target.address);
    assert.equal(seenHeader(stage, "x-forwarded-for"), "192.0.2.1");
    assert.match(seenHeader(stage, "via")!, /^1\.0 a, 1\.1 sluice-/);
  });
  await t.step("a User-Agent that Connection takes away is not made up for", async () => {
    await stage.ask("GET /x", { headers: ["Connection: user-agent", "User-Agent: curl/8"] });
    assert.equal(seenHeader(stage, "user-agent") ?? "", "");
  });
  await t.step("on the way back; a target that closes its connection does not close the client's", async () => {
    await using client = await stage.connect();
    const lines = [
      "Connection: close, X-Hop",
      "X-Hop: 1",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: x",
      "Trailer: X",
    ];
    stage.script = bytes(`HTTP/1.1 200 OK\r\n${lines.join("\r\n")}\r\nX-End: 1\r\nContent-Length: 2\r\n\r\nok`, {
      close: true,
    });
    const got = await client.exchange(stage.head("GET /x"));
    for (const name of ["connection", "x-hop", "keep-alive", "proxy-connection", "trailer"]) {
      assert.equal(header(got, name), null, name);
    }
    assert.equal(header(got, "x-end"), "1");
    stage.script = okay();
    assert.equal((await client.exchange(stage.head("GET /x"))).status, 200);
  });
  await stage.settled();
});

Deno.test("Via is added, and a request that comes round again is 508", async (t) => {
  await using stage = await WireStage.start();
  await stage.ask("GET /x");
  const own = seenHeader(stage, "via")!;
  assert.match(own, /^1\.1 sluice-[\w-]+$/);
  await t.step("behind another proxy's", async () => {
    await stage.ask("GET /x", { headers: ["Via: 1.0 fred, 1.1 sluice-other", "Via: 1.1 p"] });
    assert.equal(seenHeader(stage, "via"), `1.0 fred, 1.1 sluice-other, 1.1 p, ${own}`);
  });
  await t.step("its own is a loop", async () => {
    const before = stage.target.requests.length;
    const got = await stage.ask("GET /x", { headers: [`Via: 1.0 fred, ${own}, 1.1 p`] });
    assert.deepEqual([got.status, header(got, "x-sluice-reason")], [508, "loop"]);
    assert.equal(stage.target.requests.length, before);
  });
  await t.step("two that forward to each other end it too", async () => {
    await using first = await WireStage.start({ targets: 0, addresses: [new URL(stage.sluice.url).host] });
    const got = await first.ask("GET /x");
    assert.equal(got.status, 200);
    assert.match(seenHeader(stage, "via")!, /^1\.1 sluice-\S+, 1\.1 sluice-\S+$/);
  });
  await stage.settled();
});

Deno.test("PRESERVE_HOST gives a target the client's Host instead of its own", async () => {
  await using stage = await WireStage.start({ env: { TARGET_GROUP_1_PRESERVE_HOST: "true" } });
  await using client = await stage.connect();
  for (const [line, host] of [["GET /x", "shop.example:8080"], ["GET http://other.example/x", "other.example"]]) {
    await client.exchange(`${line} HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n`);
    assert.deepEqual(headerValues(stage.target.requests.at(-1)!, "host"), [host]);
  }
  await stage.settled();
});

Deno.test("a sluice that is its own target answers 508 and does not go round (A51)", async () => {
  await using stage = await WireStage.start({ targets: 0, addresses: ["127.0.0.1:9"] });
  const port = stage.sluice.port;
  await stage.sluice.kill();
  await using loop = await WireStage.start({
    targets: 0,
    addresses: [`127.0.0.1:${port}`],
    env: { LISTENER_PORT: String(port) },
  });
  const got = await loop.ask("GET /x");
  assert.equal(got.status, 508);
  const { lines } = await loop.settled();
  assert.deepEqual(lines.map((line) => [line.status, line.reason]), [[508, "loop"], [508, null]]);
  assert.ok(loop.sluice.events.some((event) => event.level === "warn"), loop.sluice.stderr);
});
