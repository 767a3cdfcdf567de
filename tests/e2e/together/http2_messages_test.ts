/** What passes between clients of HTTP/2 and targets of HTTP/1.1, with the engine `wire`. */
import assert from "node:assert/strict";
import { FieldDecoder } from "../../../src/http2/field_decoder.ts";
import { TestAuthority } from "../../support/certificates.ts";
import {
  Flag,
  frame,
  FrameType,
  get,
  headerBlock,
  Http2Client,
  requestLines,
  word,
} from "../../support/http2_client.ts";
import { BY_FETCH } from "../../support/engine.ts";
import { until } from "../../support/poll.ts";
import { answer, byPath, chunked, informational, okay } from "../../support/recorder_scripts.ts";
import { TlsStage, withTlsStage } from "../../support/tls_stage.ts";

/** PROTOCOL_ERROR (RFC 9113 section 7). */
const PROTOCOL_ERROR = 1;

/** The header blocks of a client's responses, by stream, each as text lines. */
function blocksOf(client: Http2Client): Map<number, string[][]> {
  const decoder = new FieldDecoder(4096);
  const blocks = new Map<number, string[][]>();
  for (const { type, stream, payload } of client.frames) {
    if (type !== FrameType.headers) continue;
    const lines: string[] = [];
    decoder.decode(payload as Uint8Array<ArrayBuffer>, 0, payload.length, (name, value) => {
      if (name !== "date") lines.push(`${name}: ${value}`);
    });
    blocks.set(stream, [...blocks.get(stream) ?? [], lines]);
  }
  return blocks;
}

/** Waits for the end of a stream. */
function ended(client: Http2Client, stream: number): Promise<unknown> {
  return until(
    () => client.frames.find((each) => each.stream === stream && each.type <= 1 && (each.flags & Flag.endStream) !== 0),
    `the end of stream ${stream}`,
  );
}

function post(stream: number, path: string, more: readonly (readonly [string, string])[] = []): Uint8Array {
  const lines = [...requestLines(path, { method: "POST" }), ...more];
  return frame(FrameType.headers, Flag.endHeaders, stream, headerBlock(lines));
}

function data(stream: number, text: string, flags: number): Uint8Array {
  return frame(FrameType.data, flags, stream, new TextEncoder().encode(text));
}

Deno.test({
  name: "interim responses and trailers pass: to a client that takes them, and to the target",
  // `fetch` passes neither.
  ignore: BY_FETCH,
  fn: () =>
    withTlsStage({}, async (stage, authority) => {
      stage.target.script = informational(103, ["Link: </a.css>"], chunked(["ab", "c"], { trailers: ["X-Sum: 1"] }));
      using client = await Http2Client.connect(stage.port, authority);
      await client.send(post(1, "/", [["te", "trailers"]]), data(1, "body", 0));
      await client.send(frame(FrameType.headers, Flag.endStream | Flag.endHeaders, 1, headerBlock([["x-check", "2"]])));
      await ended(client, 1);
      assert.deepEqual(blocksOf(client).get(1), [[":status: 103", "link: </a.css>"], [":status: 200"], ["x-sum: 1"]]);
      await client.send(get(3, "/"));
      await ended(client, 3);
      assert.deepEqual(blocksOf(client).get(3), [[":status: 103", "link: </a.css>"], [":status: 200"]]);
      const [request] = stage.target.requests;
      assert.equal(new TextDecoder().decode(request!.body), "body");
      assert.match(request!.raw, /\r\n0\r\nx-check: 2\r\n\r\n$/);
    }),
});

Deno.test("a target gets the crumbs of a cookie as one, and a length if all of the body came at once", () =>
  withTlsStage({}, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(post(1, "/", [["cookie", "a=1"], ["x-a", "1"], ["cookie", "b=2"]]), data(1, "abc", 1));
    await ended(client, 1);
    await client.send(post(3, "/"), data(3, "", Flag.endStream));
    await ended(client, 3);
    const [first, second] = stage.target.requests.map(({ headers }) => Object.fromEntries(headers));
    assert.deepEqual([first!["cookie"], first!["content-length"], first!["x-a"]], ["a=1; b=2", "3", "1"]);
    assert.equal(second!["transfer-encoding"] ?? second!["Transfer-Encoding"], undefined);
  }));

Deno.test("a HEAD, a 204 and a 304 end with their heads", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = byPath({ "/204": answer(204), "/304": answer(304, ['ETag: "1"']), "/": okay("body") });
    using client = await Http2Client.connect(stage.port, authority);
    const head = headerBlock(requestLines("/", { method: "HEAD" }));
    await client.send(frame(FrameType.headers, Flag.endStream | Flag.endHeaders, 1, head), get(3, "/204"));
    await client.send(get(5, "/304"));
    for (const stream of [1, 3, 5]) {
      const { flags } = await client.frame(FrameType.headers, stream);
      assert.equal(flags & Flag.endStream, Flag.endStream, `stream ${stream}`);
    }
    assert.ok(blocksOf(client).get(1)![0]!.includes("content-length: 4"));
    assert.equal(client.frames.some(({ type }) => type === FrameType.data), false);
  }));

Deno.test("a body of another length than its content-length is refused, and the connection lives on", () =>
  withTlsStage({}, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const length: [string, string][] = [["content-length", "4"]];
    await client.send(post(1, "/short", length), data(1, "abc", Flag.endStream));
    await client.send(post(3, "/long", length), data(3, "abcde", Flag.endStream));
    await client.send(
      frame(
        FrameType.headers,
        Flag.endStream | Flag.endHeaders,
        5,
        headerBlock(requestLines("/none", { method: "POST" }).concat(length)),
      ),
    );
    for (const stream of [1, 3, 5]) {
      const { payload } = await client.frame(FrameType.reset, stream);
      assert.equal(payload[3], PROTOCOL_ERROR);
    }
    await client.send(get(7, "/"));
    assert.equal(await client.status(7), 200);
    const lines = await stage.sluice.accessLines(4);
    assert.equal(lines.filter(({ status, reason }) => status === 400 && reason === "bad_request").length, 3);
  }));

Deno.test("a client's windows are kept to, and a response goes on when they open", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = okay("x".repeat(100_000));
    using client = await Http2Client.connect(stage.port, authority, { settings: [[4, 1_000]] });
    const got = () =>
      client.frames.filter(({ type }) => type === FrameType.data).reduce((sum, { payload }) => sum + payload.length, 0);
    await client.send(get(1, "/"));
    await until(() => got() === 1_000, "the first window");
    await client.send(frame(FrameType.windowUpdate, 0, 1, word(64_535)));
    await until(() => got() === 65_535, "the window of the connection");
    await client.send(frame(FrameType.settings, 0, 0, new Uint8Array([0, 4, ...word(100_000)])));
    await client.send(frame(FrameType.windowUpdate, 0, 0, word(34_465)));
    await ended(client, 1);
    assert.equal(got(), 100_000);
  }));

Deno.test("large bodies pass both ways beside each other, with one certificate and with several", async () => {
  await using authority = await TestAuthority.make();
  const [one, other] = [
    await authority.issue({ names: ["127.0.0.1"] }),
    await authority.issue({ names: ["other.test"] }),
  ];
  for (const certificates of [[one], [one, other]]) {
    await using stage = await TlsStage.start(certificates);
    stage.target.script = async (turn) => await answer(200, [], await turn.body())(turn);
    using client = Deno.createHttpClient({ caCerts: [await authority.root()] });
    const sizes = [0, 1, 16_384, 16_385, 300_000, 2_000_000];
    await Promise.all(sizes.map(async (size) => {
      const body = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)));
      const sent = new Uint8Array(size).map((_, i) => body[i % body.length]!);
      const response = await fetch(stage.url, { client, method: "POST", body: sent });
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), sent, `${size} bytes`);
    }));
    const { tls } = await stage.sluice.stats();
    assert.ok((tls?.handshakes?.http2 ?? 0) > 0 && tls?.handshakes?.http1 === 0);
  }
});

Deno.test("each client of HTTP/2 gets the certificate for the name that it asks for", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([
    await authority.issue({ names: ["first.test"] }),
    await authority.issue({ names: ["localhost"] }),
  ]);
  using client = await Http2Client.connect(stage.port, authority);
  await client.send(get(1, "/"));
  assert.equal(await client.status(1), 200);
  const [line] = await stage.sluice.accessLines(1);
  assert.equal(line!.protocol, "HTTP/2");
});

Deno.test("a goodbye comes in two steps: requests on their way are served, later ones are not", () =>
  withTlsStage({}, async (stage, authority) => {
    const answers = Promise.withResolvers<void>();
    stage.target.script = async (turn) => {
      if (turn.path === "/open") await answers.promise;
      await okay()(turn);
    };
    using client = await Http2Client.connect(stage.port, authority, { acknowledges: false });
    await client.send(get(1, "/open"));
    await until(() => stage.target.requests.length === 1, "the request");
    stage.sluice.signal("SIGTERM");
    const first = await client.frame(FrameType.goAway);
    assert.deepEqual([...first.payload.subarray(0, 4)], [127, 255, 255, 255]);
    const ping = await client.frame(FrameType.ping);
    await client.send(get(3, "/on-its-way"));
    assert.equal(await client.status(3), 200);
    await client.send(frame(FrameType.ping, Flag.ack, 0, ping.payload));
    const goodbyes = () => client.frames.filter(({ type }) => type === FrameType.goAway);
    await until(() => goodbyes().length === 2, "the second goodbye");
    assert.deepEqual([...goodbyes()[1]!.payload.subarray(0, 8)], [0, 0, 0, 3, 0, 0, 0, 0]);
    await client.send(get(5, "/too-late"));
    assert.equal((await client.frame(FrameType.reset, 5)).payload[3], 7);
    answers.resolve();
    assert.equal(await client.status(1), 200);
    assert.equal(await stage.sluice.ended(), 0);
    assert.equal(stage.target.requests.length, 2);
  }));

Deno.test("a head whose body comes a moment later reaches its client as it came", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = async (turn) => {
      const length = Number(turn.path.slice(1));
      const head = ["HTTP/1.1 200 OK", "X-Path: the one that was asked for", `Content-Length: ${length}`, "", ""];
      await turn.socket.send(head.join("\r\n"));
      await turn.socket.endedWithin(1);
      await turn.socket.send(new Uint8Array(length).fill(255));
    };
    using client = await Http2Client.connect(stage.port, authority, { settings: [[4, 1_000_000]] });
    await client.send(frame(FrameType.windowUpdate, 0, 0, word(10_000_000)));
    const lengths = [100, 5_000, 20_000, 300_000].flatMap((length) => Array.from({ length: 10 }, () => length));
    for (const [index, length] of lengths.entries()) {
      await client.send(get(2 * index + 1, `/${length}`));
      await ended(client, 2 * index + 1);
    }
    const blocks = blocksOf(client);
    for (const [index, length] of lengths.entries()) {
      const head = [":status: 200", "x-path: the one that was asked for", `content-length: ${length}`];
      // `fetch` tells the lines of a response in the order of their names.
      assert.deepEqual(blocks.get(2 * index + 1)?.map((lines) => lines.toSorted()), [head.toSorted()]);
    }
  }));
