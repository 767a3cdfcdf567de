import assert from "node:assert/strict";
import { Failure } from "../../../src/forwarding/gateway_error.ts";
import { freePort } from "../../support/free_port.ts";
import { until } from "../../support/poll.ts";
import { header, headerValues } from "../../support/raw_message.ts";
import { RawClient, rawExchange } from "../../support/raw_client.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { UpgradeListener } from "../../support/upgrade_listener.ts";
import { acceptHandshake, handshakeText, RawTarget } from "../../support/websocket_bytes.ts";
import { openPeer, openRefused, WebSocketTarget } from "../../support/websocket_peers.ts";

Deno.test("a target gets subprotocols, query, cookies and headers, and its choice reaches the client", async () => {
  await using target = await WebSocketTarget.start(undefined, {
    handleProtocols: (offered: Set<string>) => [...offered][1],
  });
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/chat?room=a%20b&x=%22`, ["v1", "v2"], {
    headers: { Cookie: "session=1; theme=dark", Authorization: "Bearer t", Origin: "https://shop.test" },
  });
  assert.equal(client.socket.protocol, "v2");
  assert.equal(client.socket.extensions, "");
  const [seen] = target.handshakes;
  assert.equal(seen!.url, "/chat?room=a%20b&x=%22");
  assert.equal(seen!.headers["sec-websocket-protocol"], "v1,v2");
  assert.equal(
    seen!.headers["sec-websocket-extensions"],
    undefined,
    "no extension is offered that the client could not get",
  );
  assert.equal(seen!.headers.cookie, "session=1; theme=dark");
  assert.equal(seen!.headers.authorization, "Bearer t");
  assert.equal(seen!.headers.origin, "https://shop.test");
  assert.equal(seen!.headers.host, `target.test:${target.port}`);
  client.socket.close(1000);
  await client.close();
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
});

Deno.test("a target that chooses no subprotocol is not held against it", async () => {
  await using target = await WebSocketTarget.start(undefined, { handleProtocols: () => false });
  await using listener = new UpgradeListener(target.port);
  await using client = await RawClient.connect(`http://127.0.0.1:${listener.port}`);
  const answer = await client.exchange(handshakeText("/", { "Sec-WebSocket-Protocol": "v1,v2" }));
  assert.equal(answer.status, 101);
  assert.equal(header(answer, "sec-websocket-protocol"), null);
});

Deno.test("the headers of a target's 101 reach the client, each cookie on its own line", async () => {
  await using target = await RawTarget.start(async (socket) => {
    await acceptHandshake(socket, {
      headers: "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Node: 7\r\nSec-WebSocket-Protocol: v2\r\n",
    });
  });
  await using listener = new UpgradeListener(target.port);
  await using client = await RawClient.connect(`http://127.0.0.1:${listener.port}`);
  const answer = await client.exchange(handshakeText("/", { "Sec-WebSocket-Protocol": "v1,v2" }));
  assert.equal(answer.status, 101);
  assert.deepEqual(headerValues(answer, "set-cookie"), ["a=1", "b=2"]);
  assert.equal(header(answer, "x-node"), "7");
  assert.deepEqual(headerValues(answer, "sec-websocket-protocol"), ["v2"]);
  assert.deepEqual(headerValues(answer, "sec-websocket-accept"), ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
  assert.deepEqual(headerValues(answer, "upgrade"), ["websocket"]);
});

Deno.test("a refused handshake reaches the client as the target refused it", async (t) => {
  await using target = await RecorderTarget.start();
  await using listener = new UpgradeListener(target.port);
  const url = `ws://127.0.0.1:${listener.port}/private`;
  const answers: [string, (refusal: Awaited<ReturnType<typeof openRefused>>) => void][] = [
    ["HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 8\r\n\r\nwho goes", (refusal) => {
      assert.equal(refusal.headers["www-authenticate"], "Basic");
      assert.equal(refusal.body, "who goes");
    }],
    [
      "HTTP/1.1 403 Forbidden\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n" +
      "nope\r\n0\r\n\r\n",
      (refusal) => {
        assert.deepEqual(refusal.headers["set-cookie"], ["a=1", "b=2"]);
        assert.equal(refusal.body, "nope");
      },
    ],
    [
      "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n" +
      "Content-Length: 0\r\n\r\n",
      (refusal) => {
        assert.equal(refusal.headers["sec-websocket-version"], "8");
        assert.equal(refusal.headers.upgrade, "websocket");
      },
    ],
    [
      "HTTP/1.1 302 Found\r\nLocation: https://other.test/x?y\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n" +
      "Content-Length: 0\r\n\r\n",
      (refusal) => {
        assert.equal(refusal.headers.location, "https://other.test/x?y");
        assert.equal(refusal.headers["x-hop"], undefined);
      },
    ],
    ["HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", (refusal) => {
      assert.equal(refusal.body, "abc", "bytes of an encoded body are passed on as they are");
      assert.equal(refusal.headers["content-encoding"], "gzip");
    }],
  ];
  for (const [answer, check] of answers) {
    const status = Number(answer.slice(9, 12));
    await t.step(String(status), async () => {
      target.script = (turn) => turn.socket.send(answer);
      const refusal = await openRefused(url);
      assert.equal(refusal.status, status);
      check(refusal);
    });
  }
  assert.equal(listener.outcomes.length, 0);
});

Deno.test("a failed handshake is told apart by its reason", async (t) => {
  const accept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  const cases: [string, string, string | null][] = [
    ["closed without an answer", "reset_before_headers", null],
    ["a wrong Sec-WebSocket-Accept", "bad_response", `${accept}Sec-WebSocket-Accept: AAAA\r\n\r\n`],
    ["a 101 that switches to nothing", "bad_response", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    [
      "a 101 to another protocol",
      "bad_response",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    ],
    ["no HTTP", "bad_response", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["a status out of range", "bad_response", "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"],
  ];
  for (const [what, failure, answer] of cases) {
    await t.step(what, async () => {
      await using target = await RawTarget.start(async (socket) => {
        await socket.readThrough("\r\n\r\n");
        if (answer !== null) await socket.send(answer);
        await socket.close();
      });
      await using listener = new UpgradeListener(target.port);
      const refusal = await openRefused(`ws://127.0.0.1:${listener.port}/`);
      assert.deepEqual([refusal.status, refusal.body], [502, failure]);
      assert.equal(listener.clock.pending, 0);
    });
  }
  await t.step("no listener on the port", async () => {
    await using listener = new UpgradeListener(freePort());
    assert.equal((await openRefused(`ws://127.0.0.1:${listener.port}/`)).body, "connect_refused");
  });
  for (const extra of ["Sec-WebSocket-Protocol: v9\r\n", "Sec-WebSocket-Extensions: permessage-deflate\r\n"]) {
    await t.step(`what was not offered: ${extra.trim()}`, async () => {
      await using target = await RawTarget.start(async (socket) => {
        await acceptHandshake(socket, { headers: extra });
      });
      await using listener = new UpgradeListener(target.port);
      assert.equal((await openRefused(`ws://127.0.0.1:${listener.port}/`)).body, "bad_response");
    });
  }
  await t.step("no answer in time", async () => {
    await using target = await RawTarget.start(async (socket) => void await socket.untilEnded());
    await using listener = new UpgradeListener(target.port, { handshakeTimeoutMs: 50 });
    assert.equal((await openRefused(`ws://127.0.0.1:${listener.port}/`)).body, "timeout");
  });
});

Deno.test("a client that leaves during the handshake takes the target's connection with it", async () => {
  await using target = await RawTarget.start(async (socket) => void await socket.untilEnded());
  await using listener = new UpgradeListener(target.port, { handshakeTimeoutMs: 60_000 });
  const client = await RawClient.connect(`http://127.0.0.1:${listener.port}`);
  await client.send(handshakeText("/"));
  await until(() => target.sockets.length === 1, "the target to be asked");
  await client.close();
  await until(() => target.sockets[0]!.endedBy !== null, "the target's connection to end");
  await until(() => listener.results.length === 1, "a result");
  const [result] = listener.results;
  assert.ok(result instanceof Failure && result.reason === "client_closed");
  assert.equal(listener.clock.pending, 0);
});

Deno.test("a malformed client handshake is answered without asking a target", async (t) => {
  await using target = await RecorderTarget.start();
  await using listener = new UpgradeListener(target.port);
  const cases: [string, Record<string, string>, number][] = [
    ["no key", { "Sec-WebSocket-Key": "" }, 400],
    ["a key that is no 16 bytes", { "Sec-WebSocket-Key": "c2hvcnQ=" }, 400],
    ["no version", { "Sec-WebSocket-Version": "" }, 400],
    ["another version", { "Sec-WebSocket-Version": "8" }, 426],
    ["a body", { "Content-Length": "5" }, 400],
    ["a subprotocol that is no token", { "Sec-WebSocket-Protocol": "a b" }, 400],
  ];
  for (const [what, headers, status] of cases) {
    await t.step(what, async () => {
      const answer = await rawExchange(`http://127.0.0.1:${listener.port}`, handshakeText("/", headers));
      assert.equal(answer.status, status);
      if (status === 426) {
        assert.equal(header(answer, "sec-websocket-version"), "13");
        assert.equal(header(answer, "upgrade"), "websocket");
      }
    });
  }
  assert.equal(target.connections, 0);
});
