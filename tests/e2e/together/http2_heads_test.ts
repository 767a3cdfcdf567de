/** Heads of HTTP/2, of requests and of responses: large ones, bombs, and what must not cross. */
import assert from "node:assert/strict";
import {
  Flag,
  frame,
  FrameType,
  get,
  headerBlock,
  Http2Client,
  joined,
  requestLines,
} from "../../support/http2_client.ts";
import { until } from "../../support/poll.ts";
import { answer, byPath } from "../../support/recorder_scripts.ts";
import { residentKib } from "../../support/resident_memory.ts";
import { withTlsStage } from "../../support/tls_stage.ts";

const WHOLE = Flag.endStream | Flag.endHeaders;

Deno.test("a bomb of fields (each byte stands for 4,000) is refused, takes little memory, and breaks nothing", () =>
  withTlsStage({ LISTENER_WORKERS: "1" }, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    // "x-a" with 4,000 bytes is remembered; its index is 62.
    const remembered = joined(new Uint8Array([0x40]), headerBlock([["x-a", "v".repeat(4_000)]]).subarray(1));
    const bomb = joined(headerBlock(requestLines("/bomb")), remembered, new Uint8Array(12_000).fill(0x80 | 62));
    const before = residentKib(stage.sluice.pid, "VmRSS");
    for (let i = 0; i < 50; i++) {
      await client.send(frame(FrameType.headers, WHOLE, 2 * i + 1, bomb));
      assert.equal(await client.status(2 * i + 1), 431);
    }
    const grown = residentKib(stage.sluice.pid, "VmRSS") - before;
    assert.ok(grown < 150_000, `${grown} KiB more`);
    // The table is as the client thinks: the field is still known.
    const known = joined(headerBlock(requestLines("/known")), new Uint8Array([0x80 | 62]));
    await client.send(frame(FrameType.headers, WHOLE, 101, known));
    assert.equal(await client.status(101), 200);
    const [request] = stage.target.requests;
    assert.equal(stage.target.requests.length, 1);
    assert.deepEqual(request!.headers.filter(([name]) => name === "x-a").map(([, value]) => value.length), [4_000]);
    await stage.sluice.settled();
  }));

Deno.test("a head of many frames reaches its target as one", () =>
  withTlsStage({}, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const fields = Array.from({ length: 40 }, (_, i) => [`x-${i}`, `${i}`.repeat(700)] as [string, string]);
    const block = headerBlock([...requestLines("/"), ...fields]);
    const frames = [frame(FrameType.headers, Flag.endStream, 1, block.slice(0, 16_000))];
    for (let at = 16_000; at < block.length; at += 9_000) {
      const last = at + 9_000 >= block.length;
      frames.push(frame(FrameType.continuation, last ? Flag.endHeaders : 0, 1, block.slice(at, at + 9_000)));
    }
    // In one go: the acknowledgement of SETTINGS may not come between them.
    await client.send(...frames);
    assert.equal(await client.status(1), 200);
    const told = new Map(stage.target.requests[0]!.headers.map(([name, value]) => [name, value]));
    for (const [name, value] of fields) assert.equal(told.get(name), value, name);
  }));

Deno.test("a response's head of 60,000 bytes comes whole, in frames of 16,384 bytes at most", () =>
  withTlsStage({}, async (stage, authority) => {
    // "&" has 8 bits in the code of HPACK, so nothing is compressed.
    const lines = Array.from({ length: 60 }, (_, i) => `X-${i}: ${"&".repeat(1_000)}`);
    stage.target.script = byPath({ "/large": answer(200, lines, "body") });
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(get(1, "/large"), get(3, "/"));
    assert.deepEqual([await client.status(1), await client.status(3)], [200, 200]);
    await until(() => client.finished(1) && client.finished(3), "the end of both responses");
    const values = client.heads(1)[0]!.filter(([name]) => /^x-\d+$/.test(name)).map(([, value]) => value);
    assert.deepEqual(values, Array(60).fill("&".repeat(1_000)));
    assert.equal(new TextDecoder().decode(client.data(1)), "body");
    assert.ok(client.frames.every(({ payload }) => payload.length <= 16_384));
    assert.ok(client.frames.some(({ type }) => type === FrameType.continuation), "there is a CONTINUATION");
  }));

Deno.test("a client of HTTP/2 is sent nothing that is of a connection of HTTP/1.1, and names are in lower case", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = answer(200, [
      "X-Capital: Value",
      "Connection: keep-alive, X-Mine",
      "X-Mine: 1",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "Upgrade: h2c",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "X-Latin: caf\xe9",
    ], "body");
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(get(1, "/"));
    await until(() => client.finished(1), "the response");
    const [fields] = client.heads(1);
    const names = fields!.map(([name]) => name);
    for (const name of ["connection", "x-mine", "keep-alive", "proxy-connection", "upgrade", "transfer-encoding"]) {
      assert.ok(!names.includes(name), `${name} was sent`);
    }
    assert.deepEqual(names.filter((name) => name !== name.toLowerCase()), []);
    assert.equal(names[0], ":status");
    assert.deepEqual(fields!.filter(([name]) => name === "set-cookie").map(([, value]) => value), ["a=1", "b=2"]);
    assert.deepEqual(fields!.filter(([name]) => name.startsWith("x-")), [["x-capital", "Value"], [
      "x-latin",
      "caf\xe9",
    ]]);
  }));

Deno.test("cookies in several fields reach their target as one line", () =>
  withTlsStage({}, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(get(1, "/", [["cookie", "a=1"], ["x-a", "1"], ["cookie", "b=2"]]));
    assert.equal(await client.status(1), 200);
    const cookies = stage.target.requests[0]!.headers.filter(([name]) => /^cookie$/i.test(name));
    assert.deepEqual(cookies.map(([, value]) => value), ["a=1; b=2"]);
  }));

Deno.test("a client without a header table, and one that changes it, can read all heads", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = answer(200, ["Cache-Control: max-age=60", "Server: test"], "body");
    using client = await Http2Client.connect(stage.port, authority, { settings: [[1, 0]] });
    const sizes = [0, 100, 4_096, 65_536, 50, 0];
    for (const [index, size] of sizes.entries()) {
      const stream = 4 * index + 1;
      await client.send(
        frame(FrameType.settings, 0, 0, new Uint8Array([0, 1, 0, size >> 16, size >> 8 & 255, size & 255])),
      );
      await client.send(get(stream, "/"), get(stream + 2, "/"));
      await until(() => client.finished(stream) && client.finished(stream + 2), "the responses");
      for (const each of [stream, stream + 2]) {
        const fields = Object.fromEntries(client.heads(each)[0]!);
        assert.deepEqual([fields[":status"], fields["cache-control"]], ["200", "max-age=60"]);
      }
    }
  }));

Deno.test("a request that names no path of one host is answered by sluice, and reaches no target", () =>
  withTlsStage({}, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const requests: [number, [string, string][]][] = [
      [405, [[":method", "CONNECT"], [":authority", "localhost:1"]]],
      [405, requestLines("/", { method: "CONNECT" })],
      [405, requestLines("/", { method: "TRACE" })],
      [400, [...requestLines("/", { method: "CONNECT" }), [":protocol", "websocket"]]],
      [400, requestLines("http://elsewhere.test/")],
      [400, requestLines("/a#b")],
      [400, requestLines("/", { scheme: "ftp" })],
      [400, requestLines("/", { authority: "" })],
    ];
    for (const [index, [status, lines]] of requests.entries()) {
      await client.send(frame(FrameType.headers, WHOLE, 2 * index + 1, headerBlock(lines)));
      assert.equal(await client.status(2 * index + 1), status, JSON.stringify(lines));
    }
    assert.deepEqual(stage.target.requests, []);
  }));
