import assert from "node:assert/strict";
import { ask, askTimes, tally } from "../../support/ask.ts";
import { until } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

/** Starts `sluice mock` with so many targets, and gives their ports. */
async function startMocks(ports: readonly string[], env: Record<string, string> = {}) {
  const process = await startSluice({ args: ["mock", ...ports], env, ready: [] });
  const found = await until(() => {
    const listening = [...process.stdout.matchAll(/listens on http:\S+:(\d+)$/gm)].map((match) => match[1]!);
    return listening.length === ports.length && listening;
  }, () => `the mocks to listen: ${process.stdout}${process.stderr}`);
  return { process, ports: found };
}

function untilState(sluice: SluiceProcess, port: string, to: string, from?: string): Promise<unknown> {
  return sluice.waitForEvent(
    (line) =>
      line.event === "target_state" && line.target === `127.0.0.1:${port}` && line.to === to &&
      (from === undefined || line.from === from),
    `port ${port} to be ${to}`,
  );
}

/** The rules and groups of the walk-through: everything, an API that is rewritten, and a site. */
function walkThrough([one, two, three]: readonly string[]): Record<string, string> {
  return {
    TARGET_GROUP_1_NAME: "all",
    TARGET_GROUP_1_TARGETS: `127.0.0.1:${one},127.0.0.1:${two},127.0.0.1:${three}`,
    TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
    TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "100ms",
    TARGET_GROUP_2_NAME: "api",
    TARGET_GROUP_2_TARGETS: `127.0.0.1:${one}/v1`,
    TARGET_GROUP_3_NAME: "web",
    TARGET_GROUP_3_TARGETS: `127.0.0.1:${two}`,
    LISTENER_RULE_1_PATH_PREFIX: "/test",
    LISTENER_RULE_1_TARGET_GROUP: "all",
    LISTENER_RULE_2_PATH_PREFIX: "/api",
    LISTENER_RULE_2_PATH_REWRITE: "/api",
    LISTENER_RULE_2_TARGET_GROUP: "api",
    LISTENER_RULE_3_PATH_PREFIX: "/web",
    LISTENER_RULE_3_TARGET_GROUP: "web",
  };
}

Deno.test("A65 to A68, A73, B3, B4: the walk-through: mocks, turns, two routes, a stop, Ctrl+C", async (t) => {
  const mocks = await startMocks(["0", "0", "0"]);
  await using _mocks = mocks.process;
  await using sluice = await startSluice({ env: walkThrough(mocks.ports) });
  const [one, two, three] = mocks.ports;

  await t.step("six times /test goes round the three", async () => {
    const answers = await askTimes(6, sluice.url, "/test");
    assert.deepEqual(tally(answers, ({ servedBy }) => servedBy), {
      [`mock-${one}`]: 2,
      [`mock-${two}`]: 2,
      [`mock-${three}`]: 2,
    });
  });
  await t.step("/api/users and /web/dashboard go to their own groups", async () => {
    const users = await ask(sluice.url, "/api/users");
    assert.deepEqual([users.servedBy, JSON.parse(users.body).path], [`mock-${one}`, "/v1/users"]);
    const dashboard = await ask(sluice.url, "/web/dashboard");
    assert.deepEqual([dashboard.servedBy, JSON.parse(dashboard.body).path], [`mock-${two}`, "/web/dashboard"]);
    assert.equal((await ask(sluice.url, "/nowhere")).status, 404);
  });
  await t.step("all mocks stopped: 503 with checks, 502 without", async () => {
    await mocks.process.stop();
    for (const port of mocks.ports) await untilState(sluice, port, "unhealthy");
    assert.equal((await ask(sluice.url, "/test")).status, 503);
    assert.equal((await ask(sluice.url, "/web/x")).status, 502);
  });
  await t.step("one is started again where it was: traffic returns to it by itself", async () => {
    const again = await startMocks([three!]);
    await using _again = again.process;
    await untilState(sluice, three!, "healthy", "unhealthy");
    const answers = await askTimes(3, sluice.url, "/test");
    assert.deepEqual(tally(answers, ({ servedBy }) => servedBy), { [`mock-${three}`]: 3 });
  });
  await t.step("Ctrl+C ends it cleanly, with nothing left listening", async () => {
    sluice.signal("SIGINT");
    assert.equal(await sluice.ended(), 0);
    await assert.rejects(RawClient.connect(sluice.url));
  });
});

Deno.test("A50, A58, A59, A73: recipes for 504 and a target's error: MOCK_DELAY_MS, MOCK_ERROR_CODE", async () => {
  const slow = await startMocks(["0"], { MOCK_DELAY_MS: "10000" });
  await using _slow = slow.process;
  const broken = await startMocks(["0"], { MOCK_ERROR_CODE: "500" });
  await using _broken = broken.process;
  await using sluice = await startSluice({
    env: {
      ...walkThrough([slow.ports[0]!, broken.ports[0]!, broken.ports[0]!]),
      TARGET_GROUP_1_TARGETS: "127.0.0.1:1",
      CONNECTION_TIMEOUT: "1000",
    },
  });
  assert.equal((await ask(sluice.url, "/api/x")).status, 504);
  const error = await ask(sluice.url, "/web/x");
  assert.equal(error.status, 500);
  assert.equal(JSON.parse(error.body).server, `mock-${broken.ports[0]}`);
  const stats = await sluice.settled();
  assert.equal(stats.reasons.timeout, 1);
});

Deno.test("A71: with several workers the turns are exact over all of them, and the stats are whole", async () => {
  const mocks = await startMocks(["0", "0", "0"]);
  await using _mocks = mocks.process;
  await using sluice = await startSluice({
    env: { BACKEND_SERVERS: mocks.ports.map((port) => `http://127.0.0.1:${port}`).join(), LISTENER_WORKERS: "2" },
  });
  const answers = (await Promise.all(Array.from({ length: 6 }, () => askTimes(50, sluice.url)))).flat();
  assert.deepEqual(Object.values(tally(answers, ({ servedBy }) => servedBy)), [100, 100, 100]);
  const stats = await sluice.settled();
  assert.deepEqual(stats.groups[0]!.targets.map(({ requests }) => requests), [100, 100, 100]);
  assert.equal(stats.workers.length, 2);
  assert.equal((await sluice.accessLines(300)).length, 300);
  assert.equal(await sluice.stop(), 0);
});

Deno.test("A55: listener and targets speak plain HTTP by default, and refuse a TLS hello safely", async () => {
  const mocks = await startMocks(["0"]);
  await using _mocks = mocks.process;
  await using sluice = await startSluice({ env: { BACKEND_SERVERS: `127.0.0.1:${mocks.ports[0]}` } });
  await using hello = await RawClient.connect(sluice.url);
  await hello.send("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
  hello.halfClose();
  await hello.socket.untilEnded();
  assert.equal((await ask(sluice.url)).status, 200);
  assert.match((await sluice.settled()).groups[0]!.targets[0]!.target, /^http:\/\//);
});
