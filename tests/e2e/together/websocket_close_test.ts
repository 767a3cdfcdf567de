/** What one library lets in and the other throws on: it ends the connection, never the process. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ManualClock } from "../../support/manual_clock.ts";
import { until } from "../../support/poll.ts";
import { RawSocket } from "../../support/raw_socket.ts";
import { UpgradeListener } from "../../support/upgrade_listener.ts";
import {
  acceptHandshake,
  closePayload,
  frame,
  handshakeText,
  OPCODE,
  RawTarget,
} from "../../support/websocket_bytes.ts";
import { openPeer, openRefused, WebSocketTarget } from "../../support/websocket_peers.ts";

async function openRaw(listener: UpgradeListener): Promise<RawSocket> {
  const client = await RawSocket.connect({ hostname: "127.0.0.1", port: listener.port });
  await client.send(handshakeText("/"));
  assert.match((await client.readThrough("\r\n\r\n"))!, /^HTTP\/1.1 101 /);
  return client;
}

Deno.test("a client's close frame that may not be passed on ends its connection with 1001", async (t) => {
  const cases: [string, number, string][] = [
    ["a reason of 124 bytes", 1000, "x".repeat(124)],
    ["a reason of 62 two-byte characters", 4000, "é".repeat(62)],
    ["a reason of 70,000 bytes", 1000, "x".repeat(70_000)],
    ["code 1004", 1004, ""],
    ["code 1006", 1006, ""],
    ["code 1015", 1015, ""],
    ["code 1016", 1016, "x"],
    ["code 2999", 2999, "x"],
    ["code 5000", 5000, "x"],
    ["a reason that is no UTF-8", 1000, "\uD800"],
  ];
  for (const [what, code, reason] of cases) {
    await t.step(what, async () => {
      await using target = await WebSocketTarget.start();
      await using listener = new UpgradeListener(target.port);
      await using client = await openRaw(listener);
      const payload = what.endsWith("UTF-8")
        ? Buffer.concat([closePayload(code), Buffer.from([0xff])])
        : closePayload(code, reason);
      await client.send(frame(OPCODE.close, payload, { masked: true }));
      assert.deepEqual(await target.peers[0]!.close(), { code: 1001, reason: "Client went away" });
      await until(() => listener.outcomes.length === 1, "the tunnel's end");
      assert.deepEqual([listener.outcomes[0]!.leftFirst, listener.outcomes[0]!.code], ["client", null]);
    });
  }
});

Deno.test("code 1014 of a target reaches the client", async () => {
  await using target = await WebSocketTarget.start((peer) => peer.socket.close(1014, "bad gateway"));
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  assert.deepEqual(await client.close(), { code: 1014, reason: "bad gateway" });
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
});

Deno.test("a target that refuses the handshake in a way that can't be passed on is a bad response", async (t) => {
  const refusals = {
    "a control character in its status text": "HTTP/1.1 403 \x01\r\nContent-Length: 0\r\n\r\n",
    "a deleting character in its status text": "HTTP/1.1 403 a\x7fb\r\nContent-Length: 0\r\n\r\n",
    "a status that is none": "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
  };
  for (const [what, refusal] of Object.entries(refusals)) {
    await t.step(what, async () => {
      await using target = await RawTarget.start(async (socket) => {
        await socket.readThrough("\r\n\r\n");
        await socket.send(refusal);
        await socket.untilEnded();
      });
      await using listener = new UpgradeListener(target.port);
      const { status, body } = await openRefused(`ws://127.0.0.1:${listener.port}/`);
      assert.deepEqual([status, body], [502, "bad_response"]);
    });
  }
});

Deno.test("a target that still talks when the tunnel ends before its client is there does no harm", async () => {
  await using target = await RawTarget.start(async (socket) => {
    await acceptHandshake(socket, { behind: frame(OPCODE.text, "hello") });
    await socket.untilEnded();
  });
  const clock = new ManualClock();
  const held = Promise.withResolvers<void>();
  await using listener = new UpgradeListener(target.port, { clock, idleTimeoutMs: 1000 }, () => held.promise);
  await using client = await RawSocket.connect({ hostname: "127.0.0.1", port: listener.port });
  await client.send(handshakeText("/"));
  await until(() => listener.results.length === 1, "the target's acceptance");
  clock.advance(1000);
  // It gets its close frame, and its message is read meanwhile.
  await until(() => target.sockets[0]!.available > 0, "the target to be told");
  await until(() => {
    clock.advance(30_000);
    return listener.outcomes.length > 0;
  }, "the tunnel's end");
  assert.equal(listener.outcomes[0]!.leftFirst, "idle");
  held.resolve();
});
