import assert from "node:assert/strict";
import type { Answer } from "../support/ask.ts";
import { ask, askOn, askTimes, Load, tally } from "../support/ask.ts";
import { FragileBalancer } from "../support/fragile_balancer.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { header } from "../support/raw_message.ts";
import { RawClient } from "../support/raw_client.ts";
import { hang } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";

/** Asks on so many fresh connections, eight at a time. */
async function askFresh(count: number, url: string): Promise<Answer[]> {
  return (await Promise.all(Array.from({ length: 8 }, () => askTimes(count / 8, url)))).flat();
}

/** The targets' and the statistics' counts of requests. */
async function counts(
  sluice: SluiceProcess,
  mocks: MockGroup,
): Promise<{ served: number[]; stats: number[]; total: number }> {
  const stats = await sluice.settled();
  return {
    served: mocks.served,
    stats: stats.groups[0]!.targets.map(({ requests }) => requests),
    total: stats.total.requests,
  };
}

Deno.test("A5, A71: 6000 fresh connections over two workers are exactly 2000 per target", async () => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, { ACCESS_LOG: "false", LISTENER_WORKERS: "2" }),
  });
  const answers = await askFresh(6000, sluice.url);
  assert.deepEqual(tally(answers, ({ status }) => status), { 200: 6000 });
  assert.deepEqual(await counts(sluice, mocks), { served: [2000, 2000, 2000], stats: [2000, 2000, 2000], total: 6000 });
  assert.equal((await sluice.stats()).workers.length, 2);
});

Deno.test("A6, A22: 6000 connections over four workers under WEIGHTED 1:2:5 are 750, 1500 and 3750", async () => {
  await using mocks = await MockGroup.start(3);
  const weights = mocks.ports.map((port, index) => `127.0.0.1:${port}:${[1, 2, 5][index]}`).join(",");
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, {
      ACCESS_LOG: "false",
      LISTENER_WORKERS: "4",
      TARGET_GROUP_1_ALGORITHM: "WEIGHTED",
      TARGET_GROUP_1_WEIGHTS: weights,
    }),
  });
  const answers = await askFresh(6000, sluice.url);
  assert.deepEqual(tally(answers, ({ status }) => status), { 200: 6000 });
  assert.deepEqual(await counts(sluice, mocks), { served: [750, 1500, 3750], stats: [750, 1500, 3750], total: 6000 });
});

Deno.test("LISTENER_WORKERS=auto starts a thread for each core that there is, and is as exact", async () => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { LISTENER_WORKERS: "auto" }) });
  await askFresh(600, sluice.url);
  assert.deepEqual(await counts(sluice, mocks), { served: [200, 200, 200], stats: [200, 200, 200], total: 600 });
  assert.equal((await sluice.stats()).workers.length, Math.min(64, navigator.hardwareConcurrency));
  assert.equal((await sluice.accessLines(600)).length, 600, "each worker's lines come out once");
});

Deno.test("LEAST_CONNECTIONS and LRT see what the other workers have in flight", async (t) => {
  for (const algorithm of ["LEAST_CONNECTIONS", "LRT"]) {
    await t.step(algorithm, async () => {
      await using targets = new AsyncDisposableStack();
      const recorders: RecorderTarget[] = [];
      for (let i = 0; i < 3; i++) recorders.push(targets.use(await RecorderTarget.start(hang())));
      await using sluice = await startSluice({
        env: groupEnvironment(recorders.map(({ address }) => address).join(","), {
          LISTENER_WORKERS: "4",
          LOAD_BALANCING_ALGORITHM: algorithm,
          CONNECTION_TIMEOUT: "60s",
        }),
      });
      for (let open = 1; open <= 24; open++) {
        const client = targets.use(await RawClient.connect(sluice.url));
        await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        const reached = () => recorders.reduce((sum, { requests }) => sum + requests.length, 0);
        await until(() => reached() === open, `request ${open} to reach a target`);
      }
      assert.deepEqual(recorders.map(({ requests }) => requests.length), [8, 8, 8]);
    });
  }
});

Deno.test("HASH and STICKY choose alike in each of four workers", async (t) => {
  await using mocks = await MockGroup.start(3);
  await t.step("HASH", async () => {
    await using sluice = await startSluice({
      env: groupEnvironment(mocks.list, {
        LISTENER_WORKERS: "4",
        LOAD_BALANCING_ALGORITHM: "HASH",
        HASH_KEY: "header:x-key",
      }),
    });
    const chosen = new Set<string | null>();
    // Ports are random, and so is who gets a key: that 40 keys leave one of three targets out happens once in ten
    // million.
    for (let key = 0; key < 40; key++) {
      const answers = await askTimes(8, sluice.url, "/", { headers: [`X-Key: key-${key}`] });
      assert.equal(Object.keys(tally(answers, ({ servedBy }) => servedBy)).length, 1, `key ${key} has one target`);
      chosen.add(answers[0]!.servedBy);
    }
    assert.equal(chosen.size, 3);
  });
  await t.step("STICKY", async () => {
    await using sluice = await startSluice({
      env: groupEnvironment(mocks.list, { LISTENER_WORKERS: "4", LOAD_BALANCING_ALGORITHM: "STICKY" }),
    });
    const first = await ask(sluice.url);
    const cookie = header(first.response, "set-cookie")!.split(";")[0]!;
    const answers = await askTimes(24, sluice.url, "/", { headers: [`Cookie: ${cookie}`] });
    assert.deepEqual(tally(answers, ({ servedBy }) => servedBy), { [first.servedBy!]: 24 });
    assert.ok(answers.every(({ response }) => header(response, "set-cookie") === null));
  });
});

Deno.test("E13: a worker that crashes under load costs what it held, keeps its counts, is replaced", async () => {
  await using mocks = await MockGroup.start(2);
  await using balancer = await FragileBalancer.start(2, groupEnvironment(mocks.list));
  const { plane, log } = balancer;
  const load = new Load(balancer.url, 16);
  await until(() => load.answers >= 300, "some load");
  balancer.crash(0);
  await until(() => log.messages("worker_crashed").length === 1, "the crash to be noticed");
  await until(
    () => plane.responses.view().workers[0]!.restarts === 1 && balancer.threads.length === 3,
    "a replacement",
  );
  const generation = plane.responses.view().generation;
  await until(
    () => plane.responses.view().workers.every((worker) => worker.generation === generation),
    "the replacement to serve",
  );
  const before = load.answers;
  await until(() => load.answers >= before + 300, "more load");
  const outcomes = await load.stop();
  assert.deepEqual(Object.keys(outcomes).filter((outcome) => outcome !== "200" && outcome !== "broken"), []);
  assert.ok((outcomes.broken ?? 0) <= 16, `a connection breaks once: ${outcomes.broken}`);
  await until(
    () => plane.table.workerCounter("requests") === plane.table.workerCounter("finished"),
    "every request to be over",
  );
  assert.deepEqual([...plane.table.inFlight.subarray(0, 2)], [0, 0]);
  assert.ok(plane.table.workerCounter("requests") >= outcomes["200"]!, "nothing counted is forgotten");
  const fresh = await askFresh(80, balancer.url);
  assert.deepEqual(tally(fresh, ({ status }) => status), { 200: 80 });
});

Deno.test("a worker that is replaced during SHUTDOWN_DELAY sends its clients away as the others do", async () => {
  await using mocks = await MockGroup.start(1);
  const balancer = await FragileBalancer.start(1, groupEnvironment(mocks.list, { SHUTDOWN_DELAY: "4s" }));
  const saysClose = async () => {
    try {
      await using client = await RawClient.connect(balancer.url);
      return header((await askOn(client)).response, "connection") === "close";
    } catch {
      return false; // Nobody listens between two lives.
    }
  };
  assert.equal(await saysClose(), false);
  const stopped = balancer.plane.stop();
  try {
    await until(saysClose, "clients to be sent away", { patienceMs: 3000 });
    balancer.crash(0);
    await until(() => balancer.threads.length === 2, "the crash to be noticed");
    await until(saysClose, "clients of the replacement to be sent away", { patienceMs: 3000 });
  } finally {
    await stopped;
  }
});

Deno.test("the last decisions of all workers are asked for without holding anybody up", async () => {
  await using mocks = await MockGroup.start(1);
  await using balancer = await FragileBalancer.start(2, groupEnvironment(mocks.list));
  await askFresh(32, balancer.url);
  await until(async () => (await balancer.plane.responses.decisions()).length === 32, "each request's decision");
});

Deno.test("at SIGTERM under load no line of the access log is lost, whichever worker wrote it", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { LISTENER_WORKERS: "2" }) });
  const load = new Load(sluice.url, 16);
  await until(() => load.answers >= 1000, "some load");
  sluice.signal("SIGTERM");
  assert.equal(await sluice.ended(), 0);
  const outcomes = await load.stop();
  const served = mocks.served[0]! + mocks.served[1]!;
  assert.equal(outcomes["200"], served);
  const lines = await sluice.accessLines(served);
  assert.equal(lines.filter(({ status }) => status === 200).length, served);
  assert.equal(new Set(lines.map(({ id }) => id)).size, lines.length, "each line once");
});
