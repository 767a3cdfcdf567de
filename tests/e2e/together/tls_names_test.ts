/** Several certificates on one port: whatever pieces a client's bytes come in, and whatever becomes of it. */
import assert from "node:assert/strict";
import { TestAuthority } from "../../support/certificates.ts";
import { InPieces } from "../../support/in_pieces.ts";
import { until, within } from "../../support/poll.ts";
import { answer, breakOffChunked } from "../../support/recorder_scripts.ts";
import { TlsClient, TlsStage } from "../../support/tls_stage.ts";
import { openPeer, WebSocketTarget } from "../../support/websocket_peers.ts";

Deno.test("a client's first message may come in pieces, with one certificate and with several", async () => {
  await using authority = await TestAuthority.make();
  const first = await authority.issue({ names: ["first.test"] });
  const second = await authority.issue({ names: ["second.test"] });
  for (const certificates of [[second], [first, second]]) {
    await using stage = await TlsStage.start(certificates);
    for (const cuts of [[1], [5, 6], [100, 200, 300]]) {
      await using relay = InPieces.start(stage.port, cuts);
      await using client = await TlsClient.connect(relay.port, authority, { name: "second.test" });
      assert.equal(client.names, "second.test");
      assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
    }
  }
});

Deno.test("large bodies pass both ways, byte by byte", () =>
  withTwo({}, async (stage, authority) => {
    const sent = new Uint8Array(3_000_000).map((_, i) => i * 7 + (i >> 8));
    stage.target.script = answer(200, [], sent);
    using client = Deno.createHttpClient({ caCerts: [await authority.root()] });
    const response = await fetch(stage.url, { client, method: "POST", body: sent });
    const came = new Uint8Array(await response.arrayBuffer());
    assert.equal(came.length, sent.length);
    assert.ok(came.every((byte, i) => byte === sent[i]));
    const { body } = stage.target.requests[0]!;
    assert.equal(body.length, sent.length);
    assert.ok(body.every((byte, i) => byte === sent[i]));
  }));

Deno.test("a client that ends its side gets its response", () =>
  withTwo({}, async (stage, authority) => {
    const client = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: stage.port,
      caCerts: [await authority.root()],
    });
    await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    await client.closeWrite();
    const text = await within(new Response(client.readable).text(), "the response");
    assert.match(text, /\r\n\r\nHTTP\/1\.1 200 .*\r\n\r\nok$|^HTTP\/1\.1 200 .*\r\n\r\nok$/s);
  }));

Deno.test("handshakes that hang are closed when their time is over", () =>
  withTwo({ LISTENER_TLS_HANDSHAKE_TIMEOUT: "300" }, async (stage, authority) => {
    const before = descriptors(stage);
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => Deno.connect({ hostname: "127.0.0.1", port: stage.port })),
    );
    for (const client of clients.slice(10)) await client.write(new Uint8Array([22, 3, 1, 2, 0, 1]));
    for (const client of clients) {
      const ended = within(client.read(new Uint8Array(100)).then((n) => n === null, () => true), "the end");
      assert.ok(await ended);
    }
    await until(() => descriptors(stage) <= before, "the descriptors to be free");
    for (const client of clients) client.close();
    await using after = await TlsClient.connect(stage.port, authority);
    assert.match(await after.get("/"), /^HTTP\/1\.1 200 /);
  }));

Deno.test("a client of HTTP/1.0 hears that a transfer broke", () =>
  withTwo({}, async (stage, authority) => {
    stage.target.script = breakOffChunked(["abc"]);
    const client = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: stage.port,
      caCerts: [await authority.root()],
    });
    await client.write(new TextEncoder().encode("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
    await assert.rejects(within(new Response(client.readable).text(), "the end"), Deno.errors.UnexpectedEof);
  }));

Deno.test("a connection that is idle for too long is closed in order", () =>
  withTwo({ LISTENER_IDLE_TIMEOUT: "300" }, async (stage, authority) => {
    const client = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: stage.port,
      caCerts: [await authority.root()],
    });
    await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    const text = await within(new Response(client.readable).text(), "the end");
    assert.match(text, /^HTTP\/1\.1 200 .*\r\n\r\nok$/s);
  }));

Deno.test("a WebSocket's messages pass", async () => {
  await using target = await WebSocketTarget.start();
  await withTwo({ TARGET_GROUP_1_TARGETS: `127.0.0.1:${target.port}` }, async (stage, authority) => {
    const peer = await openPeer(stage.url.replace("https", "wss"), [], { ca: [await authority.root()] });
    const long = "x".repeat(200_000);
    for (const text of ["one", long, "two"]) peer.socket.send(text);
    await peer.message(3);
    assert.deepEqual(peer.messages, ["one", long, "two"]);
    peer.socket.close(1000);
    assert.equal((await peer.close()).code, 1000);
  });
});

function descriptors({ sluice }: TlsStage): number {
  return [...Deno.readDirSync(`/proc/${sluice.pid}/fd`)].length;
}

/** Starts a stage with two certificates, the first of them for `localhost` and 127.0.0.1. */
async function withTwo(
  env: Record<string, string>,
  run: (stage: TlsStage, authority: TestAuthority) => Promise<void>,
): Promise<void> {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([
    await authority.issue({ names: ["localhost", "127.0.0.1"] }),
    await authority.issue({ names: ["other.test"] }),
  ], env);
  await run(stage, authority);
}
