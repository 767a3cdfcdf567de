/** What only sluice's own engine can do: bytes that go through as they came, and limits on clients. */
import assert from "node:assert/strict";
import { groupEnvironment } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { bodyText, headerValues } from "../../support/raw_message.ts";
import { bytes, hang, okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { wireEngineStage } from "../../support/wire_engine_stage.ts";

Deno.test("header lines keep their order, case and number both ways, and the reason phrase its words", async () => {
  await using stage = await wireEngineStage({ VIA_ENABLE: "false" });
  stage.target.script = bytes(
    "HTTP/1.1 200 All's Well\r\nx-B: 1\r\nContent-Length: 2\r\nX-a:  2 \r\nx-b: 3\r\nSet-Cookie: a\r\nKeep-Alive: " +
      "x\r\n" +
      "X-Gone: y\r\nConnection: X-Gone\r\nsEt-cookie: b\r\n\r\nok",
  );
  await using client = await stage.connect();
  const got = await client.exchange(
    "GET /p HTTP/1.1\r\nx-Z: 1\r\nHOST: h.test\r\nX-y: \xe9\r\nConnection: x-Hop, keep-alive\r\nX-Hop: 1\r\nx-z:2\r\n" +
      "\r\n",
  );
  assert.equal(
    got.raw,
    "HTTP/1.1 200 All's Well\r\nx-B: 1\r\nContent-Length: 2\r\nX-a:  2 \r\nx-b: 3\r\nSet-Cookie: a\r\nsEt-cookie: " +
      "b\r\n\r\nok",
  );
  const [request] = stage.target.requests;
  assert.equal(
    request!.raw,
    `GET /p HTTP/1.1\r\nHost: ${stage.target.address}\r\nx-Z: 1\r\nX-y: \xe9\r\nx-z:2\r\n\r\n`,
  );
});

Deno.test("interim responses reach the client, 103 with its links and 100 by the target's own word", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = async (turn) => {
    await turn.socket.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    assert.equal(new TextDecoder().decode(await turn.body()), "hello");
    await turn.socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  };
  await using client = await stage.connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  assert.equal(await client.socket.readThrough("\r\n\r\n"), "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
  assert.equal(await client.socket.readThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send("hello");
  assert.equal((await client.response()).status, 200);
  assert.deepEqual(headerValues(stage.target.requests[0]!, "expect"), ["100-continue"]);
});

Deno.test("a target may refuse a body that its client waits to send", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = ({ socket }) =>
    socket.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  await using client = await stage.connect();
  const got = await client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  assert.equal(got.status, 417);
  assert.deepEqual(headerValues(got, "connection"), ["close"], "what comes next might be the body");
});

Deno.test("trailers go to the target, and to a client that takes them", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = bytes(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n",
  );
  await using client = await stage.connect();
  const chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-Sum: 9\r\n\r\n";
  const taken = await client.exchange(`POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n${chunked}`);
  assert.ok(taken.raw.endsWith("\r\n2\r\nok\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n"), taken.raw);
  const left = await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.ok(left.raw.endsWith("\r\n2\r\nok\r\n0\r\n\r\n"), left.raw);
  assert.ok(stage.target.requests[0]!.raw.endsWith("\r\n0\r\nx-Sum: 9\r\n\r\n"), stage.target.requests[0]!.raw);
});

Deno.test("HTTP/1.0 is served with and without Host, kept where it asks for that, and never gets chunks", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  await using client = await stage.connect();
  await client.send("GET /a HTTP/1.0\r\nUpgrade: x\r\nConnection: upgrade\r\nExpect: 100-continue\r\n\r\n");
  assert.equal(await client.socket.readToEnd(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok");
  stage.target.script = okay();
  await using kept = await stage.connect();
  for (let i = 0; i < 2; i++) {
    const got = await kept.exchange("GET http://b/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert.deepEqual([got.status, headerValues(got, "connection")], [200, ["keep-alive"]]);
  }
  assert.deepEqual(stage.target.requests.map(({ path }) => path), ["/a", "/x", "/x"]);
  assert.deepEqual(headerValues(stage.target.requests[0]!, "expect"), []);
});

Deno.test("OPTIONS *, a body on GET, 205 and any method are passed on as they came", async () => {
  await using stage = await wireEngineStage();
  await using client = await stage.connect();
  assert.equal((await client.exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
  assert.equal((await client.exchange("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")).status, 200);
  assert.equal((await client.exchange("get / HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
  stage.target.script = bytes("HTTP/1.1 205 Reset\r\n\r\n", { close: true });
  const reset = await client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  assert.equal(reset.status, 205);
  assert.deepEqual(stage.target.requests.map(({ startLine }) => startLine), [
    "OPTIONS * HTTP/1.1",
    "GET / HTTP/1.1",
    "get / HTTP/1.1",
    "POST / HTTP/1.1",
  ]);
  assert.equal(bodyText(stage.target.requests[1]!), "hi");
});

Deno.test("1,000 pipelined requests are answered in their order", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = ({ path, socket }) =>
    socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
  await using client = await stage.connect();
  const paths = Array.from({ length: 1000 }, (_, i) => `/${i}`);
  await client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  for (const path of paths) assert.equal(bodyText(await client.response()), path);
});

Deno.test("a client that ends its side gets its response, also one that takes its time", async () => {
  await using stage = await wireEngineStage();
  const release = Promise.withResolvers<void>();
  stage.target.script = async (turn) => {
    await release.promise;
    await okay()(turn);
  };
  await using client = await stage.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  client.halfClose();
  // It is asked by interim responses whether it is still there.
  assert.equal(await client.socket.readThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  assert.equal(await client.socket.readThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  release.resolve();
  assert.match(await client.socket.readToEnd(), /HTTP\/1.1 200 Status\r\n[^]*ok$/);
  await stage.sluice.settled();
  assert.equal((await stage.sluice.accessLines(1))[0]!.status, 200);
});

Deno.test("a client that left without a word is noticed, and its target is let go", async () => {
  await using stage = await wireEngineStage({ CONNECTION_TIMEOUT: "60s" });
  stage.target.script = hang();
  const client = await stage.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => stage.target.requests.length === 1, "the request");
  await client[Symbol.asyncDispose]();
  await until(() => stage.target.endings.size === 1, "the target to be let go");
  assert.equal((await stage.sluice.accessLines(1))[0]!.reason, "client_closed");
});

Deno.test("an upgrade to any protocol becomes a tunnel, in which each side can end by itself", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = async ({ socket }) => {
    await socket.send("HTTP/1.1 101 Switching\r\nUpgrade: Chat/2\r\nConnection: Upgrade\r\n\r\nearly");
    assert.equal(await socket.readThrough("!"), "\0\xffhello!");
    await socket.send("after the end");
    await socket.close();
  };
  await using client = await stage.connect();
  await client.send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: Chat/2\r\nConnection: Upgrade\r\n\r\n\0\xff");
  const head = await client.socket.readThrough("\r\n\r\n");
  assert.equal(head, "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: Chat/2\r\n\r\n");
  await client.send("hello!");
  client.halfClose();
  assert.equal(await client.socket.readToEnd(), "earlyafter the end");
  await stage.sluice.settled();
  const [line] = await stage.sluice.accessLines(1);
  assert.deepEqual([line!.status, line!.requestBytes, line!.responseBytes, line!.cutBy], [101, 8, 18, null]);
});

Deno.test("a tunnel whose client breaks it while the target is silent is over, and the target is told", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = async ({ socket }) => {
    await socket.send("HTTP/1.1 101 Switching\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
    await socket.untilEnded();
  };
  await using client = await stage.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
  await client.socket.readThrough("\r\n\r\n");
  await client.reset();
  await until(() => stage.target.endings.size === 1, "the target's connection to end");
  await stage.sluice.settled();
  assert.equal((await stage.sluice.accessLines(1))[0]!.cutBy, "client");
});

Deno.test(
  "offers of HTTP in an upgrade are passed over, so that nothing goes through that no rule was asked for",
  async () => {
    await using stage = await wireEngineStage();
    await using client = await stage.connect();
    for (const protocol of ["h2c", "websocket, h2c", "HTTP/2.0", "TLS/1.0, HTTP/1.1"]) {
      const lines = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABk\r\n`;
      assert.equal((await client.exchange(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)).status, 200);
      const got = stage.target.requests.at(-1)!;
      for (const name of ["upgrade", "connection", "http2-settings"]) assert.deepEqual(headerValues(got, name), []);
    }
  },
);

Deno.test("a target's 426 tells its client what to ask for", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = bytes("HTTP/1.1 426 No\r\nUpgrade: foo/2\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n");
  await using client = await stage.connect();
  const got = await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.deepEqual([got.status, headerValues(got, "upgrade")], [426, ["foo/2"]]);
});

Deno.test("a 101 that nobody asked for is a bad response", async () => {
  await using stage = await wireEngineStage();
  stage.target.script = bytes("HTTP/1.1 101 X\r\nUpgrade: evil\r\nConnection: upgrade\r\n\r\n");
  await using client = await stage.connect();
  assert.equal((await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status, 502);
});

Deno.test("what is set for the wire engine warns with the other one", async () => {
  await using target = await RecorderTarget.start();
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, { LISTENER_ENGINE: "serve", LISTENER_IDLE_TIMEOUT: "5s" }),
  });
  const warning = sluice.events.find(({ event }) => event === "config_warning");
  assert.match(String(warning?.message), /LISTENER_IDLE_TIMEOUT.*has no effect with LISTENER_ENGINE=serve/);
});

Deno.test("with LISTENER_PROXY_PROTOCOL only a trusted proxy names the client, and only it gets in", async () => {
  const env = { LISTENER_PROXY_PROTOCOL: "true", TRUSTED_PROXIES: "127.0.0.1", HEADER_CONVENTION_ENABLE: "true" };
  await using stage = await wireEngineStage(env);
  await using client = await stage.connect();
  await client.send("PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await client.response()).status, 200);
  assert.equal((await client.exchange("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
  const lines = await stage.sluice.accessLines(2);
  assert.deepEqual(lines.map(({ client }) => client), ["192.0.2.7", "192.0.2.7"]);
  assert.deepEqual(headerValues(stage.target.requests[0]!, "x-forwarded-for"), ["192.0.2.7"]);
  await using without = await stage.connect();
  await without.send("GET /c HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal(await without.socket.readToEnd(), "", "closed without a word");
  await using distrusting = await wireEngineStage({ LISTENER_PROXY_PROTOCOL: "true", TRUSTED_PROXIES: "10.0.0.1" });
  await using stranger = await distrusting.connect();
  await stranger.send("PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n").catch(() => {});
  assert.equal(await stranger.socket.readToEnd(), "");
  assert.equal(distrusting.target.requests.length, 0);
});

Deno.test("LISTENER_PROXY_PROTOCOL is an error where nobody reads it, or anybody could write it", async () => {
  const { code, stderr } = await runSluice([], {
    BACKEND_SERVERS: "http://127.0.0.1:1",
    LISTENER_PROXY_PROTOCOL: "true",
    LISTENER_ENGINE: "serve",
  });
  assert.equal(code, 2);
  assert.match(stderr, /LISTENER_PROXY_PROTOCOL.*LISTENER_ENGINE=serve/);
  assert.match(stderr, /LISTENER_PROXY_PROTOCOL.*TRUSTED_PROXIES/);
});
