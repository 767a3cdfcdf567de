/** An idle connection is not read from at first: what came to it meanwhile is found before the next request goes out on it. */
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

Deno.test("what came to an idle connection since its last answer is found before a request goes out on it", async (t) => {
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

Deno.test("of many idle connections that their target has closed none is used, and one request gets rid of all", async () => {
  const held = Promise.withResolvers<void>();
  await using target = await RecorderTarget.start(async (turn) => {
    await held.promise;
    await okay()(turn);
    await closeBeforeHeaders()(turn);
  });
  using client = new WireClient(new ManualClock());
  const asked = Array.from({ length: 20 }, () => client.ask(target.port));
  await until(() => target.requests.length === 20, "all requests");
  held.resolve();
  await Promise.all(asked);
  await until(() => target.open === 0, "all to be closed");
  target.script = okay("fresh");
  await turnTheLoop(client);
  const got = await client.ask(target.port, { method: "POST" });
  assert.ok(!(got instanceof Failure) && got.body === "fresh");
  assert.equal(target.connections, 21);
});

Deno.test("a connection that has been idle for a while is watched, and answers in full when it is used again", async () => {
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
