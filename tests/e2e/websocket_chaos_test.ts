/** Sessions of damaged frames, odd close codes and reasons from both sides: whatever they do, the process goes on. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { until } from "../support/poll.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";
import { seededRandom } from "../support/target_group.ts";
import { handshakeText, RawTarget } from "../support/websocket_bytes.ts";
import { inventAnswer, inventSide, type Side } from "../support/websocket_damage.ts";
import { openPeer, WebSocketTarget } from "../support/websocket_peers.ts";

/** Set `SLUICE_TEST_WEBSOCKET_SESSIONS=20000` for the long form, and `SLUICE_TEST_SEED` for other sessions. */
const SESSIONS = Number(Deno.env.get("SLUICE_TEST_WEBSOCKET_SESSIONS") ?? 400);
const FIRST_SEED = Number(Deno.env.get("SLUICE_TEST_SEED") ?? 1);
const AT_ONCE = 16;
/** How long a side that waits for the other's end waits. */
const WAIT_MS = 30;

/** Says all of a side's part and leaves as it says. The other side may be gone at any moment: that is no failure. */
async function play(socket: RawSocket, side: Side): Promise<void> {
  try {
    if (side.deaf) socket.pause();
    for (const piece of side.pieces) {
      let sent = false;
      void socket.send(piece).then(() => sent = true, () => sent = true);
      // Who is not read any more does not wait for it.
      await until(() => sent || socket.endedBy !== null, "a piece to be sent", { everyMs: 1, patienceMs: 2000 });
    }
    if (side.ending === "wait") await socket.endedWithin(WAIT_MS);
    else if (side.ending === "finish") {
      socket.halfClose();
      await socket.endedWithin(WAIT_MS);
    }
  } catch {
    // Given up.
  }
  if (side.ending === "reset") await socket.reset();
  else await socket.close();
}

/** A target that plays the target's part of the session whose seed the path names. */
function damagedTarget(): Promise<RawTarget> {
  return RawTarget.start(async (socket) => {
    const head = await socket.readThrough("\r\n\r\n");
    if (head === null) return await socket.close();
    const random = seededRandom(Number(/^GET \/damaged\/(\d+)/.exec(head)![1]) * 2 + 1);
    const answer = inventAnswer(random, /^sec-websocket-key: (.*)\r$/im.exec(head)![1]!);
    const side = inventSide(random, false);
    await play(socket, { ...side, pieces: [answer, ...side.pieces] });
  });
}

async function session(port: number, seed: number): Promise<void> {
  const random = seededRandom(seed * 2);
  const client = await RawSocket.connect({ hostname: "127.0.0.1", port });
  const side = inventSide(random, true);
  const handshake = Buffer.from(handshakeText(`/damaged/${seed}`));
  if (random() < 0.9) {
    await client.send(handshake);
    // The rest of an HTTP connection is not what is tried here.
    const head = await client.readThrough("\r\n\r\n").catch(() => null);
    if (head === null || !head.startsWith("HTTP/1.1 101 ")) return await client.close();
    await play(client, side);
  } else await play(client, { ...side, pieces: [handshake, ...side.pieces] });
}

/** The process is there, and WebSocket works. */
async function assertServes(sluice: SluiceProcess): Promise<void> {
  const peer = await openPeer(`${sluice.url.replace("http:", "ws:")}/echo`);
  peer.socket.send("still there");
  assert.equal(await peer.message(1), "still there");
  peer.socket.close(1000);
  await peer.close();
}

Deno.test(`${SESSIONS} sessions of damaged frames and odd close codes end only themselves`, async () => {
  await using damaged = await damagedTarget();
  await using echo = await WebSocketTarget.start();
  await using sluice = await startSluice({
    env: {
      TARGET_GROUP_1_NAME: "damaged",
      TARGET_GROUP_1_TARGETS: `127.0.0.1:${damaged.port}`,
      TARGET_GROUP_2_NAME: "echo",
      TARGET_GROUP_2_TARGETS: `127.0.0.1:${echo.port}`,
      LISTENER_RULE_1_PATH_PREFIX: "/damaged",
      LISTENER_RULE_1_TARGET_GROUP: "damaged",
      LISTENER_RULE_2_PATH_PREFIX: "/echo",
      LISTENER_RULE_2_TARGET_GROUP: "echo",
      CONNECTION_TIMEOUT: "1s",
    },
  });
  const { port } = sluice;
  let next = FIRST_SEED;
  const end = FIRST_SEED + SESSIONS;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < end) {
      const seed = next++;
      await session(port, seed).catch(async (error) => {
        next = end;
        // All that it said before it ended.
        await sluice.kill();
        throw new Error(`Seed ${seed}: ${(error as Error).message}\n${sluice.stderr}`);
      });
    }
  }));
  await assertServes(sluice);
  await sluice.settled();
  const wrong = sluice.events.filter(({ event }) => event === "internal_error");
  assert.deepEqual(wrong, []);
  assert.deepEqual(sluice.plainLines, []);
  // Nor was a worker replaced behind its back.
  assert.equal(sluice.events.filter(({ event }) => event === "listening").length, 1);
});
