/** Large bodies stream through: every byte arrives, and hardly any of it is held. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { header, readHead } from "../support/raw_message.ts";
import type { RawSocket } from "../support/raw_socket.ts";
import { addedKib } from "../support/resident_memory.ts";
import { WireStage } from "../support/wire_stage.ts";

/** 64 MiB in the gate; `LARGE_BODY_MIB=1024` runs the full size of the promise. */
const MIB = Number(Deno.env.get("LARGE_BODY_MIB") ?? 64);
const SIZE = MIB * 1024 * 1024;
const MOST_ADDED_KIB = 32 * 1024;
const PIECE = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 2654435761 >>> 13) & 255);

/** Sends `SIZE` bytes, each MiB different; returns their hash. */
async function sendAll(socket: RawSocket): Promise<string> {
  const hash = createHash("sha256");
  for (let i = 0; i < MIB; i++) {
    const piece = PIECE.slice();
    new DataView(piece.buffer).setUint32(0, i);
    hash.update(piece);
    await socket.send(piece);
  }
  return hash.digest("hex");
}

/** Takes `SIZE` bytes; returns their hash. */
async function takeAll(socket: RawSocket): Promise<string> {
  const hash = createHash("sha256");
  for (let got = 0; got < SIZE;) {
    const piece = await socket.readSome();
    assert.ok(piece.length > 0, `the connection ended after ${got} of ${SIZE} bytes`);
    hash.update(piece);
    got += piece.length;
  }
  return hash.digest("hex");
}

/** A stage whose sluice has run its code once and filled its pools: what comes on top is the body's. */
async function warmStage(): Promise<WireStage> {
  const stage = await WireStage.start();
  for (let i = 0; i < 50; i++) {
    await stage.ask("POST /warm", { headers: ["Content-Length: 70000"], body: "x".repeat(70_000) });
  }
  return stage;
}

function assertLittle(added: number): void {
  if (Deno.env.has("LARGE_BODY_MIB")) console.log(`${added} KiB more memory at most`);
  assert.ok(added <= MOST_ADDED_KIB, `${added} KiB`);
}

Deno.test(`a download of ${MIB} MiB arrives byte for byte and adds no more than 32 MB of memory`, async () => {
  await using stage = await warmStage();
  let sent = "";
  stage.script = async ({ socket }) => {
    await socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
    sent = await sendAll(socket);
  };
  const added = await addedKib(stage.sluice.pid, async () => {
    await using client = await stage.connect();
    await client.send(stage.head("GET /big"));
    const head = await readHead(client.socket);
    assert.equal(header(head!, "content-length"), String(SIZE));
    assert.equal(await takeAll(client.socket), sent);
  });
  assertLittle(added);
  assert.equal((await stage.settled()).line.responseBytes, SIZE);
});

Deno.test(`an upload of ${MIB} MiB arrives byte for byte and adds no more than 32 MB of memory`, async () => {
  await using stage = await warmStage();
  let taken = "";
  stage.script = async ({ socket, headers }) => {
    assert.equal(header({ headers }, "content-length"), String(SIZE));
    taken = await takeAll(socket);
    await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await socket.close();
  };
  const added = await addedKib(stage.sluice.pid, async () => {
    await using client = await stage.connect();
    await client.send(stage.head("PUT /big", [`Content-Length: ${SIZE}`]));
    const sent = await sendAll(client.socket);
    assert.equal((await client.response()).status, 200);
    assert.equal(taken, sent);
  });
  assertLittle(added);
  assert.equal((await stage.settled()).line.requestBytes, SIZE);
});
