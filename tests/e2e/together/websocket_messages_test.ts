import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { until } from "../../support/poll.ts";
import { endOf, openRaw, UpgradeListener } from "../../support/upgrade_listener.ts";
import { acceptHandshake, frame, OPCODE, RawTarget, readFrame } from "../../support/websocket_bytes.ts";
import { openPeer, WebSocketTarget } from "../../support/websocket_peers.ts";

const MEGABYTE = 1024 * 1024;

Deno.test("text, binary, empty and large messages go both ways, whole and in order", async () => {
  await using target = await WebSocketTarget.start();
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  const sent = [
    "hello",
    "",
    Buffer.alloc(0),
    Buffer.from([0, 255, 128, 10]),
    "\uFEFFa byte order mark, \u{1F600} and \u0000",
    Buffer.alloc(MEGABYTE, "megabyte"),
    "é".repeat(MEGABYTE / 2),
    Buffer.alloc(16 * MEGABYTE, "sixteen"),
    "last",
  ];
  for (const message of sent) client.socket.send(message);
  await client.message(sent.length);
  for (const [i, message] of sent.entries()) {
    assert.ok(Buffer.from(message as string).equals(Buffer.from(client.messages[i] as string)), `message ${i}`);
    assert.equal(typeof client.messages[i], typeof message, `kind of message ${i}`);
  }
  client.socket.close(1000, "done");
  assert.deepEqual(await client.close(), { code: 1000, reason: "done" });
  const bytes = sent.reduce((sum, message) => sum + Buffer.byteLength(message), 0);
  assert.deepEqual(await endOf(listener), {
    requestBytes: bytes,
    responseBytes: bytes,
    code: 1000,
    leftFirst: "client",
  });
  assert.deepEqual(target.peers[0]!.closed, { code: 1000, reason: "done" });
});

Deno.test("a message in fragments, with a ping between them, arrives whole", async () => {
  await using target = await RawTarget.start(async (socket) => {
    await acceptHandshake(socket, {
      behind: Buffer.concat([
        frame(OPCODE.text, "frag", { fin: false }),
        frame(OPCODE.ping, "between"),
        frame(OPCODE.continuation, "men", { fin: false }),
        frame(OPCODE.continuation, "ted"),
      ]),
    });
    const pong = await readFrame(socket);
    assert.deepEqual([pong!.opcode, pong!.payload.toString()], [OPCODE.pong, "between"]);
    const message = await readFrame(socket);
    await socket.send(frame(OPCODE.text, `${message!.masked} ${message!.payload}`));
  });
  await using listener = new UpgradeListener(target.port);
  await using client = await openRaw(listener);
  assert.equal((await readFrame(client))!.payload.toString(), "fragmented");
  await client.send(frame(OPCODE.text, "to", { fin: false, masked: true }));
  await client.send(frame(OPCODE.ping, "p", { masked: true }));
  await client.send(frame(OPCODE.continuation, "gether", { masked: true }));
  const pong = await readFrame(client);
  assert.deepEqual([pong!.opcode, pong!.payload.toString()], [OPCODE.pong, "p"], "each leg answers its own pings");
  assert.equal((await readFrame(client))!.payload.toString(), "true together");
});

Deno.test("nothing is lost of what either side says before the other is there", async () => {
  const early = Array.from({ length: 50 }, (_, i) => frame(OPCODE.text, `early ${i}`));
  await using target = await RawTarget.start(async (socket) => {
    await acceptHandshake(socket, { behind: Buffer.concat(early) });
    for (let i = 0; i < 50; i++) {
      assert.equal((await readFrame(socket))!.payload.toString(), `first ${i}`);
    }
    await socket.send(frame(OPCODE.text, "all there"));
  });
  await using listener = new UpgradeListener(target.port);
  // In one packet with the handshake: against RFC 6455, but seen.
  const first = Array.from({ length: 50 }, (_, i) => frame(OPCODE.text, `first ${i}`, { masked: true }));
  await using client = await openRaw(listener, Buffer.concat(first));
  for (let i = 0; i < 50; i++) assert.equal((await readFrame(client))!.payload.toString(), `early ${i}`);
  assert.equal((await readFrame(client))!.payload.toString(), "all there");
});

Deno.test("200 sockets at once keep their messages apart, and none stays in flight", async () => {
  await using target = await WebSocketTarget.start();
  await using listener = new UpgradeListener(target.port);
  const clients = await Promise.all(
    Array.from({ length: 200 }, () => openPeer(`ws://127.0.0.1:${listener.port}/`)),
  );
  for (const [i, client] of clients.entries()) {
    for (let n = 0; n < 50; n++) client.socket.send(`${i}:${n}`);
  }
  await Promise.all(clients.map((client) => client.message(50)));
  for (const [i, client] of clients.entries()) {
    assert.deepEqual(client.messages, Array.from({ length: 50 }, (_, n) => `${i}:${n}`));
  }
  for (const [i, client] of clients.entries()) i % 2 === 0 ? client.socket.close(1000) : client.socket.terminate();
  await until(() => listener.outcomes.length === 200, () => `200 ends; there are ${listener.outcomes.length}`);
  await until(() => target.peers.every((peer) => peer.closed !== null), "every target socket to close");
  assert.equal(listener.clock.pending, 0);
});
