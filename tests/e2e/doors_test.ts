import assert from "node:assert/strict";
import { ask, askTimes, Load, tally } from "../support/ask.ts";
import { freePort } from "../support/free_port.ts";
import { MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { RawClient } from "../support/raw_client.ts";
import { header, headerValues } from "../support/raw_message.ts";
import { answer, byPath, closeBeforeHeaders, hang, inTurn, okay } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { runSluice, type SluiceProcess, startSluice } from "../support/sluice_process.ts";

/** An effective value, as `/config` shows it. */
async function effective(sluice: SluiceProcess, ...names: string[]): Promise<string[]> {
  const { settings } = await sluice.adminJson("/config");
  return names.map((name) => settings.find((each: { name: string }) => each.name === name)?.value);
}

function untilState(sluice: SluiceProcess, target: string, to: string, from?: string): Promise<unknown> {
  return sluice.waitForEvent(
    (line) =>
      line.event === "target_state" && line.target === target && line.to === to &&
      (from === undefined || line.from === from),
    `${target} to be ${to}`,
  );
}

Deno.test("C1, C3, C4, C14, C19, C24: the backend list needs two variables, and the defaults are those its users know", async () => {
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
    await effective(
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

Deno.test("C18, C16: /lb/stats is reachable on the listener and counts what the targets counted, errors from 500 on", async () => {
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

Deno.test("C9, C12, C13, C15: every method, header and cookie reaches the target but for Host, and its answer comes back, redirects too", async () => {
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

Deno.test("C11, C21, D4: a backend that refuses a connection is out at once, its request is served elsewhere, and a probe brings it back", async () => {
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
  await untilState(sluice, first!, "ejected");
  const stats = await sluice.settled();
  const [out, other] = stats.groups[0]!.targets;
  assert.equal(out!.connectFailures, 1, "one request met the dead backend, no more");
  assert.equal(out!.errors, 1);
  assert.equal(other!.requests, 6);
  assert.match(out!.reason!, /^1 failed connections in a row \(.*refused/);
});

Deno.test("C11: an ejected backend is freed by its time, or sooner by a probe that succeeds", async (t) => {
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
      await untilState(sluice, first!, "ejected");
      await mocks.revive(0);
      await untilState(sluice, first!, "healthy", "ejected");
      const answers = await askTimes(4, sluice.url);
      assert.deepEqual(tally(answers, ({ servedBy }) => servedBy), { [mocks.at(0).name]: 2, [mocks.at(1).name]: 2 });
    });
  }
});

Deno.test("C10, C11, C19: below 500 is healthy, one result flips it, and without any healthy backend the answer is 503", async () => {
  await using target = await RecorderTarget.start(byPath({ "/health": inTurn(answer(404), answer(499), answer(500)) }));
  await using sluice = await startSluice({
    env: { BACKEND_SERVERS: `http://${target.address}`, HEALTH_CHECK_INTERVAL: "150ms", ERROR_BODY: "json" },
  });
  await untilState(sluice, target.address, "healthy");
  await untilState(sluice, target.address, "unhealthy");
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

Deno.test("C7: under least_connections in flight returns to 0 after success, error, timeout and abort alike, and the stats agree with the backends to the request", async () => {
  const script = () => byPath({ "/500": answer(500), "/hang": hang(), "/close": closeBeforeHeaders() }, okay());
  await using one = await RecorderTarget.start(script());
  await using two = await RecorderTarget.start(script());
  await using sluice = await startSluice({
    env: {
      BACKEND_SERVERS: `http://${one.address},http://${two.address}`,
      ALGORITHM: "least_connections",
      CONNECTION_TIMEOUT: "500",
      RETRY_ATTEMPTS: "0",
      HEALTH_CHECK_ENABLED: "false",
    },
  });
  const kinds = { "/ok": 40, "/500": 10, "/hang": 6, "/close": 10 };
  const asked = Object.entries(kinds).flatMap(([path, count]) => Array.from({ length: count }, () => path));
  const answers = await Promise.all(asked.map((path) => ask(sluice.url, path)));
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

/** Writes a servers file for the mocks into the process' directory, and gives its path. */
async function serversFile(dir: string, ports: readonly number[]): Promise<string> {
  const servers = ports.map((port, i) => ({ id: i + 1, host: "127.0.0.1", port }));
  await Deno.writeTextFile(`${dir}/servers.json`, JSON.stringify(servers));
  return `${dir}/servers.json`;
}

Deno.test("E1 to E8, E15, E16, D2: a servers file on the command line: a stopped mock is out within two intervals and back within two, and no request is lost", async () => {
  await using mocks = await MockGroup.start(3);
  const dir = await Deno.makeTempDir();
  try {
    const file = await serversFile(dir, mocks.ports);
    const port = freePort();
    await using sluice = await startSluice({
      args: ["--host", "127.0.0.1", "--port", String(port), "--interval", "1", "--config", file],
      env: { LISTENER_HOST: undefined, LISTENER_PORT: undefined, ACCESS_LOG: "false" },
    });
    assert.equal(sluice.url, `http://127.0.0.1:${port}`);
    assert.deepEqual(
      await effective(
        sluice,
        "HEALTH_CHECK_PATH",
        "HEALTH_CHECK_INTERVAL",
        "HEALTH_CHECK_MATCHER",
        "HEALTH_CHECK_FAILURE_THRESHOLD",
        "HEALTH_CHECK_SUCCEED_THRESHOLD",
      ),
      ["/", "1s", "200-399", "2", "1"],
    );
    const second = mocks.list.split(",")[1]!;
    const load = new Load(sluice.url, 8);
    await until(() => load.answers > 100, "some load");
    await mocks.kill(1);
    const killedAt = Date.now();
    await untilState(sluice, second, "unhealthy");
    const out = sluice.events.find(({ event, to }) => event === "target_state" && to === "unhealthy")!;
    // Two intervals, and what a busy machine adds: the log's own times, not the test's.
    assert.ok(Date.parse(String(out.time)) - killedAt < 2000 + 1500, `${out.time}`);
    const before = load.answers;
    await until(() => load.answers > before + 100, "load without it");
    await mocks.revive(1);
    const revivedAt = Date.now();
    await untilState(sluice, second, "healthy", "unhealthy");
    const back = sluice.events.findLast(({ event, to }) => event === "target_state" && to === "healthy")!;
    assert.ok(Date.parse(String(back.time)) - revivedAt < 2000 + 1500, `${back.time}`);
    await until(() => mocks.at(1).served > 20, "it to serve again");
    assert.deepEqual(await load.stop(), { 200: load.answers });
    assert.equal((await sluice.settled()).total.errors, 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("D1, D3, D4, D6, D7, E9, E12: plain file servers that answer 404 on /health are served by turns, concurrently, and 503 when all are gone", async () => {
  const servers = await Promise.all(
    [1, 2, 3].map((n) => RecorderTarget.start(byPath({ "/health": answer(404) }, okay(`page of server ${n}`)))),
  );
  const dir = await Deno.makeTempDir();
  try {
    const file = await serversFile(dir, servers.map(({ port }) => port));
    await using sluice = await startSluice({
      args: ["--config", file, "--interval", "0.2"],
      env: { LISTENER_HOST: undefined },
      ready: ["listening", "admin_listening"],
    });
    assert.ok(
      sluice.events.some(({ event, message }) =>
        event === "config_warning" && /Raised "0\.2" to 1 second/.test(String(message))
      ),
      "an interval below a second is raised to one, with a warning",
    );
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(sluice.url, "/index.html")));
    assert.deepEqual(tally(answers, ({ body }) => body), {
      "page of server 1": 20,
      "page of server 2": 20,
      "page of server 3": 20,
    });
    const addresses = servers.map(({ address }) => address);
    for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
    for (const address of addresses) await untilState(sluice, address, "unhealthy");
    assert.equal((await ask(sluice.url)).status, 503);
    assert.equal((await sluice.settled()).reasons.no_target, 1);
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("E10: both directions stream at the same time: an answer begins before its request has ended", async () => {
  await using target = await RecorderTarget.start(async (turn) => {
    await turn.socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    const body = new TextDecoder().decode(await turn.body());
    await turn.socket.send(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  });
  await using sluice = await startSluice({
    args: ["--targets", `http://${target.address}`],
    env: { HEALTH_CHECK_ENABLED: "false" },
  });
  await using client = await RawClient.connect(sluice.url);
  await client.send("POST /talk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none,\r\n");
  const head = await client.socket.readThrough("first\r\n");
  assert.match(head!, /^HTTP\/1\.1 200 /);
  await client.send("3\r\ntwo\r\n0\r\n\r\n");
  assert.match((await client.socket.readThrough("0\r\n\r\n"))!, /one,two/);
  const stats = await sluice.settled();
  assert.equal(stats.groups[0]!.requestBytes, 7);
  assert.equal(stats.groups[0]!.responseBytes, 12);
});

Deno.test("A64, C2: with nothing configured it starts, answers 404 and says in one line how to configure it", async () => {
  await using sluice = await startSluice();
  const { status, body } = await ask(sluice.url, "/anything");
  assert.equal(status, 404);
  assert.equal(body, "");
  const told = sluice.events.filter(({ event }) => event === "nothing_configured");
  assert.equal(told.length, 1);
  for (const name of ["BACKEND_SERVERS", "TARGET_GROUP_1_TARGETS", "LISTENER_RULE_1_PATH_PREFIX", ".env"]) {
    assert.ok(String(told[0]!.message).includes(name), name);
  }
  assert.equal((await sluice.settled()).reasons.no_rule, 1);
});

Deno.test("A62: unconfigured in a checkout, three built-in mock targets serve and the log says what to do next", async () => {
  await using sluice = await startSluice({
    args: ["serve", "--mock-when-unconfigured"],
    ready: ["listening", "admin_listening", "mock_targets"],
  });
  const answers = await askTimes(6, sluice.url, "/hello");
  assert.deepEqual(Object.values(tally(answers, ({ servedBy }) => servedBy)), [2, 2, 2]);
  const told = sluice.events.find(({ event }) => event === "mock_targets")!;
  assert.match(String(told.message), /curl http:\/\/127\.0\.0\.1:\d+\/hello.*BACKEND_SERVERS/);
  assert.equal(await sluice.stop(), 0);
});

Deno.test("two doors at once are an error that names both, and nothing listens", async () => {
  const port = freePort();
  const result = await runSluice(["--targets", "http://127.0.0.1:1"], {
    LISTENER_PORT: String(port),
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: "127.0.0.1:2",
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
  });
  assert.equal(result.code, 2);
  assert.equal(
    result.stderr.trim(),
    "TARGET_GROUP_1_* and --targets (BACKEND_SERVERS): Only one of the groups, the backend list and the servers file can say what the targets are",
  );
  assert.equal(result.stdout, "");
  await assert.rejects(RawClient.connect(`http://127.0.0.1:${port}`));
});
