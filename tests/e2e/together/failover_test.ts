import assert from "node:assert/strict";
import { ask, askTimes, Load, tally } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

const QUICK_CHECKS = {
  TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
  TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "100ms",
};

/** Waits for as many answers more as the load has connections, ten times over: each has gone round since. */
async function untilMore(load: Load, connections: number): Promise<void> {
  const goal = load.answers + 10 * connections;
  await until(() => load.answers >= goal, () => `${goal} answers; there are ${load.answers}`);
}

/** Kills one of three targets under a load of 64 connections and brings it back; no request may fail. */
async function killUnderLoad(sluice: SluiceProcess, mocks: MockGroup, checked: boolean): Promise<void> {
  const load = new Load(sluice.url, 64);
  const isState = (to: string) => () =>
    sluice.events.some((line) =>
      line.event === "target_state" && line.target === mocks.list.split(",")[1] && line.to === to
    );
  await untilMore(load, 64);
  await mocks.kill(1);
  await untilMore(load, 64);
  if (checked) await until(isState("unhealthy"), "the dead target to be found out");
  await untilMore(load, 64);
  await mocks.revive(1);
  if (checked) {
    await until(
      () =>
        sluice.events.some(({ event, from, to }) =>
          event === "target_state" && from === "unhealthy" && to === "healthy"
        ),
      "the target to be taken back",
    );
  }
  await untilMore(load, 64);
  const served = mocks.at(1).served;
  const outcomes = await load.stop();
  assert.deepEqual(outcomes, { 200: load.answers }, JSON.stringify((await sluice.stats()).reasons));
  assert.ok(served > 0, "the target that came back serves again");

  const stats = await sluice.settled();
  assert.equal(stats.total.requests, load.answers);
  assert.equal(stats.total.errors, 0);
  assert.equal(stats.groups[0]!.statusClasses["2xx"], load.answers);
  const [one, two, three] = stats.groups[0]!.targets;
  // The targets that never died agree to the request; what the dead one had in hand it counted and could not answer.
  assert.equal(one!.requests, mocks.served[0]);
  assert.equal(three!.requests, mocks.served[2]);
  assert.ok(two!.statusClasses["2xx"] <= mocks.served[1]!);
  assert.ok(two!.requests - two!.connectFailures >= mocks.served[1]!);
}

Deno.test("A33, A41, A73: one of three targets killed under load with checks: no GET fails; it returns", async () => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, { ...QUICK_CHECKS, ACCESS_LOG: "false" }),
  });
  await killUnderLoad(sluice, mocks, true);
});

Deno.test("A35: one of three targets killed under load without checks: no GET fails, and it returns", async () => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { ACCESS_LOG: "false" }) });
  await killUnderLoad(sluice, mocks, false);
  assert.ok(!sluice.events.some(({ event }) => event === "target_state"));
});

Deno.test("D6, A48: without checks a refused connection moves on, any method, each target once", async (t) => {
  await using mocks = await MockGroup.start(1);
  const [closed, other] = [freePort(), freePort()];
  await using sluice = await startSluice({
    env: groupEnvironment(`127.0.0.1:${closed},127.0.0.1:${other},${mocks.list}`, {
      TARGET_GROUP_2_NAME: "gone",
      TARGET_GROUP_2_TARGETS: `127.0.0.1:${closed},127.0.0.1:${other}`,
      LISTENER_RULE_2_PATH_PREFIX: "/gone",
      LISTENER_RULE_2_TARGET_GROUP: "gone",
    }),
  });
  await t.step("GET and POST arrive, the POST's body once and whole", async () => {
    const gets = await askTimes(6, sluice.url);
    const posts = await askTimes(6, sluice.url, "/", { method: "POST", body: "once" });
    assert.deepEqual(tally([...gets, ...posts], ({ status }) => status), { 200: 12 });
    assert.ok(posts.every(({ body }) => JSON.parse(body).bodyBytes === 4), posts[0]!.body);
    assert.deepEqual(mocks.served, [12]);
  });
  await t.step("if every target refused, the response is 503, after each was tried once", async () => {
    assert.equal((await ask(sluice.url, "/gone")).status, 503);
  });
  const stats = await sluice.settled();
  assert.deepEqual(stats.groups[1]!.targets.map(({ requests, connectFailures }) => [requests, connectFailures]), [
    [1, 1],
    [1, 1],
  ]);
  assert.equal(stats.groups[0]!.statusClasses["2xx"], 12);
  assert.equal(stats.groups[0]!.requests, 12 + stats.groups[0]!.connectFailures);
  const lines = await sluice.accessLines(13);
  assert.equal(
    lines.reduce((sum, { attempts }) => sum + Number(attempts), 0),
    stats.groups[0]!.requests + stats.groups[1]!.requests,
    "the access log has the same attempts",
  );
});

Deno.test("A40: with any algorithm a dead target costs no request, and no neighbour gets all its share", async () => {
  await using mocks = await MockGroup.start(2);
  const closed = freePort();
  const names = ["ROUND_ROBIN", "WEIGHTED", "LEAST_CONNECTIONS", "LRT", "STICKY", "RANDOM", "POWER_OF_TWO", "HASH"];
  const env: Record<string, string> = { ACCESS_LOG: "false" };
  names.forEach((name, i) => {
    env[`TARGET_GROUP_${i}_NAME`] = name;
    env[`TARGET_GROUP_${i}_TARGETS`] = `127.0.0.1:${closed},${mocks.list}`;
    env[`TARGET_GROUP_${i}_WEIGHTS`] = "127.0.0.1:1";
    env[`TARGET_GROUP_${i}_ALGORITHM`] = name;
    env[`TARGET_GROUP_${i}_HASH_KEY`] = "path";
    env[`LISTENER_RULE_${i}_PATH_PREFIX`] = `/${name}`;
    env[`LISTENER_RULE_${i}_TARGET_GROUP`] = name;
  });
  await using sluice = await startSluice({ env });
  for (const name of names) {
    const before = mocks.served;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ask(sluice.url, `/${name}/${i}`, { method: i % 2 === 0 ? "GET" : "POST" })),
    );
    assert.deepEqual(tally(answers, ({ status }) => status), { 200: 40 }, name);
    const shares = mocks.served.map((served, i) => served - before[i]!);
    assert.equal(shares[0]! + shares[1]!, 40, name);
    // Chance may be uneven; one of the two getting less than a tenth of 40 would be no chance any more. LRT goes by
    // times.
    assert.ok(name === "LRT" || Math.min(...shares) >= 4, `${name}: ${shares.join(" and ")}`);
  }
  const stats = await sluice.settled();
  assert.equal(stats.total.errors, 0);
  for (const group of stats.groups) {
    assert.equal(group.targets[0]!.connectFailures, group.targets[0]!.requests, group.name);
    assert.equal(group.statusClasses["2xx"], 40, group.name);
  }
});
