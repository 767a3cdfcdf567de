import assert from "node:assert/strict";
import { ask, askTimes, tally } from "../../support/ask.ts";
import { MockGroup } from "../../support/mock_group.ts";
import { effectiveValues, untilTargetState } from "../../support/operator_view.ts";
import { until } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { header, headerValues } from "../../support/raw_message.ts";
import { answer, byPath, closeBeforeHeaders, hang, inTurn, okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { startSluice } from "../../support/sluice_process.ts";

Deno.test("C1, C3, C4, C14, C19, C24: a backend list needs two variables, and has its known defaults", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({
    env: {
      BACKEND_SERVERS: mocks.urls,
      HOST: "127.0.0.1",
      PORT: "0",
      LISTENER_HOST: undefined,
      LISTENER_PORT: undefined,
    },
  });
  const answers = await askTimes(6, sluice.url, "/any/path?x=1");
  assert.deepEqual(tally(answers, ({ servedBy }) => servedBy), { [mocks.at(0).name]: 3, [mocks.at(1).name]: 3 });
  assert.equal(JSON.parse(answers[0]!.body).path, "/any/path");
  assert.deepEqual(
    await effectiveValues(
      sluice,
      "LISTENER_HOST",
      "LOAD_BALANCING_ALGORITHM",
      "CONNECTION_TIMEOUT",
      "STATS_PATH",
      "HEALTH_CHECK_PATH",
      "HEALTH_CHECK_INTERVAL",
      "HEALTH_CHECK_TIMEOUT",
      "HEALTH_CHECK_MATCHER",
      "EJECTION_ENABLED",
      "EJECTION_FAILURES",
    ),
    ["127.0.0.1", "ROUND_ROBIN", "10s", "/lb/stats", "/health", "5s", "2s", "200-499", "true", "1"],
  );
  await until(() => mocks.probes.every((count) => count > 0), "both to be probed at /health, at once");
});

Deno.test("C18, C16: /lb/stats on the listener counts what the targets counted, errors from 500 on", async () => {
  await using target = await RecorderTarget.start(byPath({ "/500": answer(500), "/404": answer(404) }));
  await using sluice = await startSluice({ env: { BACKEND_SERVERS: `http://${target.address}` } });
  for (const path of ["/ok", "/404", "/500", "/500"]) await ask(sluice.url, path);
  const stats = JSON.parse((await ask(sluice.url, "/lb/stats")).body);
  const real = target.requests.filter(({ path }) => path !== "/health");
  const [shown] = stats.groups[0].targets;
  assert.equal(shown.requests, real.length);
  assert.equal(shown.errors, 2);
  assert.equal(shown.errorRate, 0.5);
  assert.deepEqual(shown.statusClasses, { "1xx": 0, "2xx": 1, "3xx": 0, "4xx": 1, "5xx": 2 });
  for (const name of ["averageMs", "p50Ms", "p90Ms", "p99Ms", "maxMs"]) {
    assert.ok(typeof shown.responseTime[name] === "number", `${name} in ${JSON.stringify(shown.responseTime)}`);
  }
  assert.ok(!real.some(({ path }) => path === "/lb/stats"), "the target never sees it");
});

Deno.test("STATS_PATH puts the stats before any rule, and its answers are counted in bytes", async () => {
  await using target = await RecorderTarget.start(okay());
  await using sluice = await startSluice({
    env: {
      TARGET_GROUP_1_NAME: "caf\u00e9",
      TARGET_GROUP_1_TARGETS: target.address,
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "caf\u00e9",
      STATS_PATH: "/my/stats",
    },
  });
  const { status, body, response } = await ask(sluice.url, "/my/stats");
  assert.equal(status, 200);
  assert.equal(JSON.parse(body).groups[0].name, "caf\u00e9");
  assert.equal((await ask(sluice.url, "/my/stats", { method: "HEAD" })).body, "");
  const [got, head] = await sluice.accessLines(2);
  assert.deepEqual([got!.responseBytes, head!.responseBytes], [response.body.length, 0]);
  assert.ok(response.body.length > body.length);
  assert.equal(target.requests.length, 0);
});

Deno.test("C9, C12, C13, C15: methods, headers and cookies reach the target, and its response the client", async () => {
  await using target = await RecorderTarget.start(
    answer(302, ["Location: http://elsewhere.test/", "Set-Cookie: a=1", "Set-Cookie: b=2"], "gone"),
  );
  await using sluice = await startSluice({
    env: { BACKEND_SERVERS: `http://${target.address}`, HEALTH_CHECK_ENABLED: "false" },
  });
  const methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"];
  for (const method of methods) {
    const { status, body, response } = await ask(sluice.url, "/m?q=1", {
      method,
      headers: ["Cookie: c=3; d=4", "X-Mine: yes"],
    });
    assert.equal(status, 302, method);
    assert.equal(header(response, "location"), "http://elsewhere.test/");
    assert.deepEqual(headerValues(response, "set-cookie"), ["a=1", "b=2"]);
    assert.equal(body, method === "HEAD" ? "" : "gone");
  }
  assert.deepEqual(target.requests.map(({ method }) => method), methods);
  for (const request of target.requests) {
    assert.equal(request.path, "/m?q=1");
    assert.deepEqual(headerValues(request, "host"), [target.address]);
    assert.equal(header(request, "cookie"), "c=3; d=4");
    assert.equal(header(request, "x-mine"), "yes");
  }
});

Deno.test("C11, D4: a backend that refuses a connection is out at once, and another serves the request", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({ env: { BACKEND_SERVERS: mocks.urls, HEALTH_CHECK_INTERVAL: "60s" } });
  const [first] = mocks.list.split(",");
  await until(() => mocks.probes.every((count) => count > 0), "the first probes");
  await until(async () => (await sluice.stats()).groups[0]!.states.healthy === 2, "both to be healthy");
  await mocks.kill(0);
  const answers = await askTimes(6, sluice.url);
  assert.deepEqual(tally(answers, ({ status, servedBy }) => `${status} ${servedBy}`), {
    [`200 ${mocks.at(1).name}`]: 6,
  });
  await untilTargetState(sluice, first!, "ejected");
  const stats = await sluice.settled();
  const [out, other] = stats.groups[0]!.targets;
  assert.equal(out!.connectFailures, 1, "one request met the dead backend, no more");
  assert.equal(out!.errors, 1);
  assert.equal(other!.requests, 6);
  assert.match(out!.reason!, /^1 failed connections in a row \(.*refused/);
});

Deno.test("C11, C21: an ejected backend is freed by its time, or sooner by a probe that succeeds", async (t) => {
  for (
    const [how, more] of [
      ["by time", { HEALTH_CHECK_ENABLED: "false", EJECTION_TIME: "300ms" }],
      ["by a probe", { HEALTH_CHECK_INTERVAL: "150ms", HEALTH_CHECK_FAILURE_THRESHOLD: "1000", EJECTION_TIME: "5m" }],
    ] as const
  ) {
    await t.step(how, async () => {
      await using mocks = await MockGroup.start(2);
      const [first] = mocks.list.split(",");
      await using sluice = await startSluice({ env: { BACKEND_SERVERS: mocks.urls, ...more } });
      await mocks.kill(0);
      await askTimes(2, sluice.url);
      await untilTargetState(sluice, first!, "ejected");
      await mocks.revive(0);
      await untilTargetState(sluice, first!, "healthy", "ejected");
      const answers = await askTimes(4, sluice.url);
      assert.deepEqual(tally(answers, ({ servedBy }) => servedBy), { [mocks.at(0).name]: 2, [mocks.at(1).name]: 2 });
    });
  }
});

Deno.test("C10, C11, C19: below 500 is healthy, one result flips it, and no healthy backend means 503", async () => {
  await using target = await RecorderTarget.start(byPath({ "/health": inTurn(answer(404), answer(499), answer(500)) }));
  await using sluice = await startSluice({
    env: { BACKEND_SERVERS: `http://${target.address}`, HEALTH_CHECK_INTERVAL: "150ms", ERROR_BODY: "json" },
  });
  await untilTargetState(sluice, target.address, "healthy");
  await untilTargetState(sluice, target.address, "unhealthy");
  assert.ok(target.requests.filter(({ path }) => path === "/health").length >= 3);
  const { status, body } = await ask(sluice.url);
  assert.equal(status, 503);
  assert.equal(JSON.parse(body).reason, "no_target");
});

Deno.test("C20: probe times feed LEAST_RESPONSE_TIME until there is a live sample", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({ env: { BACKEND_SERVERS: mocks.urls, ALGORITHM: "least_response_time" } });
  const scores = async () => JSON.stringify((await sluice.adminJson("/explain?method=GET&url=/")).candidates);
  await until(async () => (await scores()).match(/us \(probes\)/g)?.length === 2, "both probes to count");
  await askTimes(2, sluice.url);
  assert.ok(!(await scores()).includes("(probes)"));
});

Deno.test("C7: under least_connections in flight returns to 0, and stats agree with the backends", async () => {
  const script = () => byPath({ "/500": answer(500), "/hang": hang(), "/close": closeBeforeHeaders() }, okay());
  await using one = await RecorderTarget.start(script());
  await using two = await RecorderTarget.start(script());
  await using sluice = await startSluice({
    env: {
      BACKEND_SERVERS: `http://${one.address},http://${two.address}`,
      ALGORITHM: "least_connections",
      CONNECTION_TIMEOUT: "3s",
      RETRY_ATTEMPTS: "0",
      HEALTH_CHECK_ENABLED: "false",
    },
  });
  const askAll = (kinds: Record<string, number>) => {
    const asked = Object.entries(kinds).flatMap(([path, count]) => Array.from({ length: count }, () => path));
    return Promise.all(asked.map((path) => ask(sluice.url, path)));
  };
  // First, on connections that are all new: a request that finds a kept one closed is sent once more, which is no
  // attempt of its own.
  const answers = [...await askAll({ "/close": 10 }), ...await askAll({ "/ok": 40, "/500": 10, "/hang": 6 })];
  for (let i = 0; i < 8; i++) {
    await using client = await RawClient.connect(sluice.url);
    const before = one.requests.length + two.requests.length;
    await client.send("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => one.requests.length + two.requests.length > before, "the request to reach a backend");
    await client.reset();
  }
  const stats = await sluice.settled();
  assert.deepEqual(tally(answers, ({ status }) => status), { 200: 40, 500: 10, 502: 10, 504: 6 });
  const targets = stats.groups[0]!.targets;
  assert.deepEqual(targets.map(({ requests }) => requests), [one.requests.length, two.requests.length]);
  assert.deepEqual(targets.map(({ inFlight }) => inFlight), [0, 0]);
  assert.equal(one.requests.length + two.requests.length, 74);
  assert.equal(stats.total.requests, 74);
  assert.equal(stats.groups[0]!.errors, 10 + 10 + 6, "a client that left is nobody's error");
  assert.equal(stats.groups[0]!.leftByClient, 8);
  assert.equal(stats.reasons.client_closed, 8);
  assert.equal(stats.reasons.timeout, 6);
  assert.equal(stats.reasons.reset_before_headers, 10);
  for (const backend of [one, two]) {
    const abandoned = backend.requests.filter(({ path }) => path === "/hang");
    await until(
      () => abandoned.every(({ connection }) => backend.endings.has(connection)),
      "abandoned exchanges to be closed at the backends",
    );
  }
});
