/**
 * WebSockets through sluice's own engine, which passes them on as bytes: what a client gets is what it would get
 * without sluice.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { groupEnvironment } from "../support/mock_group.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { startSluice } from "../support/sluice_process.ts";
import {
  acceptHandshake,
  closeOf,
  frame,
  handshakeText,
  OPCODE,
  RawTarget,
  readFrame,
} from "../support/websocket_bytes.ts";
import { WEBSOCKET_CASES } from "../support/websocket_cases.ts";
import { openPeer, WebSocketTarget } from "../support/websocket_peers.ts";
import { before } from "../support/websocket_stage.ts";

const MEGABYTE = 1024 * 1024;
const LARGE = { maxPayload: 128 * MEGABYTE, maxFragments: 0 };

/** An echoing target by `ws` behind sluice. */
async function stageOf(options: Record<string, unknown> = {}) {
  const target = await WebSocketTarget.start(undefined, { ...LARGE, ...options });
  const sluice = await startSluice({
    env: groupEnvironment(`127.0.0.1:${target.port}`, { LISTENER_ENGINE: "wire", UPSTREAM_TRANSPORT: "wire" }),
  });
  return {
    target,
    sluice,
    url: `${sluice.url.replace("http:", "ws:")}/`,
    async [Symbol.asyncDispose]() {
      await sluice[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}

/** All that a client gets behind the 101, by the end of the connection. */
async function transcript(url: string, bytes: Uint8Array): Promise<string> {
  await using socket = await RawSocket.connect(url);
  await socket.send(handshakeText("/"));
  assert.match((await socket.readThrough("\r\n\r\n"))!, /^HTTP\/1.1 101 /);
  await socket.send(bytes).catch(() => {});
  return await socket.readToEnd();
}

Deno.test(
  `a client gets the same bytes through sluice as without it, in ${WEBSOCKET_CASES.length} cases after ` +
    `Autobahn's groups`,
  async () => {
    await using stage = await stageOf({ perMessageDeflate: false });
    const direct = `http://127.0.0.1:${stage.target.port}`;
    for (const { name, bytes } of WEBSOCKET_CASES) {
      const [expected, got] = await Promise.all([transcript(direct, bytes), transcript(stage.sluice.url, bytes)]);
      assert.ok(got === expected, `${name}: ${got.length} bytes through sluice, ${expected.length} without it`);
    }
    await stage.sluice.settled();
    assert.equal((await stage.sluice.accessLines(WEBSOCKET_CASES.length)).every(({ status }) => status === 101), true);
  },
);

Deno.test("200 WebSockets at once get their own messages back, compressed from end to end", async () => {
  await using stage = await stageOf();
  const peers = await Promise.all(Array.from({ length: 200 }, () => openPeer(stage.url)));
  await Promise.all(peers.map(async (peer, i) => {
    for (let n = 0; n < 5; n++) peer.socket.send(`${i}:${n} `.repeat(200));
    await peer.message(5);
  }));
  for (const [i, peer] of peers.entries()) {
    assert.deepEqual(peer.messages, Array.from({ length: 5 }, (_, n) => `${i}:${n} `.repeat(200)));
    assert.equal(peer.socket.extensions, "permessage-deflate");
    peer.socket.close(1000);
  }
  for (const peer of peers) assert.equal((await peer.close()).code, 1000);
  const stats = await stage.sluice.settled();
  const plain = 200 * 5 * 1000;
  assert.ok(stats.total.requestBytes < plain / 4, "what is compressed stays compressed");
});

Deno.test("a message of 64 MiB and one of 20,000 fragments pass through whole", async () => {
  await using stage = await stageOf({ perMessageDeflate: false });
  const peer = await openPeer(stage.url, [], { ...LARGE, perMessageDeflate: false });
  const large = Buffer.alloc(64 * MEGABYTE);
  for (let i = 0; i < large.length; i += 4096) large.writeUInt32LE(i, i);
  peer.socket.send(large);
  assert.ok(large.equals(await peer.message(1) as Buffer));
  for (let i = 0; i < 20_000; i++) peer.socket.send(`${i};`, { fin: i === 19_999 });
  assert.equal(await peer.message(2), Array.from({ length: 20_000 }, (_, i) => `${i};`).join(""));
  peer.socket.close(4001, "enough");
  assert.deepEqual(await peer.close(), { code: 4001, reason: "enough" });
});

Deno.test("a tunnel passes on pieces of any size, one byte and many, in their order both ways", async () => {
  await using stage = await stageOf({ perMessageDeflate: false });
  await using socket = await RawSocket.connect(stage.sluice.url);
  await socket.send(handshakeText("/"));
  await socket.readThrough("\r\n\r\n");
  const sizes = [1, 2047, 2048, 2049, 1, 65_536, 3, 200_000, 2048, 0, 70_000, 5];
  const payloads = sizes.map((size, i) => Buffer.alloc(size, i + 65));
  for (const payload of payloads) {
    const bytes = frame(OPCODE.binary, payload, { masked: true });
    await socket.send(bytes.subarray(0, 1));
    await socket.send(bytes.subarray(1));
  }
  const expected = Buffer.concat(payloads.map((payload) => frame(OPCODE.binary, payload)));
  assert.ok(expected.equals(await socket.readExactly(expected.length)));
});

Deno.test("a message that is on its way when sluice stops arrives whole, and the close frame behind it", async () => {
  const halfOut = Promise.withResolvers<void>();
  const rest = Promise.withResolvers<void>();
  const farewell = Promise.withResolvers<void>();
  const message = frame(OPCODE.text, "x".repeat(300));
  const target = await RawTarget.start(async (socket) => {
    await acceptHandshake(socket);
    if (target.sockets.length > 1) return void await socket.readToEnd();
    await socket.send(message.subarray(0, 100));
    halfOut.resolve();
    await rest.promise;
    await socket.send(message.subarray(100));
    // Nothing may follow a close frame, so this is not passed on.
    assert.equal(closeOf(await readFrame(socket))?.code, 1001);
    await farewell.promise;
    await socket.send(frame(OPCODE.text, "too late"));
    await socket.close();
  });
  await using _target = target;
  await using sluice = await before(`127.0.0.1:${target.port}`, {
    LISTENER_ENGINE: "wire",
    UPSTREAM_TRANSPORT: "wire",
  });
  await using client = await RawSocket.connect(sluice.url);
  await client.send(handshakeText("/"));
  await client.readThrough("\r\n\r\n");
  await halfOut.promise;
  await using other = await RawSocket.connect(sluice.url);
  await other.send(handshakeText("/"));
  await other.readThrough("\r\n\r\n");
  sluice.signal("SIGTERM");
  // Between frames, so it is told at once: from now on every WebSocket is.
  assert.equal(closeOf(await readFrame(other))?.code, 1001);
  await other.reset();
  rest.resolve();
  const got = await readFrame(client);
  assert.equal(got?.payload.length, 300);
  assert.equal(closeOf(await readFrame(client))?.code, 1001);
  farewell.resolve();
  assert.equal(await client.readToEnd(), "");
  await client.close();
  assert.equal(await sluice.ended(), 0);
});
