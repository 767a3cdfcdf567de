/** Open connections to targets are counted exactly, as long as they are open and no longer. */
import assert from "node:assert/strict";
import { Failure } from "../../src/forwarding/gateway_error.ts";
import { askTimes } from "../support/ask.ts";
import { FragileBalancer } from "../support/fragile_balancer.ts";
import { freePort } from "../support/free_port.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { groupEnvironment } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { RawClient } from "../support/raw_client.ts";
import { answer, breakOff, bytes, closeBeforeHeaders, hang, okay } from "../support/recorder_scripts.ts";
import { type AnswerScript, RecorderTarget } from "../support/recorder_target.ts";
import { startSluice } from "../support/sluice_process.ts";
import { Canceller, WireClient } from "../support/wire_client.ts";

/** Answers once it is let go. */
function gate(then: AnswerScript = okay()): { script: AnswerScript; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    script: async (turn) => {
      await promise;
      await then(turn);
    },
    open: resolve,
  };
}

function connections(client: WireClient): [active: number, idle: number] {
  const { active, idle } = client.table.connections();
  return [active, idle];
}

Deno.test("a connection is active during an exchange, idle between two, and gone when it ends", async () => {
  await using target = await RecorderTarget.start();
  using client = new WireClient();
  const { script, open } = gate();
  target.script = script;
  const asked = [1, 2, 3].map(() => client.ask(target.port));
  await until(() => target.requests.length === 3, "three requests");
  assert.deepEqual(connections(client), [3, 0]);
  open();
  await Promise.all(asked);
  assert.deepEqual(connections(client), [0, 3]);
  const held = gate();
  target.script = held.script;
  const next = client.ask(target.port);
  await until(() => target.requests.length === 4, "another request");
  assert.deepEqual(connections(client), [1, 2]);
  held.open();
  await next;
  target.script = answer(200, ["Connection: close"], "bye");
  await client.ask(target.port);
  assert.deepEqual(connections(client), [0, 2]);
  await target[Symbol.asyncDispose]();
  await until(() => client.table.connections().idle === 0, "the target's closing to be noticed");
  assert.deepEqual(connections(client), [0, 0]);
  assert.equal(client.table.targetCounter(0, "connects"), 3);
});

Deno.test("a POST takes an idle connection, and makes one if the idle one came too late for it", async () => {
  const clock = new ManualClock();
  await using target = await RecorderTarget.start();
  using client = new WireClient(clock);
  await client.ask(target.port);
  const asking = async () => {
    const held = gate();
    target.script = held.script;
    const before = target.requests.length;
    const posted = client.ask(target.port, { method: "POST" });
    await until(() => target.requests.length > before, "the POST");
    const during = connections(client);
    held.open();
    await posted;
    return during;
  };
  assert.deepEqual(await asking(), [1, 0]);
  clock.advance(1_000);
  assert.deepEqual(await asking(), [1, 0]);
  assert.deepEqual(connections(client), [0, 1]);
  assert.equal(target.connections, 2);
});

Deno.test("idle connections that grow old, and all at the end, are counted no more", async () => {
  const clock = new ManualClock();
  await using target = await RecorderTarget.start();
  const client = new WireClient(clock);
  await Promise.all([1, 2, 3].map(() => client.ask(target.port)));
  assert.deepEqual(connections(client), [0, 3]);
  clock.advance(56_000);
  assert.deepEqual(connections(client), [0, 0]);
  await client.ask(target.port);
  assert.deepEqual(connections(client), [0, 1]);
  client[Symbol.dispose]();
  assert.deepEqual(connections(client), [0, 0]);
});

Deno.test("however an exchange ends, its connection is counted no longer than it is open", async (t) => {
  const scripts: Record<string, AnswerScript> = {
    "closed without an answer": closeBeforeHeaders(),
    "garbage": bytes("garbage\r\n\r\n"),
    "a body that breaks off": breakOff(1_000_000, 100_000, "reset"),
    "a body until close": bytes("HTTP/1.1 200 OK\r\n\r\nok", { close: true }),
    "bytes behind its end": bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore"),
    "an idle connection that speaks": async (turn) => {
      await okay()(turn);
      await turn.socket.endedWithin(20);
      await turn.socket.send("hello?");
    },
  };
  for (const [name, script] of Object.entries(scripts)) {
    await t.step(name, async () => {
      await using target = await RecorderTarget.start(script);
      using client = new WireClient();
      await client.ask(target.port);
      await until(() => target.open === 0, "the connection to be closed");
      assert.deepEqual(connections(client), [0, 0]);
    });
  }
  await t.step("a body that is given up", async () => {
    await using target = await RecorderTarget.start(answer(200, [], "x".repeat(1_000_000)));
    using client = new WireClient();
    const response = await client.send(target.port);
    assert.deepEqual(connections(client), [1, 0]);
    response.close();
    assert.deepEqual(connections(client), [0, 0]);
  });
  await t.step("refused", async () => {
    using client = new WireClient();
    assert.ok(await client.ask(freePort()) instanceof Failure);
    assert.deepEqual(connections(client), [0, 0]);
    assert.equal(client.table.targetCounter(0, "connects"), 0);
  });
});

Deno.test("the time to connect is until the connection stands, or until it was given up", async () => {
  const clock = new ManualClock();
  await using target = await RecorderTarget.start();
  using client = new WireClient(clock, "safe");
  const first = new Canceller();
  const asked = client.ask(target.port, { cancellation: first });
  clock.standStill(3);
  await asked;
  assert.equal(first.connectMicros, 3000);
  const again = new Canceller();
  await client.ask(target.port, { cancellation: again });
  assert.equal(again.connectMicros, -1);
  const own = new Canceller();
  const posted = client.ask(target.port, { method: "POST", cancellation: own });
  clock.standStill(1500);
  own.abort();
  assert.ok(await posted instanceof Failure);
  assert.equal(own.connectMicros, 1_500_000);
  assert.deepEqual(
    [client.table.targetCounter(0, "connects"), client.table.targetCounter(0, "connectSumMicros")],
    [1, 3000],
    "one that was given up was not made",
  );
  await until(() => target.open === 1, "what came late to be closed");
  assert.deepEqual(connections(client), [0, 1]);
});

Deno.test("stats and metrics count two workers' connections, and none once the targets close", async () => {
  const { script, open } = gate();
  await using stack = new AsyncDisposableStack();
  const target = stack.use(await RecorderTarget.start(script));
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, {
      LISTENER_WORKERS: "2",
      UPSTREAM_TRANSPORT: "wire",
      CONNECTION_TIMEOUT: "60s",
    }),
  });
  const gauge = async () => {
    const text = await (await fetch(`${sluice.adminUrl}/metrics`)).text();
    return ["active", "idle"].map((state) =>
      Number(new RegExp(`^sluice_upstream_connections\\{state="${state}"\\} (\\d+)$`, "m").exec(text)![1])
    );
  };
  assert.deepEqual(await gauge(), [0, 0]);
  const asked = Promise.all(Array.from({ length: 16 }, () => askTimes(1, sluice.url)));
  await until(() => target.requests.length === 16, "all requests to be with the target");
  assert.deepEqual(await gauge(), [16, 0]);
  assert.deepEqual((await sluice.stats()).total.connections, { active: 16, idle: 0 });
  open();
  await asked;
  const stats = await sluice.settled();
  await until(async () => String(await gauge()) === `0,${target.open}`, "what is open to be idle");
  assert.equal(stats.groups[0]!.targets[0]!.connect!.made, target.connections);
  await target[Symbol.asyncDispose]();
  await until(async () => String(await gauge()) === "0,0", "the targets' closing to be noticed");
});

Deno.test("connections of a worker that crashed are counted no more, and those of the others are", async () => {
  await using target = await RecorderTarget.start(hang());
  await using balancer = await FragileBalancer.start(
    2,
    groupEnvironment(target.address, { UPSTREAM_TRANSPORT: "wire", CONNECTION_TIMEOUT: "60s" }),
  );
  await using stack = new AsyncDisposableStack();
  const { plane } = balancer;
  for (let i = 1; i <= 24; i++) {
    const client = stack.use(await RawClient.connect(balancer.url));
    await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => target.requests.length === i, "the request to reach the target");
  }
  assert.deepEqual(plane.table.connections(), { active: 24, idle: 0 });
  const others = plane.table.workerCounter("openConnections", 1);
  balancer.crash(0);
  await until(() => balancer.threads.length === 3, "a replacement");
  assert.deepEqual(plane.table.connections(), { active: others, idle: 0 });
  await until(() => target.open === others, "the crashed worker's sockets to be closed");
  balancer.crash(1);
  await until(() => balancer.threads.length === 4, "another replacement");
  assert.deepEqual(plane.table.connections(), { active: 0, idle: 0 });
});
