import assert from "node:assert/strict";
import { Tunnel } from "../../src/front/websocket/upgrade_tunnel.ts";
import { Buffer } from "node:buffer";
import { ManualClock } from "../support/manual_clock.ts";
import { until } from "../support/poll.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { endOf, openRaw, UpgradeListener } from "../support/upgrade_listener.ts";
import {
  acceptHandshake,
  closeOf,
  closePayload,
  frame,
  handshakeText,
  OPCODE,
  RawTarget,
  readFrame,
} from "../support/websocket_bytes.ts";
import { openPeer, type Peer, WebSocketTarget } from "../support/websocket_peers.ts";

Deno.test("close codes and reasons reach the other side, whichever side closes", async (t) => {
  const cases: [number | undefined, string, number][] = [
    [undefined, "", 1005],
    [1000, "", 1000],
    [1001, "going", 1001],
    [1011, "é".repeat(61), 1011],
    [1012, "restart", 1012],
    [1013, "later", 1013],
    [3000, "x", 3000],
    [4999, "y".repeat(123), 4999],
  ];
  for (const [code, reason, seen] of cases) {
    await t.step(`client closes with ${code ?? "no code"}`, async () => {
      await using target = await WebSocketTarget.start();
      await using listener = new UpgradeListener(target.port);
      const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
      client.socket.close(code, reason);
      await client.close();
      assert.deepEqual(await endOf(listener), { requestBytes: 0, responseBytes: 0, code: seen, leftFirst: "client" });
      assert.deepEqual(target.peers[0]!.closed, { code: seen, reason });
    });
    await t.step(`target closes with ${code ?? "no code"}`, async () => {
      await using target = await WebSocketTarget.start((peer) => peer.socket.close(code, reason));
      await using listener = new UpgradeListener(target.port);
      const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
      assert.deepEqual(await client.close(), { code: seen, reason });
      assert.deepEqual(await endOf(listener), { requestBytes: 0, responseBytes: 0, code: seen, leftFirst: "target" });
    });
  }
});

Deno.test("a client that vanishes is a 1001 to the target", async (t) => {
  for (const how of ["close", "reset"] as const) {
    await t.step(how, async () => {
      await using target = await WebSocketTarget.start();
      await using listener = new UpgradeListener(target.port);
      const client = await openRaw(listener);
      await client.send(frame(OPCODE.text, "said before", { masked: true }));
      await readFrame(client);
      await client[how]();
      assert.deepEqual(await target.peers[0]!.close(), { code: 1001, reason: "Client went away" });
      assert.deepEqual(await endOf(listener), { requestBytes: 11, responseBytes: 11, code: null, leftFirst: "client" });
    });
  }
});

Deno.test("a target that vanishes is a 1001 to the client", async () => {
  await using target = await WebSocketTarget.start();
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  client.socket.send("hello");
  await client.message(1);
  target.vanish();
  assert.deepEqual(await client.close(), { code: 1001, reason: "Target went away" });
  assert.deepEqual(await endOf(listener), { requestBytes: 5, responseBytes: 5, code: null, leftFirst: "target" });
});

Deno.test("a side that breaks the protocol is cut off, and the other is told 1001", async (t) => {
  const client = { masked: true };
  const cases: [string, Uint8Array, Uint8Array][] = [
    ["a close code that may not be sent", frame(8, closePayload(1005)), frame(8, closePayload(1005), client)],
    ["a close code out of range", frame(8, closePayload(999)), frame(8, closePayload(999), client)],
    ["text that is not UTF-8", frame(1, new Uint8Array([0xff])), frame(1, new Uint8Array([0xff]), client)],
    ["an unknown opcode", frame(5, "x"), frame(5, "x", client)],
  ];
  for (const [what, ofTarget, ofClient] of cases) {
    await t.step(`target: ${what}`, async () => {
      await using target = await RawTarget.start(async (socket) => {
        await acceptHandshake(socket, { behind: ofTarget });
        while (await readFrame(socket) !== null);
        await socket.close();
      });
      await using listener = new UpgradeListener(target.port);
      const peer = await openPeer(`ws://127.0.0.1:${listener.port}/`);
      assert.deepEqual(await peer.close(), { code: 1001, reason: "Target broke the protocol" });
      const end = await endOf(listener);
      assert.deepEqual([end.leftFirst, end.code], ["target", null]);
    });
    await t.step(`client: ${what}`, async () => {
      await using target = await WebSocketTarget.start();
      await using listener = new UpgradeListener(target.port);
      await using raw = await openRaw(listener);
      await raw.send(ofClient);
      assert.deepEqual(await target.peers[0]!.close(), { code: 1001, reason: "Client went away" });
      const end = await endOf(listener);
      assert.deepEqual([end.leftFirst, end.code], ["client", null]);
    });
  }
});

Deno.test("what was said before a close still arrives, also while the other side talks", async (t) => {
  const count = 200;
  const chunk = Buffer.alloc(32 * 1024, "x");
  const sayAll = (peer: Peer) => {
    for (let i = 0; i < count; i++) peer.socket.send(chunk);
    peer.socket.close(1000, "said all");
  };
  await t.step("by the target", async () => {
    await using target = await WebSocketTarget.start((peer) => peer.socket.once("message", () => sayAll(peer)));
    await using listener = new UpgradeListener(target.port);
    const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
    client.socket.send("go");
    client.socket.on("message", () => client.socket.send("chatter"));
    assert.deepEqual(await client.close(), { code: 1000, reason: "said all" });
    assert.equal(client.messages.length, count);
    assert.equal((await endOf(listener)).responseBytes, count * chunk.length);
  });
  await t.step("by the client", async () => {
    await using target = await WebSocketTarget.start((peer) =>
      peer.socket.on("message", () => peer.socket.send("chatter"))
    );
    await using listener = new UpgradeListener(target.port);
    const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
    sayAll(client);
    assert.deepEqual(await target.peers[0]!.close(), { code: 1000, reason: "said all" });
    assert.equal(target.peers[0]!.messages.length, count);
    assert.equal((await endOf(listener)).requestBytes, count * chunk.length);
  });
});

Deno.test("an upload that its target cuts short is told why, although the client still sends", async () => {
  await using target = await WebSocketTarget.start((peer) => {
    peer.socket.once("message", () => {
      for (let i = 0; i < 20; i++) peer.socket.send(`answer ${i}`);
      peer.socket.close(1009, "too much");
    });
  });
  await using listener = new UpgradeListener(target.port);
  await using client = await openRaw(listener);
  // A client that writes, and looks at what came only when it has written.
  client.pause();
  const upload = frame(OPCODE.binary, Buffer.alloc(64 * 1024), { masked: true });
  const uploaded = client.send(Buffer.concat(Array.from({ length: 400 }, () => upload)));
  await target.peers[0]?.close();
  await uploaded;
  client.resume();
  for (let i = 0; i < 20; i++) assert.equal((await readFrame(client))!.payload.toString(), `answer ${i}`);
  assert.deepEqual(closeOf(await readFrame(client)), { code: 1009, reason: "too much" });
  await client.send(frame(OPCODE.close, closePayload(1009), { masked: true }));
  assert.equal(await client.untilEnded(), "end");
  const end = await endOf(listener);
  assert.deepEqual([end.leftFirst, end.code], ["target", 1009]);
});

Deno.test("an idle tunnel is closed, one with messages or pings of the target is not", async () => {
  await using target = await WebSocketTarget.start();
  const clock = new ManualClock();
  await using listener = new UpgradeListener(target.port, { clock, idleTimeoutMs: 300_000 });
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  for (let i = 1; i <= 3; i++) {
    clock.advance(299_999);
    client.socket.send("tick");
    await client.message(i);
  }
  for (let i = 1; i <= 3; i++) {
    clock.advance(299_999);
    const answered = new Promise((resolve) => target.peers[0]!.socket.once("pong", resolve));
    target.peers[0]!.socket.ping();
    await answered;
  }
  clock.advance(299_999);
  assert.equal(client.closed, null);
  clock.advance(1);
  assert.deepEqual(await client.close(), { code: 1001, reason: "Idle for too long" });
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
  assert.equal(listener.outcomes[0]!.leftFirst, "idle");
  assert.deepEqual(target.peers[0]!.closed, { code: 1001, reason: "Idle for too long" });
  assert.equal(clock.timers, 0);
});

Deno.test("at shutdown both sides get a close frame", async () => {
  await using target = await WebSocketTarget.start();
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  const result = listener.results[0]!;
  assert.ok(result instanceof Tunnel);
  result.close(1001, "Shutting down");
  result.close(1001, "Again");
  assert.deepEqual(await client.close(), { code: 1001, reason: "Shutting down" });
  assert.equal((await endOf(listener)).leftFirst, "shutdown");
  assert.deepEqual(target.peers[0]!.closed, { code: 1001, reason: "Shutting down" });
});

Deno.test("a target that answers no close frame is given up", async () => {
  await using target = await RawTarget.start(async (socket) => {
    await acceptHandshake(socket);
    await socket.untilEnded();
  });
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  client.socket.close(1000);
  await client.close();
  assert.equal((await endOf(listener)).leftFirst, "client");
});

Deno.test("a client that answers no close frame does not keep the tunnel in flight", async () => {
  await using target = await WebSocketTarget.start((peer) => peer.socket.close(4000, "go"));
  const clock = new ManualClock();
  await using listener = new UpgradeListener(target.port, { clock });
  await using client = await openRaw(listener);
  assert.deepEqual(closeOf(await readFrame(client)), { code: 4000, reason: "go" });
  await target.peers[0]!.close();
  assert.deepEqual(listener.outcomes, []);
  clock.advance(3000);
  assert.deepEqual(listener.outcomes, [{ requestBytes: 0, responseBytes: 0, code: 4000, leftFirst: "target" }]);
  assert.equal(clock.timers, 0);
});

Deno.test("a client that leaves before its 101 is out leaves nothing behind", async () => {
  await using target = await WebSocketTarget.start();
  const held = Promise.withResolvers<void>();
  await using listener = new UpgradeListener(target.port, {}, () => held.promise);
  const client = await RawSocket.connect({ hostname: "127.0.0.1", port: listener.port });
  await client.send(handshakeText("/"));
  await until(() => listener.results.length === 1, "the target's acceptance");
  await client.close();
  held.resolve();
  assert.deepEqual(await target.peers[0]!.close(), { code: 1001, reason: "Client went away" });
  assert.equal((await endOf(listener)).leftFirst, "client");
});

Deno.test("a tunnel whose client never gets its 101 ends by the idle limit", async () => {
  await using target = await WebSocketTarget.start();
  const clock = new ManualClock();
  const held = Promise.withResolvers<void>();
  await using listener = new UpgradeListener(target.port, { clock, idleTimeoutMs: 1000 }, () => held.promise);
  await using client = await RawSocket.connect({ hostname: "127.0.0.1", port: listener.port });
  await client.send(handshakeText("/"));
  await until(() => listener.results.length === 1, "the target's acceptance");
  clock.advance(1000);
  assert.deepEqual(await target.peers[0]!.close(), { code: 1001, reason: "Idle for too long" });
  await until(() => {
    clock.advance(30_000);
    return listener.outcomes.length > 0;
  }, "the tunnel's end");
  assert.equal(listener.outcomes[0]!.leftFirst, "idle");
  held.resolve();
});
