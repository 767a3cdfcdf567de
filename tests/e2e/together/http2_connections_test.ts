/** Connections of HTTP/2, with the engine `wire`: their limits, and how they end. */
import assert from "node:assert/strict";
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
import { until } from "../../support/poll.ts";
import { byPath, hang, okay } from "../../support/recorder_scripts.ts";
import { TlsClient, TlsStage, withTlsStage } from "../../support/tls_stage.ts";

Deno.test("at shutdown open requests of HTTP/2 finish, and the client hears of it", () =>
  withTlsStage({ LISTENER_IDLE_TIMEOUT: "0" }, async (stage, authority) => {
    const answers = Promise.withResolvers<void>();
    stage.target.script = async (turn) => {
      if (turn.path === "/idle") return okay()(turn);
      await answers.promise;
      await okay("x".repeat(200_000))(turn);
    };
    using client = await Http2Client.connect(stage.port, authority, { settings: [[4, 1_000_000]] });
    await client.send(frame(FrameType.windowUpdate, 0, 0, word(1_000_000)));
    using idle = await Http2Client.connect(stage.port, authority);
    await idle.send(get(1, "/idle"));
    await client.send(get(1, "/open"));
    assert.equal(await idle.status(1), 200);
    await until(() => stage.target.requests.length === 2, "the requests");
    stage.sluice.signal("SIGTERM");
    await client.frame(FrameType.goAway);
    answers.resolve();
    const body = () => client.frames.filter(({ type }) => type === FrameType.data);
    await until(() => body().some(({ flags }) => (flags & Flag.endStream) !== 0), "the whole response");
    assert.equal(body().reduce((sum, { payload }) => sum + payload.length, 0), 200_000);
    assert.equal(await stage.sluice.ended(), 0);
    await until(() => client.ended && idle.ended, "the end of both connections");
  }));

Deno.test("a connection that waits too long is closed: for its first request, for the next one", () =>
  withTlsStage({ LISTENER_HEAD_TIMEOUT: "300ms", LISTENER_IDLE_TIMEOUT: "300ms" }, async (stage, authority) => {
    using fresh = await Http2Client.connect(stage.port, authority);
    using half = await Http2Client.connect(stage.port, authority);
    // A head that never ends (no END_HEADERS) is no request; no other frame may come inside it.
    await until(() => half.frames.filter(({ type }) => type === FrameType.settings).length === 2, "both settings");
    await half.send(frame(FrameType.headers, 0, 1, headerBlock(requestLines("/"))));
    using idle = await Http2Client.connect(stage.port, authority);
    await idle.send(get(1, "/"));
    assert.equal(await idle.status(1), 200);
    await until(() => fresh.ended && half.ended && idle.ended, "the end of all three");
    await until(async () => (await stage.sluice.stats()).clients!.connections.idle === 0, "no idle connection");
    const { closed, connections } = (await stage.sluice.stats()).clients!;
    assert.deepEqual(connections, { active: 0, idle: 0 });
    assert.deepEqual([closed.head_timeout, closed.idle_timeout], [2, 1], JSON.stringify(closed));
  }));

Deno.test("a stream that its client does not finish, or does not read, is ended, and no other", () =>
  withTlsStage({ LISTENER_BODY_TIMEOUT: "300ms", LISTENER_WRITE_TIMEOUT: "300ms" }, async (stage, authority) => {
    stage.target.script = byPath({ "/large": okay("x".repeat(1_000_000)) });
    using client = await Http2Client.connect(stage.port, authority);
    const upload = headerBlock([...requestLines("/upload", { method: "POST" }), ["content-length", "10"]]);
    await client.send(frame(FrameType.headers, Flag.endHeaders, 1, upload));
    const [line] = await stage.sluice.accessLines(1);
    assert.deepEqual([line!.status, line!.reason], [408, "body_timeout"]);
    // The client never enlarges its window of 65,535 bytes.
    await client.send(get(3, "/large"));
    await until(() => client.ended, "the end of the connection");
    const lines = await stage.sluice.accessLines(2);
    assert.deepEqual([lines[1]!.path, lines[1]!.cutBy], ["/large", "client"]);
    const { closed } = (await stage.sluice.stats()).clients!;
    assert.equal(closed.write_timeout, 1, JSON.stringify(closed));
  }));

Deno.test("LISTENER_MAX_CONNECTIONS counts connections of HTTP/2, and closes idle ones alone", () =>
  withTlsStage({ LISTENER_MAX_CONNECTIONS: "2", LISTENER_WORKERS: "1" }, async (stage, authority) => {
    stage.target.script = byPath({ "/hang": hang() });
    using one = await Http2Client.connect(stage.port, authority);
    await one.send(get(1, "/"));
    assert.equal(await one.status(1), 200);
    using two = await Http2Client.connect(stage.port, authority);
    await two.send(get(1, "/hang"));
    await until(() => stage.target.requests.length === 2, "the request that stays open");
    using three = await Http2Client.connect(stage.port, authority);
    await three.send(get(1, "/"));
    assert.equal(await three.status(1), 200);
    await until(() => one.ended, "the end of the one that is idle");
    assert.equal(two.ended, false);
  }));

Deno.test("a changed certificate leaves open connections of HTTP/2 alive", async () => {
  await using authority = await TestAuthority.make();
  const [before, after] = [
    await authority.issue({ names: ["localhost"] }),
    await authority.issue({ names: ["localhost", "after.test"] }),
  ];
  await using stage = await TlsStage.start([before]);
  using kept = await Http2Client.connect(stage.port, authority);
  await kept.send(get(1, "/"));
  assert.equal(await kept.status(1), 200);
  await Deno.copyFile(after.certificateFile, before.certificateFile);
  await Deno.copyFile(after.keyFile, before.keyFile);
  await stage.eventAfter("certificate_changed", () => stage.sluice.signal("SIGHUP"));
  await until(async () => {
    await using fresh = await TlsClient.connect(stage.port, authority);
    return fresh.names.includes("after.test");
  }, "the new certificate");
  await kept.send(get(3, "/"));
  assert.equal(await kept.status(3), 200);
});

Deno.test("a head of HTTP/2 has the limits of LISTENER_MAX_HEAD_BYTES and _LINES", () =>
  withTlsStage({ LISTENER_MAX_HEAD_BYTES: "2048", LISTENER_MAX_HEAD_LINES: "20" }, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const lines = (count: number): [string, string][] => Array.from({ length: count }, (_, i) => [`x-${i}`, "1"]);
    await client.send(get(1, "/", lines(20)), get(3, "/", lines(21)), get(5, "/", [["x-a", "b".repeat(2100)]]));
    await client.send(get(7, `/${"a".repeat(2100)}`));
    for (const stream of [1, 3, 5, 7]) await client.status(stream);
    const answers = (await stage.sluice.accessLines(4)).map(({ status, reason }) => `${status} ${reason}`).toSorted();
    assert.deepEqual(answers, ["200 null", "414 uri_too_long", "431 head_too_large", "431 head_too_large"]);
  }));
