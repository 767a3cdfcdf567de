/** HTTP/2 for clients, by ALPN, with the engine `wire`: requests, what they mean, limits, and how connections end. */
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
import { answer, breakOff, byPath, hang, okay } from "../../support/recorder_scripts.ts";
import { runSluice } from "../../support/sluice_process.ts";
import { TlsClient, TlsStage } from "../../support/tls_stage.ts";

async function withStage(
  env: Record<string, string>,
  run: (stage: TlsStage, authority: TestAuthority) => Promise<void>,
): Promise<void> {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost", "127.0.0.1"] })], env);
  await run(stage, authority);
}

Deno.test("a client of HTTP/2 gets its response, its target hears of https, and the log says HTTP/2", () =>
  withStage({ HEADER_CONVENTION_ENABLE: "true", LOCATION_REWRITE: "true" }, async (stage, authority) => {
    using client = Deno.createHttpClient({ caCerts: [await authority.root()] });
    const response = await fetch(`${stage.url}/a?b=1`, { client, method: "POST", body: "x".repeat(300_000) });
    assert.deepEqual([response.status, await response.text()], [200, "ok"]);
    const [request] = stage.target.requests;
    const told = Object.fromEntries(request!.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.equal(told["x-forwarded-proto"], "https");
    assert.equal(told["x-forwarded-port"], String(stage.port));
    assert.equal(told["x-forwarded-host"], `127.0.0.1:${stage.port}`);
    assert.equal(request!.body.length, 300_000);
    stage.target.script = answer(302, [`Location: http://${stage.target.address}/login`]);
    const redirected = await fetch(stage.url, { client, redirect: "manual" });
    await redirected.body?.cancel();
    assert.equal(redirected.headers.get("location"), `${stage.url}/login`);
    const [line] = await stage.sluice.accessLines(2);
    assert.deepEqual([line!.path, line!.protocol, line!.host], ["/a?b=1", "HTTP/2", `127.0.0.1:${stage.port}`]);
    const { clients, tls } = await stage.sluice.stats();
    assert.equal(tls?.handshakes?.http2, 1);
    assert.deepEqual([clients?.connections, clients?.accepted], [{ active: 0, idle: 1 }, 1]);
  }));

Deno.test("the host is :authority, and a Host that differs from it is refused", () =>
  withStage({ TARGET_GROUP_1_PRESERVE_HOST: "true" }, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const hosts: [[string, string][], number][] = [
      [[], 200],
      [[["host", "shop.test"]], 200],
      [[["host", "SHOP.test"]], 200],
      [[["host", "other.test"]], 400],
      [[["host", "shop.test"], ["host", "shop.test"]], 400],
      [[["host", "shop.test:443"]], 400],
    ];
    for (const [index, [more, status]] of hosts.entries()) {
      const stream = index * 2 + 1;
      const lines = [...requestLines("/", { authority: "shop.test" }), ...more];
      await client.send(frame(FrameType.headers, Flag.endStream | Flag.endHeaders, stream, headerBlock(lines)));
      assert.equal(await client.status(stream), status, JSON.stringify(more));
    }
    for (const { headers } of stage.target.requests) {
      assert.deepEqual(headers.filter(([name]) => /^host$/i.test(name)).map(([, value]) => value), ["shop.test"]);
    }
    assert.equal(stage.target.requests.length, 3);
    const userinfo = requestLines("/", { authority: "user@shop.test" });
    await client.send(frame(FrameType.headers, Flag.endStream | Flag.endHeaders, 99, headerBlock(userinfo)));
    assert.equal(await client.status(99), 400);
    const reasons = (await stage.sluice.accessLines(7)).map(({ reason }) => reason);
    assert.deepEqual(reasons.filter((reason) => reason !== null), Array(4).fill("bad_request"));
  }));

Deno.test("what HTTP/2 lets a client say, and HTTP/1.1 does not, reaches no target", () =>
  withStage({}, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const refused = [requestLines("*"), [...requestLines("/"), ['x"a', "1"]], [...requestLines("/"), ['"', ""]]];
    for (const [index, lines] of refused.entries()) {
      const stream = index * 2 + 1;
      const block = headerBlock(lines as [string, string][]);
      await client.send(frame(FrameType.headers, Flag.endStream | Flag.endHeaders, stream, block));
      assert.equal(await client.status(stream), 400, JSON.stringify(lines));
    }
    assert.deepEqual(stage.target.requests, []);
  }));

Deno.test("blanks around a value of HTTP/2 are not part of it, for rules and targets alike", () => {
  const env = {
    LISTENER_RULE_2_HEADER: "X-Admin: true",
    LISTENER_RULE_2_PRIORITY: "1",
    LISTENER_RULE_2_FIXED_RESPONSE: "404",
  };
  return withStage(env, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    for (const [index, value] of ["true", "true ", " true", "\ttrue \t"].entries()) {
      await client.send(get(index * 2 + 1, "/", [["x-admin", value]]));
      assert.equal(await client.status(index * 2 + 1), 404, JSON.stringify(value));
    }
    await client.send(get(99, "/", [["x-admin", " no "], ["x-empty", " \t"]]));
    assert.equal(await client.status(99), 200);
    const told = Object.fromEntries(stage.target.requests[0]!.headers);
    assert.deepEqual([told["x-admin"], told["x-empty"]], ["no", ""]);
  });
});

Deno.test("a client that says :scheme http over TLS is one of https all the same", () =>
  withStage(
    {
      HEADER_CONVENTION_ENABLE: "true",
      LISTENER_RULE_2_PRIORITY: "1",
      LISTENER_RULE_2_PROTOCOL: "http",
      LISTENER_RULE_2_FIXED_RESPONSE: "204",
    },
    async (stage, authority) => {
      using client = await Http2Client.connect(stage.port, authority);
      const lines = requestLines("/", { scheme: "http" });
      await client.send(frame(FrameType.headers, Flag.endStream | Flag.endHeaders, 1, headerBlock(lines)));
      assert.equal(await client.status(1), 200);
      const told = stage.target.requests[0]!.headers.find(([name]) => /^x-forwarded-proto$/i.test(name));
      assert.equal(told?.[1], "https");
    },
  ));

Deno.test("LISTENER_HTTP2=false offers HTTP/1.1 alone, and check says which is offered", () =>
  withStage({ LISTENER_HTTP2: "false" }, async (stage, authority) => {
    await using client = await TlsClient.connect(stage.port, authority, { alpn: ["h2", "http/1.1"] });
    assert.equal(client.socket.alpnProtocol, "http/1.1");
    assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
    const [line] = await stage.sluice.accessLines(1);
    assert.equal(line!.protocol, "HTTP/1.1");
    const pair = await authority.issue({ names: ["localhost"] });
    const env = {
      LISTENER_ENGINE: "wire",
      LISTENER_TLS_PORT: "8443",
      LISTENER_TLS_CERT: pair.certificateFile,
      LISTENER_TLS_KEY: pair.keyFile,
      BACKEND_SERVERS: "127.0.0.1:1",
    };
    assert.match((await runSluice(["check"], env)).stdout, /HTTP\/2 on LISTENER_TLS_PORT/);
    assert.match(
      (await runSluice(["check"], { ...env, LISTENER_HTTP2: "false" })).stdout,
      /no HTTP\/2 \(LISTENER_HTTP2/,
    );
  }));

Deno.test("a request that its client takes back is taken back from its target", () =>
  withStage({}, async (stage, authority) => {
    stage.target.script = hang();
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(get(1, "/a"));
    await until(() => stage.target.requests.length === 1, "the request");
    await client.send(frame(FrameType.reset, 0, 1, word(8)));
    const [line] = await stage.sluice.accessLines(1);
    assert.deepEqual([line!.status, line!.reason], [499, "client_closed"]);
    stage.target.script = okay();
    await client.send(get(3, "/b"));
    assert.equal(await client.status(3), 200);
  }));

Deno.test("a transfer that its target breaks off is broken off, and the connection lives on", () =>
  withStage({}, async (stage, authority) => {
    stage.target.script = byPath({ "/cut": breakOff(1000, 500) });
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(get(1, "/cut"));
    await client.frame(FrameType.reset, 1);
    await client.send(get(3, "/whole"));
    assert.equal(await client.status(3), 200);
    const [line] = await stage.sluice.accessLines(2);
    assert.equal(line!.cutBy, "target");
  }));

Deno.test("many requests of one connection are served beside each other", () =>
  withStage({ LISTENER_WORKERS: "2" }, async (stage, authority) => {
    let open = 0;
    const all = Promise.withResolvers<void>();
    stage.target.script = async (turn) => {
      if (++open === 100) all.resolve();
      await all.promise;
      await okay()(turn);
    };
    using client = await Http2Client.connect(stage.port, authority);
    const streams = Array.from({ length: 100 }, (_, index) => 2 * index + 1);
    await client.send(...streams.map((stream) => get(stream, `/${stream}`)));
    for (const stream of streams) assert.equal(await client.status(stream), 200);
  }));

Deno.test("at shutdown open requests of HTTP/2 finish, and the client hears of it", () =>
  withStage({ LISTENER_IDLE_TIMEOUT: "0" }, async (stage, authority) => {
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
  withStage({ LISTENER_HEAD_TIMEOUT: "300ms", LISTENER_IDLE_TIMEOUT: "300ms" }, async (stage, authority) => {
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
  withStage({ LISTENER_BODY_TIMEOUT: "300ms", LISTENER_WRITE_TIMEOUT: "300ms" }, async (stage, authority) => {
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

Deno.test("LISTENER_MAX_CONNECTIONS counts connections of HTTP/2, and closes idle ones", () =>
  withStage({ LISTENER_MAX_CONNECTIONS: "2", LISTENER_WORKERS: "1" }, async (stage, authority) => {
    using one = await Http2Client.connect(stage.port, authority);
    await one.send(get(1, "/"));
    assert.equal(await one.status(1), 200);
    using two = await Http2Client.connect(stage.port, authority);
    await two.send(get(1, "/"));
    assert.equal(await two.status(1), 200);
    using three = await Http2Client.connect(stage.port, authority);
    await three.send(get(1, "/"));
    assert.equal(await three.status(1), 200);
    await until(() => one.ended, "the end of the one that was idle longest");
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
  withStage({ LISTENER_MAX_HEAD_BYTES: "2048", LISTENER_MAX_HEAD_LINES: "20" }, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const lines = (count: number): [string, string][] => Array.from({ length: count }, (_, i) => [`x-${i}`, "1"]);
    await client.send(get(1, "/", lines(20)), get(3, "/", lines(21)), get(5, "/", [["x-a", "b".repeat(2100)]]));
    await client.send(get(7, `/${"a".repeat(2100)}`));
    for (const stream of [1, 3, 5, 7]) await client.status(stream);
    const answers = (await stage.sluice.accessLines(4)).map(({ status, reason }) => `${status} ${reason}`).toSorted();
    assert.deepEqual(answers, ["200 null", "414 uri_too_long", "431 head_too_large", "431 head_too_large"]);
  }));
