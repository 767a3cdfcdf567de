/** HTTP/2 for clients, by ALPN, with the engine `wire`: requests and what they mean. */
import assert from "node:assert/strict";
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
import { OtlpReceiver } from "../../support/otlp_receiver.ts";
import { until } from "../../support/poll.ts";
import { answer, breakOff, byPath, hang, okay } from "../../support/recorder_scripts.ts";
import { runSluice } from "../../support/sluice_process.ts";
import { TlsClient, withTlsStage } from "../../support/tls_stage.ts";

Deno.test("a client of HTTP/2 gets its response, its target hears of https, and the log says HTTP/2", () =>
  withTlsStage({ HEADER_CONVENTION_ENABLE: "true", LOCATION_REWRITE: "true" }, async (stage, authority) => {
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
  withTlsStage({ TARGET_GROUP_1_PRESERVE_HOST: "true" }, async (stage, authority) => {
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
  withTlsStage({}, async (stage, authority) => {
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

Deno.test("blanks around a value of HTTP/2 hide it from no rule: the request is refused", () => {
  const env = {
    LISTENER_RULE_2_HEADER: "X-Admin: true",
    LISTENER_RULE_2_PRIORITY: "1",
    LISTENER_RULE_2_FIXED_RESPONSE: "404",
  };
  return withTlsStage(env, async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    const values: [string, number][] = [["true", 404], ["true ", 400], [" true", 400], ["\ttrue \t", 400], ["", 200]];
    for (const [index, [value, status]] of values.entries()) {
      await client.send(get(index * 2 + 1, "/", [["x-admin", value]]));
      assert.equal(await client.status(index * 2 + 1), status, JSON.stringify(value));
    }
    assert.equal(stage.target.requests.length, 1);
  });
});

Deno.test("a client that says :scheme http over TLS is one of https all the same", () =>
  withTlsStage(
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
  withTlsStage({ LISTENER_HTTP2: "false" }, async (stage, authority) => {
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
  withTlsStage({}, async (stage, authority) => {
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
  withTlsStage({}, async (stage, authority) => {
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
  withTlsStage({ LISTENER_WORKERS: "2" }, async (stage, authority) => {
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

Deno.test("a request of HTTP/2 is one span, with rule, target and version, in its client's trace", async () => {
  const [trace, parent] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
  await using receiver = new OtlpReceiver();
  await withTlsStage({ ...receiver.environment }, async (stage, authority) => {
    stage.target.script = byPath({ "/sick": answer(503) });
    using client = await Http2Client.connect(stage.port, authority);
    const traced: [string, string][] = [["traceparent", `00-${trace}-${parent}-01`]];
    await client.send(get(1, "/a", traced), get(3, "/sick", traced));
    assert.equal(await client.status(1), 200);
    const [good, sick] = [await receiver.serverSpan("/a"), await receiver.serverSpan("/sick")];
    assert.deepEqual([good.traceId, good.parentSpanId, good.name], [trace, parent, "GET /"]);
    assert.equal(good.attributes["network.protocol.version"], "2");
    assert.equal(good.attributes["url.scheme"], "https");
    assert.equal(good.attributes["sluice.target"], stage.target.address);
    assert.equal(Number(sick.attributes["http.response.status_code"]), 503);
    assert.equal(receiver.spans.filter(({ kind }) => kind === "server").length, 2);
  });
});
