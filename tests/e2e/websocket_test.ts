import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { freePort, isListening } from "../support/free_port.ts";
import { pause, until } from "../support/poll.ts";
import { rawExchange } from "../support/raw_client.ts";
import { header } from "../support/raw_message.ts";
import { hang } from "../support/recorder_scripts.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";
import { acceptHandshake, handshakeText, RawTarget } from "../support/websocket_bytes.ts";
import { openPeer, openRefused, type Peer, WebSocketTarget } from "../support/websocket_peers.ts";

/** Starts sluice before one target, or several. */
function before(targets: string, env: Record<string, string> = {}): Promise<SluiceProcess> {
  return startSluice({
    env: {
      TARGET_GROUP_1_NAME: "chat",
      TARGET_GROUP_1_TARGETS: targets,
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "chat",
      ...env,
    },
  });
}

function socketUrl(sluice: SluiceProcess, path = "/"): string {
  return sluice.url.replace("http:", "ws:") + path;
}

/** Sends `count` numbered messages, keeping little in memory, and waits for none of the answers. */
async function sayInOrder(peer: Peer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    peer.socket.send(`message ${i}`);
    if (i % 500 === 499) {
      await until(() => peer.socket.bufferedAmount === 0, "the socket to be written", { everyMs: 1 });
    }
  }
}

Deno.test("10,000 messages of Node's ws client go both ways in order, with one access line", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}/base`);
  const client = await openPeer(socketUrl(sluice, "/room?name=a%20b"), ["chat.v1"], {
    headers: { Cookie: "session=1" },
  });
  assert.equal(client.socket.protocol, "chat.v1");
  await sayInOrder(client, 10_000);
  await client.message(10_000);
  const expected = Array.from({ length: 10_000 }, (_, i) => `message ${i}`);
  assert.deepEqual(client.messages, expected);
  assert.deepEqual(target.peers[0]!.messages, expected);
  assert.equal(target.handshakes[0]!.url, "/base/room?name=a%20b");
  assert.equal(target.handshakes[0]!.headers.host, `127.0.0.1:${target.port}`);
  assert.equal(target.handshakes[0]!.headers.cookie, "session=1");
  assert.match(target.handshakes[0]!.headers.via as string, /^1\.1 sluice-/);
  client.socket.close(1000, "bye");
  assert.deepEqual(await client.close(), { code: 1000, reason: "bye" });
  await sluice.settled();
  const lines = await sluice.accessLines(1);
  assert.equal(lines.length, 1);
  const bytes = expected.reduce((sum, message) => sum + message.length, 0);
  const { status, path, reason, requestBytes, responseBytes, cutBy, attempts, totalMs, ttfbMs } = lines[0]!;
  assert.deepEqual(
    { status, path, reason, requestBytes, responseBytes, cutBy, attempts },
    {
      status: 101,
      path: "/room?name=a%20b",
      reason: null,
      requestBytes: bytes,
      responseBytes: bytes,
      cutBy: null,
      attempts: 1,
    },
  );
  assert.ok((totalMs as number) > (ttfbMs as number), "the line says how long the tunnel stood");
});

Deno.test("200 sockets at once are in flight, and none is when they have gone, however they went", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}`);
  const clients = await Promise.all(Array.from({ length: 200 }, () => openPeer(socketUrl(sluice))));
  for (const [i, client] of clients.entries()) client.socket.send(`from ${i}`);
  await Promise.all(clients.map((client) => client.message(1)));
  assert.deepEqual(clients.map((client) => client.messages), clients.map((_, i) => [`from ${i}`]));
  assert.equal((await sluice.stats()).total.inFlight, 200);
  for (const [i, client] of clients.entries()) i % 2 === 0 ? client.socket.close(1000) : client.socket.terminate();
  await sluice.settled();
  assert.equal((await sluice.accessLines(200)).filter(({ cutBy }) => cutBy === "client").length, 100);
});

Deno.test("clients that leave during their handshakes leave nothing in flight, and don't delay a stop", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}`);
  const count = 120;
  for (let i = 0; i < count; i++) {
    await using client = await RawSocket.connect(sluice.url);
    await client.send(handshakeText("/"));
    // Around the moment at which the target has accepted and the client has not been told.
    await pause(i % 5);
    if (i % 2 === 0) await client.reset();
  }
  const { total } = await sluice.settled();
  assert.equal(total.requests, count);
  assert.equal((await sluice.accessLines(count)).length, count);
  assert.equal(await sluice.stop(), 0);
  assert.ok(!sluice.events.some(({ event }) => event === "shutdown_timeout"), sluice.stderr);
});

Deno.test("a target that is killed is a close to its clients within a second", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}`);
  const clients = await Promise.all(Array.from({ length: 20 }, () => openPeer(socketUrl(sluice))));
  target.vanish();
  const all = Promise.all(clients.map((client) => client.close()));
  let closed: { code: number; reason: string }[] | null = null;
  all.then((ends) => closed = ends);
  await until(() => closed !== null, "every client to see a close", { patienceMs: 1000 });
  for (const end of closed!) assert.deepEqual(end, { code: 1001, reason: "Target went away" });
  await sluice.settled();
  for (const line of await sluice.accessLines(20)) assert.equal(line.cutBy, "target");
});

Deno.test("a handshake that the target refuses reaches the client as it was refused", async (t) => {
  await using target = await RecorderTarget.start();
  await using sluice = await before(target.address);
  const cases: [string, Record<string, string | string[] | undefined>, string][] = [
    [
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 8\r\n\r\nwho goes",
      { "www-authenticate": "Basic" },
      "who goes",
    ],
    [
      "HTTP/1.1 403 Forbidden\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n" +
      "nope\r\n0\r\n\r\n",
      { "set-cookie": ["a=1", "b=2"] },
      "nope",
    ],
    [
      "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n" +
      "Content-Length: 0\r\n\r\n",
      { "sec-websocket-version": "8", "upgrade": "websocket" },
      "",
    ],
    [
      "HTTP/1.1 302 Found\r\nLocation: https://other.test/x?y\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n" +
      "Content-Length: 0\r\n\r\n",
      { "location": "https://other.test/x?y", "x-hop": undefined },
      "",
    ],
    [
      "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
      { "retry-after": "5", "content-encoding": "gzip" },
      "abc",
    ],
  ];
  for (const [answer, headers, body] of cases) {
    const status = Number(answer.slice(9, 12));
    await t.step(String(status), async () => {
      target.script = (turn) => turn.socket.send(answer);
      const refusal = await openRefused(socketUrl(sluice, "/private"));
      assert.equal(refusal.status, status);
      assert.equal(refusal.body, body);
      for (const [name, value] of Object.entries(headers)) assert.deepEqual(refusal.headers[name], value, name);
    });
  }
  await sluice.settled();
  const lines = await sluice.accessLines(cases.length);
  assert.deepEqual(
    lines.map(({ status, reason }) => [status, reason]),
    [401, 403, 426, 302, 503].map((s) => [s, null]),
  );
  assert.deepEqual(lines.map(({ responseBytes }) => responseBytes), cases.map(([, , body]) => body.length));
});

Deno.test("a handshake moves on if a target refuses the connection, and fails if all do", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${freePort()},127.0.0.1:${target.port}`);
  for (let i = 0; i < 4; i++) {
    const client = await openPeer(socketUrl(sluice));
    client.socket.close();
    await client.close();
  }
  await sluice.settled();
  const attempts = (await sluice.accessLines(4)).map((line) => line.attempts);
  assert.deepEqual(attempts.toSorted(), [1, 1, 2, 2]);

  await using dead = await before(`127.0.0.1:${freePort()}`, { REASON_HEADER: "true" });
  const refusal = await openRefused(socketUrl(dead));
  assert.deepEqual([refusal.status, refusal.headers["x-sluice-reason"]], [502, "connect_refused"]);
  await dead.settled();
  await using allDead = await before(`127.0.0.1:${freePort()},127.0.0.1:${freePort()}`, { REASON_HEADER: "true" });
  const refused = await openRefused(socketUrl(allDead));
  assert.deepEqual([refused.status, refused.headers["x-sluice-reason"]], [503, "all_targets_refused"]);
  await allDead.settled();
});

Deno.test("a target that does not answer a handshake in time is a 504", async () => {
  await using target = await RecorderTarget.start(hang());
  await using sluice = await before(target.address, { CONNECTION_TIMEOUT: "100", REASON_HEADER: "true" });
  const refusal = await openRefused(socketUrl(sluice));
  assert.deepEqual([refusal.status, refusal.headers["x-sluice-reason"]], [504, "timeout"]);
  await until(() => target.endings.size === 1, "the target's connection to end");
  await sluice.settled();
});

Deno.test("offers of HTTP/2 are ignored, other upgrades and malformed handshakes are refused", async () => {
  await using target = await RecorderTarget.start();
  await using sluice = await before(target.address);
  const h2c = await rawExchange(
    sluice.url,
    "GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: " +
      "AAMAAABk\r\n\r\n",
  );
  assert.equal(h2c.status, 200);
  assert.equal(header(target.requests[0]!, "upgrade"), null);
  assert.equal(header(target.requests[0]!, "http2-settings"), null);
  const tcp = await rawExchange(
    sluice.url,
    "POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
  );
  assert.equal(tcp.status, 501);
  const oldVersion = await rawExchange(sluice.url, handshakeText("/", { "Sec-WebSocket-Version": "8" }));
  assert.equal(oldVersion.status, 426);
  assert.equal(header(oldVersion, "sec-websocket-version"), "13");
  assert.equal(header(oldVersion, "upgrade"), "websocket");
  assert.equal((await rawExchange(sluice.url, handshakeText("/", { "Sec-WebSocket-Key": "" }))).status, 400);
  assert.equal(target.requests.length, 1);
  await sluice.settled();
});

Deno.test("sockets that stand are told when sluice stops, and it ends cleanly", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}`);
  const client = await openPeer(socketUrl(sluice));
  client.socket.send(Buffer.from("hello"));
  await client.message(1);
  const stopped = sluice.stop();
  assert.equal((await client.close()).code, 1001);
  assert.equal((await target.peers[0]!.close()).code, 1001);
  assert.equal(await stopped, 0);
  assert.equal((await sluice.accessLines(1)).length, 1);
});

Deno.test("a socket whose handshake was open at the stop is closed too, and does not delay it", async () => {
  let accept = () => {};
  const asked = Promise.withResolvers<void>();
  await using target = await WebSocketTarget.start(undefined, {
    verifyClient(_info: unknown, answer: (accepted: boolean) => void) {
      accept = () => answer(true);
      asked.resolve();
    },
  });
  await using sluice = await before(`127.0.0.1:${target.port}`);
  const opening = openPeer(socketUrl(sluice));
  await asked.promise;
  sluice.signal("SIGTERM");
  await until(async () => !await isListening(sluice.port), "the listener to be closed");
  accept();
  assert.equal((await (await opening).close()).code, 1001);
  assert.equal((await target.peers[0]!.close()).code, 1001);
  assert.equal(await sluice.ended(), 0);
  assert.ok(!sluice.events.some(({ event }) => event === "shutdown_timeout"));
  assert.equal((await sluice.accessLines(1))[0]!.cutBy, null);
});

Deno.test("after SHUTDOWN_TIMEOUT sockets are cut and handshakes get 503, and both are logged", async () => {
  await using target = await RawTarget.start(async (socket) => {
    // The second one waits for ever.
    if (target.sockets.length === 1) await acceptHandshake(socket);
    await socket.readToEnd();
  });
  await using sluice = await before(`127.0.0.1:${target.port}`, { SHUTDOWN_TIMEOUT: "200" });
  await using silent = await RawSocket.connect(sluice.url);
  await silent.send(handshakeText("/silent"));
  await silent.readThrough("\r\n\r\n");
  const refused = openRefused(socketUrl(sluice, "/hanging"));
  await until(() => target.sockets.length === 2, "the second handshake to reach the target");
  assert.equal(await sluice.stop(), 0);
  assert.equal((await refused).status, 503);
  const lines = await sluice.accessLines(2);
  assert.deepEqual(
    lines.map(({ path, status, reason, cutBy }) => [path, status, reason, cutBy]).toSorted(),
    [["/hanging", 503, "shutting_down", null], ["/silent", 101, null, "shutdown"]],
  );
});

Deno.test("an idle socket is closed after STREAM_IDLE_TIMEOUT", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await before(`127.0.0.1:${target.port}`, { STREAM_IDLE_TIMEOUT: "200" });
  const client = await openPeer(socketUrl(sluice));
  assert.deepEqual(await client.close(), { code: 1001, reason: "Idle for too long" });
  await sluice.settled();
  assert.equal((await sluice.accessLines(1))[0]!.cutBy, "idle");
});
