import assert from "node:assert/strict";
import type { Explanation } from "../../src/views/explanation.ts";
import { ask, askTimes, Load, tally } from "../support/ask.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { header } from "../support/raw_message.ts";
import { answer, byPath, closeBeforeHeaders, hang, inTurn, okay } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { type LogLine, runSluice, type SluiceProcess, startSluice } from "../support/sluice_process.ts";

const CHECKS = { TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true", TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "100ms" };

/** Waits for the log's line about a change of a target's state. */
function untilState(sluice: SluiceProcess, target: string, to: string, count = 1): Promise<LogLine> {
  return until(
    () => changes(sluice).filter((line) => line.target === target && line.to === to)[count - 1],
    () => `${target} to be ${to} (${count}); the log says:\n${sluice.stderr}`,
  );
}

function changes(sluice: SluiceProcess): LogLine[] {
  return sluice.events.filter(({ event }) => event === "target_state");
}

async function stateOf(sluice: SluiceProcess, index = 0) {
  return (await sluice.stats()).groups[0]!.targets[index]!;
}

Deno.test("A24, A29, A36: a probe is a GET to the target's address, not its base, with its Host", async () => {
  await using target = await RecorderTarget.start();
  await using sluice = await startSluice({
    env: groupEnvironment(`localhost:${target.port}/base/v1`, CHECKS),
  });
  await until(() => target.requests.length >= 2, "two probes");
  for (const probe of target.requests.slice(0, 2)) {
    assert.equal(probe.startLine, "GET /health HTTP/1.1");
    assert.equal(header(probe, "host"), `localhost:${target.port}`);
    assert.equal(header(probe, "connection"), "close");
  }
  assert.notEqual(target.requests[0]!.connection, target.requests[1]!.connection);
  await ask(sluice.url, "/x");
  assert.ok(target.requests.some(({ path }) => path === "/base/v1/x"));
  await until(async () => (await stateOf(sluice)).state === "healthy", "the target to be healthy");
  const stats = await sluice.settled();
  assert.equal(stats.groups[0]!.requests, 1, "probes are no requests");
});

Deno.test("A26, A27, A30, A32, A37: only consecutive results flip a state, with one log line each", async () => {
  const [good, bad] = [answer(200), answer(503)];
  // Two failures of three never come in a row at first; then three do, and later three successes.
  const script = inTurn(good, bad, bad, good, bad, bad, good, bad, bad, bad, good, good, bad, good, good, good);
  await using target = await RecorderTarget.start(byPath({ "/probe": script }));
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, {
      ...CHECKS,
      TARGET_GROUP_1_HEALTH_CHECK_PATH: "/probe",
      TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "50ms",
      TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD: "3",
      TARGET_GROUP_1_HEALTH_CHECK_SUCCEED_THRESHOLD: "3",
    }),
  });
  const probes = () => target.requests.filter(({ path }) => path === "/probe").length;
  await untilState(sluice, target.address, "unhealthy");
  assert.ok(probes() >= 10, `only after the tenth probe: ${probes()}`);
  const back = await until(
    () => changes(sluice).find(({ from, to }) => from === "unhealthy" && to === "healthy"),
    "the target to be healthy again",
  );
  assert.ok(probes() >= 16, `only after the sixteenth probe: ${probes()}`);
  const lines = changes(sluice);
  assert.deepEqual(lines.map(({ to }) => to), ["healthy", "unhealthy", "healthy"]);
  assert.equal(lines[1]!.reason, "Target.ResponseCodeMismatch got 503");
  assert.equal(lines[1]!.level, "warn");
  assert.match(String(lines[1]!.message), /is \[UNHEALTHY\]: Target\.ResponseCodeMismatch got 503$/);
  assert.match(String(back.message), /is \[HEALTHY\]: got 200$/);
  const { state, probes: counted } = await stateOf(sluice);
  assert.equal(state, "healthy");
  assert.equal(counted.failed, 8);
});

Deno.test("A31, D5, E14: reasons tell timeout, refusal, close, wrong status and redirect apart", async () => {
  await using deaf = await RecorderTarget.start(hang());
  await using curt = await RecorderTarget.start(closeBeforeHeaders());
  await using wrong = await RecorderTarget.start(answer(404));
  await using away = await RecorderTarget.start(answer(302, ["Location: /elsewhere"]));
  const gone = await RecorderTarget.start();
  const goneAddress = gone.address;
  await gone[Symbol.asyncDispose]();
  await using sluice = await startSluice({
    env: groupEnvironment([deaf, curt, wrong, away].map(({ address }) => address).concat(goneAddress).join(","), {
      ...CHECKS,
      TARGET_GROUP_1_HEALTH_CHECK_TIMEOUT: "80",
    }),
  });
  const reasons: readonly (readonly [string, RegExp])[] = [
    [deaf.address, /^Target\.Timeout$/],
    [curt.address, /^Target\.ConnectionClosed$/],
    [wrong.address, /^Target\.ResponseCodeMismatch got 404$/],
    [away.address, /^Target\.ResponseCodeMismatch got 302$/],
    [goneAddress, /^Target\.ConnectionRefused$/],
  ];
  for (const [address, reason] of reasons) {
    assert.match(String((await untilState(sluice, address, "unhealthy")).reason), reason);
  }
  assert.ok(away.requests.every(({ path }) => path === "/health"), "redirects are not followed");
  assert.equal((await ask(sluice.url)).status, 503);
  const { groups } = await sluice.stats();
  assert.deepEqual(groups[0]!.states, { initial: 0, healthy: 0, unhealthy: 5, ejected: 0, draining: 0 });
  assert.deepEqual(groups[0]!.targets.map(({ reason }) => reasons.some(([, each]) => each.test(reason!))), [
    true,
    true,
    true,
    true,
    true,
  ]);
});

Deno.test("A34, A49, D6, E12: all unhealthy is 503, and recovery is automatic, without losing count", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, CHECKS) });
  assert.equal((await ask(sluice.url)).status, 200);
  mocks.at(0).faults = mocks.at(1).faults = { healthCode: 500 };
  for (const address of mocks.list.split(",")) await untilState(sluice, address, "unhealthy");
  const refused = await askTimes(5, sluice.url);
  assert.deepEqual(tally(refused, ({ status, body }) => `${status}${body}`), { 503: 5 });
  mocks.at(1).faults = {};
  await until(
    () =>
      changes(sluice).some(({ target, from, to }) =>
        target === mocks.list.split(",")[1] && from === "unhealthy" && to === "healthy"
      ),
    "one to recover",
  );
  const after = await askTimes(4, sluice.url);
  assert.deepEqual(tally(after, ({ servedBy }) => servedBy), { [mocks.at(1).name]: 4 });
  const stats = await sluice.settled();
  assert.equal(stats.reasons.no_target, 5);
  assert.equal(stats.total.requests, 10);
  assert.deepEqual(stats.groups[0]!.targets.map(({ requests }) => requests), mocks.served);
  assert.equal(stats.ready, true, "sick targets do not make sluice unready");
});

Deno.test("FAIL_OPEN=true lets all serve when all are unhealthy", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { ...CHECKS, FAIL_OPEN: "true" }) });
  mocks.at(0).faults = { healthCode: 500 };
  await untilState(sluice, mocks.list.split(",")[0]!, "unhealthy");
  const one = await askTimes(4, sluice.url);
  assert.deepEqual(tally(one, ({ servedBy }) => servedBy), { [mocks.at(1).name]: 4 });
  mocks.at(1).faults = { healthCode: 500 };
  await untilState(sluice, mocks.list.split(",")[1]!, "unhealthy");
  const all = await askTimes(4, sluice.url);
  assert.deepEqual(tally(all, ({ servedBy }) => servedBy), { [mocks.at(0).name]: 2, [mocks.at(1).name]: 2 });
});

Deno.test("A23, A35, B2: checks that are off send no probe and never affect a target", async () => {
  await using mocks = await MockGroup.start(2);
  for (const index of [0, 1]) mocks.at(index).faults = { healthCode: 500 };
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, { TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "20ms" }),
  });
  const answers = await askTimes(10, sluice.url);
  mocks.at(0).faults = { errorCode: 500 };
  const errors = await askTimes(10, sluice.url);
  assert.deepEqual(tally(answers, ({ status }) => status), { 200: 10 });
  assert.deepEqual(tally(errors, ({ status }) => status), { 200: 5, 500: 5 });
  assert.deepEqual(mocks.probes, [0, 0]);
  assert.deepEqual(mocks.served, [10, 10]);
  const stats = await sluice.settled();
  assert.deepEqual(stats.groups[0]!.targets.map(({ state, nextProbe }) => [state, nextProbe]), [
    ["healthy", null],
    ["healthy", null],
  ]);
  assert.deepEqual(changes(sluice), []);
});

Deno.test("the matcher, Host and port of probes can be given, and for all groups at once", async () => {
  await using target = await RecorderTarget.start(okay());
  await using probed = await RecorderTarget.start(answer(301, ["Location: /"]));
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, {
      HEALTH_CHECK_ENABLED: "true",
      HEALTH_CHECK_INTERVAL: "100ms",
      HEALTH_CHECK_PATH: "/up?deep=1",
      HEALTH_CHECK_MATCHER: "204,300-301",
      HEALTH_CHECK_HOST: "shop.example:81",
      HEALTH_CHECK_PORT: String(probed.port),
    }),
  });
  await until(async () => (await stateOf(sluice)).state === "healthy", "the target to be healthy");
  assert.equal(probed.requests[0]!.path, "/up?deep=1");
  assert.equal(header(probed.requests[0]!, "host"), "shop.example:81");
  assert.equal(target.requests.length, 0);
  probed.script = answer(200);
  assert.equal((await untilState(sluice, target.address, "unhealthy")).reason, "Target.ResponseCodeMismatch got 200");
});

Deno.test("A28, A39, E9: probes that hang neither delay a request nor the probes of others", async () => {
  await using deaf = await RecorderTarget.start(byPath({ "/health": hang() }, okay("deaf to probes only")));
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({
    env: groupEnvironment(deaf.address, {
      ...CHECKS,
      TARGET_GROUP_1_HEALTH_CHECK_TIMEOUT: "60s",
      TARGET_GROUP_2_NAME: "other",
      TARGET_GROUP_2_TARGETS: `${deaf.address},${mocks.list}`,
      TARGET_GROUP_2_HEALTH_CHECK_ENABLED: "true",
      TARGET_GROUP_2_HEALTH_CHECK_INTERVAL: "50ms",
      TARGET_GROUP_2_HEALTH_CHECK_TIMEOUT: "60s",
      LISTENER_RULE_2_PATH_PREFIX: "/other",
      LISTENER_RULE_2_TARGET_GROUP: "other",
    }),
  });
  const before = mocks.probes[0]!;
  await until(() => mocks.probes[0]! >= before + 4, "the other target to be probed on");
  assert.equal((await ask(sluice.url)).body, "deaf to probes only");
  assert.equal(deaf.requests.filter(({ path }) => path === "/health").length, 2, "a probe that runs skips its turns");
  assert.equal((await stateOf(sluice)).state, "initial");
});

Deno.test("A40: every algorithm leaves an unhealthy target alone", async () => {
  await using mocks = await MockGroup.start(3);
  const names = ["ROUND_ROBIN", "WEIGHTED", "LEAST_CONNECTIONS", "LRT", "STICKY", "RANDOM", "POWER_OF_TWO", "HASH"];
  const env: Record<string, string> = {
    HEALTH_CHECK_ENABLED: "true",
    HEALTH_CHECK_INTERVAL: "100ms",
    ACCESS_LOG: "false",
  };
  names.forEach((name, i) => {
    env[`TARGET_GROUP_${i}_NAME`] = name;
    env[`TARGET_GROUP_${i}_TARGETS`] = mocks.list;
    env[`TARGET_GROUP_${i}_ALGORITHM`] = name;
    env[`TARGET_GROUP_${i}_WEIGHTS`] = "127.0.0.1:2";
    env[`TARGET_GROUP_${i}_HASH_KEY`] = "path";
    env[`LISTENER_RULE_${i}_PATH_PREFIX`] = `/${name}`;
    env[`LISTENER_RULE_${i}_TARGET_GROUP`] = name;
  });
  await using sluice = await startSluice({ env });
  mocks.at(1).faults = { healthCode: 503 };
  await until(
    () => changes(sluice).filter(({ to }) => to === "unhealthy").length === names.length,
    "all groups to know",
  );
  for (const name of names) {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(sluice.url, `/${name}/${i}`)));
    assert.deepEqual(tally(answers, ({ status }) => status), { 200: 12 }, name);
  }
  assert.equal(mocks.served[1], 0);
  const stats = await sluice.settled();
  for (const group of stats.groups) {
    assert.deepEqual(group.targets.map(({ state }) => state === "unhealthy"), [false, true, false], group.name);
  }
  const load = new Load(sluice.url, 4, "/LRT");
  mocks.at(1).faults = {};
  await until(() => mocks.served[1]! > 0, "the target to serve again");
  assert.deepEqual(Object.keys(await load.stop()), ["200"]);
});

Deno.test("a target that fails probes is shown before it is out; one without checks is unchecked", async () => {
  await using sick = await RecorderTarget.start(answer(404));
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({
    env: {
      ...groupEnvironment(`${sick.address},${mocks.list}`, {
        TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
        TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "100ms",
        TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD: "1000",
      }),
      TARGET_GROUP_2_NAME: "plain",
      TARGET_GROUP_2_TARGETS: mocks.list,
      LISTENER_RULE_2_PATH_PREFIX: "/plain",
      LISTENER_RULE_2_TARGET_GROUP: "plain",
    },
  });
  const first = await sluice.waitForEvent(({ event }) => event === "probe_failed");
  const pending = /^[0-9]+ of 1000 probes failed \(got 404\), out at \d\d:\d\d:\d\d UTC$/;
  assert.match(
    String(first.message),
    /^Target \S+ of group web: 1 of 1000 probes failed \(got 404\), out at [\d:]{8} UTC; probes request \/\S+ \(HEALTH/,
  );
  const target = (await sluice.stats()).groups[0]!.targets.find(({ address }) => address === sick.address)!;
  assert.match(target.reason!, pending);
  const { candidates } = await sluice.adminJson("/explain?url=/") as Explanation;
  assert.match(candidates.find((candidate) => candidate.target === sick.address)!.reason!, pending);
  const plain = await sluice.adminJson("/explain?url=/plain") as Explanation;
  assert.equal(plain.candidates[0]!.state, "unchecked");
  const { stdout } = await runSluice(["status", "--admin", sluice.adminUrl]);
  assert.match(stdout, / UNCHECKED /);
});
