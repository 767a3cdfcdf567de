import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../support/engine.ts";
import { freePort } from "../support/free_port.ts";
import { pause, until } from "../support/poll.ts";
import { rawExchange } from "../support/raw_client.ts";
import { header } from "../support/raw_message.ts";
import { hang } from "../support/recorder_scripts.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { before, socketUrl } from "../support/websocket_stage.ts";
import { handshakeText } from "../support/websocket_bytes.ts";
import { openPeer, openRefused, type Peer, WebSocketTarget } from "../support/websocket_peers.ts";

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
    perMessageDeflate: false,
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
  // As bytes, frames count with their heads and masks, and the closing frames as well.
  const framed = (head: number) =>
    expected.reduce((sum, message) => sum + head + message.length, 2 + head + "bye".length);
  const bytes = expected.reduce((sum, message) => sum + message.length, 0);
  const { status, path, reason, requestBytes, responseBytes, cutBy, attempts, totalMs, ttfbMs } = lines[0]!;
  assert.deepEqual(
    { status, path, reason, requestBytes, responseBytes, cutBy, attempts },
    {
      status: 101,
      path: "/room?name=a%20b",
      reason: null,
      requestBytes: WIRE_ENGINE ? framed(6) : bytes,
      responseBytes: WIRE_ENGINE ? framed(2) : bytes,
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
  const lines = await sluice.accessLines(200);
  // Bytes alone don't tell a client that only ends its connection from one that said farewell before.
  assert.equal(lines.filter(({ cutBy }) => cutBy === "client").length, WIRE_ENGINE ? 0 : 100);
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
  // A reset takes the bytes with it that were not read yet: some of those 60 handshakes may never have been there.
  assert.ok(total.requests > count / 2 && total.requests <= count, `${total.requests} requests`);
  assert.equal(total.finished, total.requests);
  assert.equal((await sluice.accessLines(total.requests)).length, total.requests);
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
  const end = WIRE_ENGINE ? { code: 1006, reason: "" } : { code: 1001, reason: "Target went away" };
  assert.deepEqual(closed!, clients.map(() => end));
  await sluice.settled();
  const cutBy = WIRE_ENGINE ? null : "target";
  for (const line of await sluice.accessLines(20)) assert.equal(line.cutBy, cutBy);
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
  await using sluice = await before(target.address, { CONNECTION_TIMEOUT: "500", REASON_HEADER: "true" });
  const refusal = await openRefused(socketUrl(sluice));
  assert.deepEqual([refusal.status, refusal.headers["x-sluice-reason"]], [504, "timeout"]);
  await until(() => target.endings.size === 1, "the target's connection to end");
  await sluice.settled();
});

Deno.test("offers of HTTP/2 are ignored", async () => {
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
  await sluice.settled();
});

Deno.test("other upgrades and malformed handshakes are refused, or with wire the target's to judge", async () => {
  await using target = await RecorderTarget.start();
  await using sluice = await before(target.address);
  const tcp = await rawExchange(
    sluice.url,
    "POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
  );
  assert.equal(tcp.status, WIRE_ENGINE ? 200 : 501);
  const oldVersion = await rawExchange(sluice.url, handshakeText("/", { "Sec-WebSocket-Version": "8" }));
  const noKey = await rawExchange(sluice.url, handshakeText("/", { "Sec-WebSocket-Key": "" }));
  if (WIRE_ENGINE) {
    assert.deepEqual([oldVersion.status, noKey.status], [200, 200]);
    assert.deepEqual(target.requests.map((request) => header(request, "upgrade")), ["tcp", "websocket", "websocket"]);
    assert.equal(header(target.requests[1]!, "sec-websocket-version"), "8");
  } else {
    assert.equal(oldVersion.status, 426);
    assert.equal(header(oldVersion, "sec-websocket-version"), "13");
    assert.equal(header(oldVersion, "upgrade"), "websocket");
    assert.equal(noKey.status, 400);
    assert.equal(target.requests.length, 0);
  }
  await sluice.settled();
});
