/**
 * An idle connection is not read from at first: what came to it meanwhile is found before the next request goes out on
 * it.
 */
import assert from "node:assert/strict";
import { Failure } from "../../src/forwarding/gateway_error.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { until } from "../support/poll.ts";
import { closeBeforeHeaders, okay, resetBeforeHeaders } from "../support/recorder_scripts.ts";
import { type AnswerScript, RecorderTarget, type Turn } from "../support/recorder_target.ts";
import { WireClient } from "../support/wire_client.ts";

const FORGED = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
/** What a target may do with a connection that nobody uses. */
const MEANWHILE: Record<string, AnswerScript> = {
  "a forged answer": ({ socket }) => socket.send(FORGED),
  "one byte": ({ socket }) => socket.send("\n"),
  "its end": ({ socket }) => socket.close(),
  "its reset": (turn) => resetBeforeHeaders()(turn),
};

/** Asks a target for something, so that the event loop has seen all that came before. */
async function turnTheLoop(client: WireClient): Promise<void> {
  await using other = await RecorderTarget.start();
  await client.ask(other.port);
}

Deno.test("what came to an idle connection is found before a request goes out on it", async (t) => {
  for (const [name, meanwhile] of Object.entries(MEANWHILE)) {
    for (const method of ["GET", "POST"]) {
      await t.step(`${name}, then a ${method}`, async () => {
        const first = Promise.withResolvers<void>();
        const done = Promise.withResolvers<void>();
        await using target = await RecorderTarget.start(async (turn) => {
          await okay("first")(turn);
          await first.promise;
          await meanwhile(turn);
          done.resolve();
        });
        // Time stands still, so that no look at idle connections comes to the request's aid.
        using client = new WireClient(new ManualClock());
        await client.ask(target.port);
        first.resolve();
        await done.promise;
        target.script = okay("second");
        await turnTheLoop(client);
        const got = await client.ask(target.port, { method });
        assert.ok(!(got instanceof Failure) && got.body === "second", JSON.stringify(got));
        assert.deepEqual(target.requests.map(({ connection }) => connection), [0, 1]);
        assert.deepEqual(client.table.connections(), { active: 0, idle: 1 + 1 });
      });
    }
  }
});

Deno.test("of more idle connections than a turn can check, none that its target has ended is used", async (t) => {
  for (
    const [name, meanwhile] of [["ended", closeBeforeHeaders()], ["spoken on", MEANWHILE["a forged answer"]!]] as const
  ) {
    for (const requests of [1, 200]) {
      await t.step(`${name}, ${requests} at once`, async () => {
        const held = Promise.withResolvers<void>();
        const later = Promise.withResolvers<void>();
        let done = 0;
        await using target = await RecorderTarget.start(async (turn) => {
          await held.promise;
          await okay()(turn);
          await later.promise;
          await meanwhile(turn);
          done++;
        });
        using client = new WireClient(new ManualClock());
        const first = Array.from({ length: 200 }, () => client.ask(target.port));
        await until(() => target.requests.length === 200, "all requests");
        held.resolve();
        await Promise.all(first);
        later.resolve();
        await until(() => done === 200, "all of it");
        target.script = okay("fresh");
        await turnTheLoop(client);
        const asked = Array.from({ length: requests }, () => client.ask(target.port, { method: "POST" }));
        for (const got of await Promise.all(asked)) assert.ok(!(got instanceof Failure) && got.body === "fresh");
        assert.deepEqual(client.table.connections(), { active: 0, idle: requests + 1 });
      });
    }
  }
});

Deno.test("a request that went out only on a fresh connection is not replayed", async () => {
  await using target = await RecorderTarget.start(async (turn) => {
    await okay()(turn);
    await closeBeforeHeaders()(turn);
  });
  using client = new WireClient(new ManualClock());
  await client.ask(target.port);
  await until(() => target.open === 0, "the connection's end");
  await turnTheLoop(client);
  target.script = closeBeforeHeaders();
  const got = await client.ask(target.port);
  assert.ok(got instanceof Failure && got.reason === "reset_before_headers");
  assert.equal(target.requests.length, 2);
});

Deno.test("what comes to a watched connection together with a request for it is found as well", async () => {
  const clock = new ManualClock();
  const later = Promise.withResolvers<void>();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [ours, theirs] = await Promise.all([Deno.connect({ port: listener.addr.port }), listener.accept()]);
  await using target = await RecorderTarget.start(async (turn) => {
    await okay("first")(turn);
    await later.promise;
    // Both are with the system before the event loop looks again, the request's cause first.
    await Promise.all([theirs.write(new Uint8Array(1)), turn.socket.send(FORGED)]);
  });
  using client = new WireClient(clock);
  await client.ask(target.port);
  clock.advance(10_000);
  const asked = ours.read(new Uint8Array(1)).then(() => {
    target.script = okay("second");
    return client.ask(target.port);
  });
  later.resolve();
  const got = await asked;
  assert.ok(!(got instanceof Failure) && got.body === "second", JSON.stringify(got));
  ours.close();
  theirs.close();
});

Deno.test("a connection that has been idle is watched, and its next response is complete", async () => {
  const clock = new ManualClock();
  await using target = await RecorderTarget.start();
  using client = new WireClient(clock);
  await client.ask(target.port);
  clock.advance(10_000);
  // Longer than what a watched connection holds ready.
  const long = "x".repeat(40_000);
  target.script = async (turn: Turn) => {
    await turn.body();
    await turn.socket.send(`HTTP/1.1 200 OK\r\nX-Long: ${"y".repeat(3_000)}\r\nContent-Length: 40000\r\n\r\n${long}`);
  };
  const got = await client.ask(target.port);
  assert.ok(!(got instanceof Failure) && got.body === long);
  clock.advance(10_000);
  await target[Symbol.asyncDispose]();
  await until(() => client.table.connections().idle === 0, "the target's closing to be noticed");
});
