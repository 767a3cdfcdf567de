import assert from "node:assert/strict";
import { browserTest, withPage } from "../support/browser.ts";
import { TestAuthority } from "../support/certificates.ts";
import { startSluice } from "../support/sluice_process.ts";
import { WebSocketTarget } from "../support/websocket_peers.ts";

/** Runs in the page: sends numbered messages over wss, and says what came back and how the page came. */
const ECHO = `(count) => new Promise((resolve, reject) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/room");
  const got = [];
  socket.onopen = () => { for (let i = 0; i < count; i++) socket.send("message " + i); };
  socket.onmessage = (event) => {
    got.push(event.data);
    if (got.length === count) socket.close(4001, "seen enough");
  };
  socket.onclose = ({ code }) => {
    const [{ nextHopProtocol }] = performance.getEntriesByType("navigation");
    resolve({ got, code, url: socket.url, nextHopProtocol });
  };
  socket.onerror = () => reject(new Error("the socket failed"));
})`;

browserTest("Chromium loads a page by HTTPS and keeps a WebSocket's messages in order over wss", async () => {
  const count = 1_000;
  await using authority = await TestAuthority.make();
  const { certificateFile, keyFile } = await authority.issue({ names: ["127.0.0.1"] });
  await using target = await WebSocketTarget.start((peer) => {
    peer.socket.on("message", (data: Uint8Array, isBinary: boolean) => peer.socket.send(data, { binary: isBinary }));
  });
  for (const protocol of ["h2", "http/1.1"]) {
    await using sluice = await startSluice({
      env: {
        LISTENER_ENGINE: "wire",
        LISTENER_TLS_PORT: "0",
        LISTENER_TLS_CERT: certificateFile,
        LISTENER_TLS_KEY: keyFile,
        LISTENER_HTTP2: String(protocol === "h2"),
        TARGET_GROUP_1_NAME: "room",
        TARGET_GROUP_1_TARGETS: `127.0.0.1:${target.port}`,
        LISTENER_RULE_1_PATH_PREFIX: "/",
        LISTENER_RULE_1_TARGET_GROUP: "room",
      },
    });
    const url = String(sluice.events.find(({ event }) => event === "listening")?.tlsUrl);
    await withPage(url, async (page) => {
      const seen = await page.evaluate(`(${ECHO})(${count})`);
      assert.deepEqual(seen, {
        got: Array.from({ length: count }, (_, i) => `message ${i}`),
        code: 4001,
        url: `${url.replace("https", "wss")}/room`,
        nextHopProtocol: protocol,
      });
    }, { trustsAll: true });
  }
});
