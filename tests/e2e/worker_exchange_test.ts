/** What becomes of a leaving worker's WebSockets and downloads if it is exchanged for TLS handshakes that hang. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type MadeCertificate, TestAuthority } from "../support/certificates.ts";
import { until } from "../support/poll.ts";
import { TlsClient, TlsStage } from "../support/tls_stage.ts";
import { openPeer, type Peer, WebSocketTarget } from "../support/websocket_peers.ts";

/** More than half of the connections that the worker may have. */
const HANGING = 30;
const MOST = 50;
/** One piece of a download. */
const PIECE = "x".repeat(50_000);

/** A sluice with TLS before a target for `/` and one for `/socket`, whose only worker is about to be exchanged. */
class ExchangeStage implements AsyncDisposable {
  readonly #all = new AsyncDisposableStack();
  authority!: TestAuthority;
  stage!: TlsStage;
  sockets!: WebSocketTarget;
  #certificate!: MadeCertificate;

  static async start(shutdownTimeout: string): Promise<ExchangeStage> {
    const made = new ExchangeStage();
    made.authority = made.#all.use(await TestAuthority.make());
    made.#certificate = await made.authority.issue({ names: ["localhost"] });
    made.sockets = made.#all.use(await WebSocketTarget.start());
    made.stage = made.#all.use(
      await TlsStage.start([made.#certificate], {
        SHUTDOWN_TIMEOUT: shutdownTimeout,
        LISTENER_MAX_CONNECTIONS: String(MOST),
        TARGET_GROUP_2_NAME: "sockets",
        TARGET_GROUP_2_TARGETS: `127.0.0.1:${made.sockets.port}`,
        LISTENER_RULE_2_PATH_PREFIX: "/socket",
        LISTENER_RULE_2_TARGET_GROUP: "sockets",
      }),
    );
    return made;
  }

  /** Opens a WebSocket that echoes, and sends one message over it and back. */
  async socket(): Promise<Peer> {
    const peer = await openPeer(`wss://localhost:${this.stage.port}/socket`, [], { ca: await this.authority.root() });
    peer.socket.send("before");
    assert.equal(await peer.message(1), "before");
    return peer;
  }

  /** Lets handshakes hang until another worker listens in place of the one that has them. */
  async exchange(): Promise<void> {
    const { sluice, port } = this.stage;
    for (let i = 0; i < HANGING; i++) this.#all.use(await Deno.connect({ hostname: "127.0.0.1", port }));
    const leaves = async () => (await sluice.stats()).workers.some(({ leaving }) => leaving);
    await until(leaves, () => `a worker to leave; the log says:\n${sluice.stderr}`);
  }

  /** Waits until the worker's thread has ended; returns how many exchanges were open then. */
  async exchanged(): Promise<unknown> {
    const { sluice } = this.stage;
    return (await sluice.waitForEvent(({ event }) => event === "worker_exchanged", "the worker's end")).openExchanges;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#all.disposeAsync();
  }
}

Deno.test("a WebSocket and a download go on while their worker is exchanged, until they end", async () => {
  await using all = await ExchangeStage.start("60s");
  const { stage, authority } = all;
  const goOn = Promise.withResolvers<void>();
  stage.target.script = async ({ socket, path }) => {
    if (path !== "/large") return await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    await socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * PIECE.length}\r\n\r\n${PIECE}`);
    await goOn.promise;
    await socket.send(PIECE);
  };
  const peer = await all.socket();
  await using download = await TlsClient.connect(stage.port, authority);
  const whole = download.get("/large");
  await until(() => download.text.length > PIECE.length, "the first piece of the download");
  await all.exchange();

  await using other = await TlsClient.connect(stage.port, authority);
  assert.match(await other.get("/"), /^HTTP\/1\.1 200 /);
  const large = Buffer.alloc(300_000, 7);
  peer.socket.send(large);
  assert.deepEqual(await peer.message(2), large);
  goOn.resolve();
  assert.ok((await whole).endsWith(`\r\n\r\n${PIECE}${PIECE}`));
  peer.socket.send("after");
  assert.equal(await peer.message(3), "after");
  peer.socket.close(4001, "seen enough");
  assert.deepEqual(await peer.close(), { code: 4001, reason: "seen enough" });
  assert.deepEqual(await all.sockets.peers[0]!.close(), { code: 4001, reason: "seen enough" });
  assert.equal(await all.exchanged(), 0);
  assert.equal((await stage.sluice.settled()).total.requests, 3, "no number is lost");
});

Deno.test("a WebSocket that outlasts SHUTDOWN_TIMEOUT is closed with 1001 before its worker ends", async () => {
  await using all = await ExchangeStage.start("6s");
  const peer = await all.socket();
  await all.exchange();
  peer.socket.send("after");
  assert.equal(await peer.message(2), "after");
  assert.equal((await peer.close()).code, 1001);
  assert.equal((await all.sockets.peers[0]!.close()).code, 1001);
  assert.equal(await all.exchanged(), 0);
});
