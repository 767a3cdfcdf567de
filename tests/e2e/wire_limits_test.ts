/** The limits that sluice's own engine sets to clients and their connections. */
import assert from "node:assert/strict";
import { pause, until } from "../support/poll.ts";
import { headerValues } from "../support/raw_message.ts";
import { wireEngineStage } from "../support/wire_engine_stage.ts";

Deno.test("slow clients are cut by their own limit, each with its own reason", async (t) => {
  await using stage = await wireEngineStage({
    LISTENER_HEAD_TIMEOUT: "600",
    LISTENER_IDLE_TIMEOUT: "700",
    LISTENER_BODY_TIMEOUT: "800",
    LISTENER_WRITE_TIMEOUT: "900",
    REASON_HEADER: "true",
  });
  await t.step("a head that does not end: 408 head_timeout", async () => {
    await using client = await stage.connect();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n");
    const got = await client.response();
    assert.deepEqual([got.status, headerValues(got, "x-sluice-reason")], [408, ["head_timeout"]]);
    await client.socket.untilEnded();
  });
  await t.step("a client that comes after a quiet time has all of its time", async () => {
    await pause(1500);
    await using client = await stage.connect();
    const sinceMs = performance.now();
    await client.send("GET / HTTP/1.1\r\n");
    assert.equal((await client.response()).status, 408);
    // Never earlier than LISTENER_HEAD_TIMEOUT, whatever the last client did.
    assert.ok(performance.now() - sinceMs > 550, `${performance.now() - sinceMs} ms`);
  });
  await t.step("a connection that says nothing: closed without a word", async () => {
    await using client = await stage.connect();
    assert.equal(await client.socket.readToEnd(), "");
  });
  await t.step("a kept connection that is idle: closed without a word", async () => {
    await using client = await stage.connect();
    assert.equal((await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
    assert.equal(await client.socket.readToEnd(), "");
  });
  await t.step("a body that stops: 408 body_timeout, and no target is blamed", async () => {
    await using client = await stage.connect();
    await client.send("POST /stops HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    const got = await client.response();
    assert.deepEqual([got.status, headerValues(got, "x-sluice-reason")], [408, ["body_timeout"]]);
  });
  await t.step("a client that takes nothing of its response: cut by it", async () => {
    stage.target.script = async ({ socket }) => {
      await socket.send(`HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n`);
      const piece = new Uint8Array(1_000_000);
      for (let i = 0; i < 50; i++) await socket.send(piece);
    };
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: stage.sluice.port });
    await conn.write(new TextEncoder().encode("GET /never HTTP/1.1\r\nHost: a\r\n\r\n"));
    try {
      const lines = () => stage.sluice.accessLines();
      const line = await until(async () => (await lines()).find(({ path }) => path === "/never"), "its access line");
      assert.equal(line.cutBy, "client");
    } finally {
      conn.close();
    }
  });
  const stats = await stage.sluice.settled();
  const [target] = stats.groups[0]!.targets;
  // The one that took nothing of its response; a body that stops is no leaving.
  assert.deepEqual([target!.noAnswer, target!.leftByClient], [0, 1]);
});

Deno.test("heads beyond the limits are 414 and 431, each with a line in the access log", async () => {
  await using stage = await wireEngineStage({ LISTENER_MAX_HEAD_BYTES: "2000", LISTENER_MAX_HEAD_LINES: "10" });
  const ask = async (text: string) => {
    await using client = await stage.connect();
    await client.send(text);
    return (await client.response()).status;
  };
  assert.equal(await ask(`GET /${"a".repeat(3000)} HTTP/1.1\r\nHost: a\r\n\r\n`), 414);
  assert.equal(await ask(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${"a".repeat(3000)}\r\n\r\n`), 431);
  assert.equal(await ask(`GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(10)}\r\n`), 431);
  assert.equal(await ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  const lines = await stage.sluice.accessLines(4);
  assert.deepEqual(lines.map(({ reason }) => reason), [
    "uri_too_long",
    "head_too_large",
    "head_too_large",
    "version_refused",
  ]);
});

Deno.test("connections beyond a client's limit are closed; beyond the total, idle ones make room", async () => {
  await using stage = await wireEngineStage({
    LISTENER_MAX_CONNECTIONS: "20",
    LISTENER_MAX_CONNECTIONS_PER_CLIENT: "40",
  });
  const idle = await Promise.all(Array.from({ length: 20 }, () => stage.connect()));
  try {
    // Those that have said nothing for a second go first.
    await using client = await stage.connect();
    assert.equal((await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
  } finally {
    for (const each of idle) await each[Symbol.asyncDispose]();
  }
});

Deno.test("a flood of connections beyond the descriptors ends nothing: idle ones are closed", async () => {
  await using stage = await wireEngineStage();
  const { success } = await new Deno.Command("prlimit", {
    args: ["--pid", String(stage.sluice.pid), "--nofile=128:128"],
  })
    .output();
  assert.ok(success);
  const hogs = await Promise.all(Array.from({ length: 300 }, () => stage.connect()));
  try {
    await stage.sluice.waitForEvent(({ event }) => event === "accept_paused");
    // While they stay: those that have been silent for a second make room.
    await until(async () => {
      try {
        await using client = await stage.connect();
        return (await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status === 200;
      } catch {
        return false;
      }
    }, "a request to be served beside the flood");
  } finally {
    for (const hog of hogs) await hog[Symbol.asyncDispose]();
  }
  await using client = await stage.connect();
  for (let i = 0; i < 200; i++) {
    assert.equal((await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
  }
  const { events } = stage.sluice;
  assert.ok(!events.some(({ event }) => event === "listener_down"));
  const paused = events.filter(({ event }) => event === "accept_paused").map(({ connections }) => Number(connections));
  assert.ok(Math.min(...paused) > Math.max(...paused) * 0.75, `not fewer each time: ${paused}`);
});
