/** What becomes of WebSockets if sluice stops, or nobody says anything for too long. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { WIRE_ENGINE } from "../support/engine.ts";
import { isListening } from "../support/free_port.ts";
import { until } from "../support/poll.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { acceptHandshake, handshakeText, RawTarget } from "../support/websocket_bytes.ts";
import { openPeer, openRefused, WebSocketTarget } from "../support/websocket_peers.ts";
import { before, socketUrl } from "../support/websocket_stage.ts";

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

Deno.test(
  "a socket whose handshake was open at the stop is closed too, and does not delay it",
  async () => {
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
  },
);

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
  const end = WIRE_ENGINE ? { code: 1006, reason: "" } : { code: 1001, reason: "Idle for too long" };
  assert.deepEqual(await client.close(), end);
  await sluice.settled();
  assert.equal((await sluice.accessLines(1))[0]!.cutBy, "idle");
});
