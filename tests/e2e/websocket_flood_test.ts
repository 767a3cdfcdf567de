/** Messages that have no bytes still cost: so many wait for a slow side, and so many pass in a turn. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { until } from "../support/poll.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { ScriptedTunnel } from "../support/scripted_target.ts";
import { UpgradeListener } from "../support/upgrade_listener.ts";
import { acceptHandshake, frame, handshakeText, OPCODE, RawTarget } from "../support/websocket_bytes.ts";
import { openPeer } from "../support/websocket_peers.ts";

/** What waits for one side at most: 1 MiB at 1 KiB a message, and the one that goes beyond it. */
const MOST_WAITING = 1025;
const EMPTY = new Uint8Array();

async function openRaw(port: number): Promise<RawSocket> {
  const client = await RawSocket.connect({ hostname: "127.0.0.1", port });
  await client.send(handshakeText("/"));
  assert.match((await client.readThrough("\r\n\r\n"))!, /^HTTP\/1.1 101 /);
  return client;
}

/** Waits until a number has stopped growing. */
async function settled(count: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  await until(() => {
    same = count() === last ? same + 1 : 0;
    last = count();
    return last > 0 && same === 20;
  }, "a count to stand still");
  return last;
}

for (const payload of ["", "x"]) {
  Deno.test(`a target that does not read holds back a client that sends ${payload.length} bytes`, async () => {
    await using tunnel = new ScriptedTunnel();
    await using client = await openRaw(tunnel.port);
    const message = frame(OPCODE.text, payload, { masked: true });
    await client.send(Buffer.concat(Array.from({ length: 5000 }, () => message)));
    const waiting = await settled(() => tunnel.target.handed);
    assert.ok(waiting <= MOST_WAITING && waiting >= MOST_WAITING - 1, `${waiting} wait`);
    // All of them come when it reads.
    await until(() => {
      tunnel.target.write();
      return tunnel.target.handed === 5000;
    }, () => `5,000 messages; ${tunnel.target.handed} came`);
  });
}

Deno.test("a client that does not read holds back a target that sends empty messages", async () => {
  await using tunnel = new ScriptedTunnel();
  await using client = await openRaw(tunnel.port);
  client.pause();
  const { target, clock } = tunnel;
  let sent = 0;
  /** As much as the tunnel reads. */
  const flood = async () => {
    return await settled(() => {
      while (!target.isPaused && sent < 5000) {
        target.emit("message", EMPTY, false);
        sent++;
      }
      return sent;
    });
  };
  assert.equal(await flood(), MOST_WAITING);
  // Ten seconds at 100 a second.
  for (let i = 0; i < 2000; i++) clock.advance(5);
  const later = await flood();
  assert.ok(later > MOST_WAITING && later <= 2 * MOST_WAITING, `${later} were read`);
});

Deno.test("a turn of the event loop passes on no more messages than a tunnel's share, either way", async () => {
  await using tunnel = new ScriptedTunnel();
  await using client = await openRaw(tunnel.port);
  const { target } = tunnel;
  await until(() => !target.isPaused, "the tunnel to read its target");
  let inOneTurn = 0;
  while (!target.isPaused && inOneTurn < 1000) {
    target.emit("message", EMPTY, false);
    inOneTurn++;
  }
  assert.equal(inOneTurn, 4);
  let before = 0;
  let most = 0;
  const look = () => {
    most = Math.max(most, target.handed - before);
    before = target.handed;
    if (before < 900) setImmediate(look);
  };
  look();
  await client.send(
    Buffer.concat(Array.from({ length: 900 }, () => frame(OPCODE.text, "", { masked: true }))),
  );
  await until(() => before === 900, () => `900 messages; ${target.handed} came`);
  assert.ok(most <= 16, `${most} came between two looks`);
});

Deno.test("a target that reads no pongs gets few, however many pings it sends", async () => {
  await using tunnel = new ScriptedTunnel();
  await using _client = await openRaw(tunnel.port);
  for (let i = 0; i < 100; i++) tunnel.target.emit("ping", EMPTY);
  assert.equal(tunnel.target.pongs, 16);
});

Deno.test("a message of a target in 20,000 fragments arrives whole", async () => {
  await using target = await RawTarget.start(async (socket) => {
    const middle = frame(OPCODE.continuation, "m", { fin: false });
    const parts = [frame(OPCODE.binary, "a", { fin: false }), ...Array.from({ length: 19_998 }, () => middle)];
    await acceptHandshake(socket, { behind: Buffer.concat([...parts, frame(OPCODE.continuation, "z")]) });
    await socket.untilEnded();
  });
  await using listener = new UpgradeListener(target.port);
  const client = await openPeer(`ws://127.0.0.1:${listener.port}/`);
  assert.equal((await client.message(1)).toString(), `a${"m".repeat(19_998)}z`);
  client.socket.close();
  await client.close();
});
