import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { pause, until } from "../support/poll.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { UpgradeListener } from "../support/upgrade_listener.ts";
import { frame, handshakeText, OPCODE, readFrame } from "../support/websocket_bytes.ts";
import { openPeer, type Peer, WebSocketTarget } from "../support/websocket_peers.ts";

const CHUNK = 64 * 1024;
const COUNT = 1024;
const TOTAL = CHUNK * COUNT;
/** What sockets' own buffers on the way may hold, generously; far below the total. */
const ON_THE_WAY = 24 * 1024 * 1024;

/** Says a lot, each message numbered. */
function sayMuch(peer: Peer): void {
  for (let i = 0; i < COUNT; i++) {
    const message = Buffer.alloc(CHUNK);
    message.writeUInt32BE(i);
    peer.socket.send(message);
  }
}

/** Waits until a sender gets nothing more away, and returns how many bytes it still has. */
async function whenStuck(peer: Peer): Promise<number> {
  let last = -1;
  let same = 0;
  await until(() => {
    const now = peer.socket.bufferedAmount;
    same = now === last ? same + 1 : 0;
    last = now;
    return same === 30;
  }, "the sender to be held back");
  return last;
}

async function assertAllInOrder(peer: Peer): Promise<void> {
  await peer.message(COUNT);
  for (let i = 0; i < COUNT; i++) assert.equal((peer.messages[i] as Buffer).readUInt32BE(), i);
}

Deno.test("a client that does not read holds its target back, and loses nothing", async () => {
  await using target = await WebSocketTarget.start();
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  client.socket.pause();
  const sender = target.peers[0]!;
  sayMuch(sender);
  const unsent = await whenStuck(sender);
  assert.ok(unsent > TOTAL - ON_THE_WAY, `the target still holds ${unsent} of ${TOTAL} bytes`);
  client.socket.resume();
  await assertAllInOrder(client);
  client.socket.close(1000);
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
  assert.equal(listener.outcomes[0]!.responseBytes, TOTAL);
  assert.equal(listener.clock.pending, 0);
});

Deno.test("a target that does not read holds its client back, and loses nothing", async () => {
  await using target = await WebSocketTarget.start((peer) => peer.socket.pause());
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  sayMuch(client);
  client.socket.close(1000, "said all");
  const unsent = await whenStuck(client);
  assert.ok(unsent > TOTAL - ON_THE_WAY, `the client still holds ${unsent} of ${TOTAL} bytes`);
  const [receiver] = target.peers;
  // The other way is open meanwhile.
  receiver!.socket.send("hello from a busy target");
  await client.message(1);
  receiver!.socket.resume();
  await assertAllInOrder(receiver!);
  assert.deepEqual(await receiver!.close(), { code: 1000, reason: "said all" });
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
  assert.equal(listener.outcomes[0]!.requestBytes, TOTAL);
  assert.equal(listener.clock.pending, 0);
});

Deno.test("a client that is held back is not taken for a dead one", async () => {
  await using target = await WebSocketTarget.start((peer) => peer.socket.pause());
  await using listener = new UpgradeListener(target.port, { clientPingSeconds: 1 });
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  sayMuch(client);
  await whenStuck(client);
  // More than twice as long as a client may be silent.
  await pause(2500);
  assert.equal(client.closed, null);
  target.peers[0]!.socket.resume();
  await assertAllInOrder(target.peers[0]!);
  client.socket.close(1000);
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
  assert.equal(listener.outcomes[0]!.code, 1000);
});

Deno.test("a client that is gone without a word is found out by a ping", async () => {
  await using target = await WebSocketTarget.start();
  await using listener = new UpgradeListener(target.port, { clientPingSeconds: 1 });
  await using client = await RawSocket.connect({ hostname: "127.0.0.1", port: listener.port });
  await client.send(handshakeText("/"));
  await client.readThrough("\r\n\r\n");
  assert.equal((await readFrame(client))!.opcode, OPCODE.ping);
  await client.send(frame(OPCODE.pong, "", { masked: true }));
  assert.equal((await readFrame(client))!.opcode, OPCODE.ping);
  assert.deepEqual(await target.peers[0]!.close(), { code: 1001, reason: "Client went away" });
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
  assert.deepEqual(listener.outcomes[0], { requestBytes: 0, responseBytes: 0, code: null, leftFirst: "client" });
});

Deno.test("if a client can't be made to wait, it is disconnected before it fills the memory", async () => {
  await using target = await WebSocketTarget.start((peer) => peer.socket.pause());
  await using listener = new UpgradeListener(target.port, { holdReading: false, maxHeldBytes: 4 * 1024 * 1024 });
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  sayMuch(client);
  await client.close();
  target.peers[0]!.socket.resume();
  await target.peers[0]!.close();
  await until(() => listener.outcomes.length === 1, "the tunnel's end");
  assert.equal(listener.outcomes[0]!.leftFirst, "target");
  assert.equal(listener.outcomes[0]!.code, 1013);
  assert.ok(listener.outcomes[0]!.requestBytes < TOTAL);
});
