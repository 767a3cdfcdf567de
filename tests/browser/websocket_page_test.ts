import assert from "node:assert/strict";
import { browserTest, withPage } from "../support/browser.ts";
import { WIRE_ENGINE } from "../support/engine.ts";
import { until } from "../support/poll.ts";
import { startSluice } from "../support/sluice_process.ts";
import { openPeer, WebSocketTarget } from "../support/websocket_peers.ts";

/** Runs in the page: sends numbered messages to a room and says what came back. */
const CHAT = `(count) => new Promise((resolve, reject) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/room", ["chat.v1"]);
  const got = [];
  socket.onopen = () => { for (let i = 0; i < count; i++) socket.send("from the page " + i); };
  socket.onmessage = (event) => {
    got.push(event.data);
    if (got.length === 2 * count) socket.close(4001, "seen enough");
  };
  socket.onclose = ({ code, reason }) => {
    const { protocol, extensions } = socket;
    resolve({ got, code, reason, protocol, extensions });
  };
  socket.onerror = () => reject(new Error("the socket failed"));
})`;

browserTest("a chat between Chromium and Node through sluice keeps 10,000 messages each way in order", async () => {
  const count = 10_000;
  // The room: whatever one says, all others hear.
  await using target = await WebSocketTarget.start((peer) => {
    peer.socket.on("message", (data: Uint8Array, isBinary: boolean) => {
      for (const other of target.peers) if (other !== peer) other.socket.send(data, { binary: isBinary });
      if (target.peers.indexOf(peer) > 0) peer.socket.send(data, { binary: isBinary });
    });
  });
  await using sluice = await startSluice({
    env: {
      TARGET_GROUP_1_NAME: "chat",
      TARGET_GROUP_1_TARGETS: `127.0.0.1:${target.port}`,
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "chat",
    },
  });
  const node = await openPeer(sluice.url.replace("http", "ws") + "/room");
  await withPage(sluice.url, async (page) => {
    const chat = page.evaluate(`(${CHAT})(${count})`) as Promise<
      { got: string[]; code: number; reason: string; protocol: string; extensions: string }
    >;
    await node.message(1);
    for (let i = 0; i < count; i++) node.socket.send(`from Node ${i}`);
    const { got, code, reason, protocol, extensions } = await chat;
    assert.deepEqual({ code, reason, protocol, extensions }, {
      code: 4001,
      reason: "seen enough",
      protocol: "chat.v1",
      // As bytes, it is up to both ends what they agree on.
      extensions: WIRE_ENGINE ? "permessage-deflate" : "",
    });
    const of = (who: string) => got.filter((message) => message.startsWith(who));
    assert.deepEqual(of("from Node"), Array.from({ length: count }, (_, i) => `from Node ${i}`));
    assert.deepEqual(of("from the page"), Array.from({ length: count }, (_, i) => `from the page ${i}`));
    await node.message(count);
    assert.deepEqual(node.messages, of("from the page"));
    // The platform answers the page's close by itself, so the target may hear of it a moment later.
    await until(() => target.peers[1]!.closed !== null, "the target to hear of the close");
    assert.deepEqual(target.peers[1]!.closed, { code: 4001, reason: "seen enough" });
  });
  node.socket.close();
  await node.close();
  await sluice.settled();
});

browserTest("a page sees the close of a target that is killed", async () => {
  await using target = await WebSocketTarget.start();
  await using sluice = await startSluice({
    env: {
      TARGET_GROUP_1_NAME: "chat",
      TARGET_GROUP_1_TARGETS: `127.0.0.1:${target.port}`,
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "chat",
    },
  });
  await withPage(sluice.url, async (page) => {
    const closed = page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket(location.origin.replace("http", "ws") + "/");
      socket.onmessage = () => window.opened = true;
      socket.onopen = () => socket.send("hello");
      socket.onclose = (event) => resolve([event.code, event.wasClean, event.reason]);
    })`);
    await page.waitForFunction("window.opened === true");
    target.vanish();
    assert.deepEqual(await closed, WIRE_ENGINE ? [1006, false, ""] : [1001, true, "Target went away"]);
  });
  await sluice.settled();
});
