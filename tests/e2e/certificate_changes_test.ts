/** Certificates that change again and again, under clients that connect all the time and clients that stay. */
import assert from "node:assert/strict";
import { TestAuthority } from "../support/certificates.ts";
import { HandshakeLoad, type MadeHandshake } from "../support/handshake_load.ts";
import { pause, until } from "../support/poll.ts";
import { okay } from "../support/recorder_scripts.ts";
import type { Turn } from "../support/recorder_target.ts";
import { TlsClient, TlsStage } from "../support/tls_stage.ts";

/** `SLUICE_TEST_CERTIFICATE_CHANGES=200` for the long form. */
const CHANGES = Number(Deno.env.get("SLUICE_TEST_CERTIFICATE_CHANGES") ?? 4);
const KEPT = 20;
/** Two loads, each a handshake every so many ms: about 150 a second. */
const EVERY_MS = 13;
/** Signals within a second count as one. */
const BETWEEN_MS = 1_100;

/** A download that goes on until `isOver`, and a WebSocket that sends back what it gets. */
function longExchanges(isOver: () => boolean) {
  return async (turn: Turn) => {
    if (turn.path === "/download") {
      await turn.socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (!isOver()) {
        await turn.socket.send("4\r\nmore\r\n");
        await pause(50);
      }
      return await turn.socket.send("0\r\n\r\n");
    }
    if (turn.path !== "/socket") return await okay()(turn);
    await turn.socket.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    for (;;) {
      const bytes = await turn.socket.readSome(3_600_000);
      if (bytes.length === 0) return;
      await turn.socket.send(bytes);
    }
  };
}

Deno.test(
  `${CHANGES} certificate changes fail hardly a handshake, and nothing on connections that are open`,
  async () => {
    await using authority = await TestAuthority.make();
    const pairs = [await authority.issue({ names: ["a.test"] }), await authority.issue({ names: ["b.test"] })];
    const served = await authority.issue({ names: ["first.test"] });
    await using stage = await TlsStage.start([served], { LISTENER_WORKERS: "2", ACCESS_LOG: "false" });
    let over = false;
    stage.target.script = longExchanges(() => over);
    await using download = await TlsClient.connect(stage.port, authority);
    download.socket.write("GET /download HTTP/1.1\r\nHost: a\r\n\r\n");
    await using socket = await TlsClient.connect(stage.port, authority);
    socket.socket.write("GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    await until(() => socket.text.endsWith("\r\n\r\n"), "the WebSocket");
    let requests = 0;
    const kept = Array.from({ length: KEPT }, async () => {
      await using client = await TlsClient.connect(stage.port, authority);
      for (; !over; requests++) {
        assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
        await pause(40);
      }
    });
    const loads = [new HandshakeLoad(stage.port, EVERY_MS), new HandshakeLoad(stage.port, EVERY_MS)];
    const changedMs: [number, string][] = [];
    try {
      for (let change = 0; change < CHANGES; change++) {
        const { certificate, key } = pairs[change % 2]!;
        await replaceFile(served.certificateFile, certificate);
        await replaceFile(served.keyFile, key);
        const line = await stage.eventAfter("certificate_changed", () => stage.sluice.signal("SIGHUP"));
        changedMs.push([Date.parse(String(line.time)), `DNS:${String(line.names)}`]);
        socket.socket.write(`${change};`);
        await pause(BETWEEN_MS);
      }
    } finally {
      over = true;
    }
    const outcomes = await Promise.all(loads.map((load) => load.stop()));
    await Promise.all(kept);
    await until(() => download.text.endsWith("\r\n0\r\n\r\n"), "the end of the download");
    const echoed = Array.from({ length: CHANGES }, (_, change) => `${change};`).join("");
    await until(() => socket.text.endsWith(`\r\n\r\n${echoed}`), "what the WebSocket sent back");
    const made = outcomes.flatMap((outcome) => outcome.made).sort(([a], [b]) => a - b);
    // On a machine without a core to spare, a thread may be interrupted just before it closes its listener.
    const failed = outcomes.flatMap((outcome) => outcome.failed);
    if (CHANGES > 10) {
      console.log({ handshakes: made.length, failed: failed.length, requests, latestMs: latest(made, changedMs) });
    }
    assert.ok(failed.length <= CHANGES / 2, failed.join("\n"));
    assert.ok(made.length > CHANGES * 20, `only ${made.length} handshakes`);
    assert.deepEqual(made.at(-1)![2], changedMs.at(-1)![1]);
  },
);

/** As operators should: the new file beside the old one, then renamed. */
async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text);
  await Deno.rename(`${path}.new`, path);
}

/** How long after a change's log line a handshake that still got the certificate before it has begun, at the most. */
function latest(made: readonly MadeHandshake[], changes: readonly [number, string][]): number {
  let latestMs = 0;
  for (const [beganMs, endedMs, names] of made) {
    const last = changes.findLast(([atMs]) => atMs <= endedMs);
    if (last !== undefined && last[1] !== names) latestMs = Math.max(latestMs, beganMs - last[0]);
  }
  return latestMs;
}
