import assert from "node:assert/strict";
import { ask, askTimes, tally } from "../support/ask.ts";
import { freePort } from "../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until, within } from "../support/poll.ts";
import { RawClient } from "../support/raw_client.ts";
import { answer, hang } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { startSluice } from "../support/sluice_process.ts";
import { sluiceCommand, sluiceEnvironment } from "../support/sluice_program.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("C22: start, address, targets and algorithm are in the log's first lines, one JSON object each, and so is the end", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({
    env: { BACKEND_SERVERS: mocks.urls, ALGORITHM: "least_connections", HEALTH_CHECK_ENABLED: "false" },
  });
  await sluice.stop();
  const [starting, ...others] = sluice.events;
  assert.equal(starting!.event, "starting");
  assert.equal(starting!.algorithm, "LEAST_CONNECTIONS");
  assert.deepEqual(starting!.targets, mocks.list.split(","));
  assert.deepEqual(others.map(({ event }) => event), ["admin_listening", "listening", "stopping", "stopped"]);
  for (const line of sluice.events) {
    assert.ok(!Number.isNaN(Date.parse(String(line.time))));
    assert.match(String(line.level), /^(info|warn)$/);
    assert.match(String(line.message), /^[A-Z].*[^.]$/);
  }
  assert.deepEqual(sluice.plainLines, []);
});

Deno.test("C22, D8, E13: an access line tells client, rule, group, target, times and bytes; a failure tells its reason and its target", async () => {
  await using target = await RecorderTarget.start(answer(201, ["Content-Type: text/plain"], "seven b"));
  await using deaf = await RecorderTarget.start(hang());
  const closed = freePort();
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, {
      CONNECTION_TIMEOUT: "200",
      LISTENER_RULE_8_PATH_PREFIX: "/closed",
      LISTENER_RULE_8_TARGET_GROUP: "gone",
      TARGET_GROUP_8_NAME: "gone",
      TARGET_GROUP_8_TARGETS: `127.0.0.1:${closed}`,
      LISTENER_RULE_9_PATH_PREFIX: "/deaf",
      LISTENER_RULE_9_TARGET_GROUP: "deaf",
      TARGET_GROUP_9_NAME: "deaf",
      TARGET_GROUP_9_TARGETS: deaf.address,
    }),
  });
  await ask(sluice.url, '/a?b="<x>', { method: "PUT", body: "five!" });
  await askTimes(2, sluice.url, "/closed");
  await ask(sluice.url, "/deaf");
  {
    await using client = await RawClient.connect(sluice.url);
    await client.send("GET /deaf/left HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => deaf.requests.length === 2, "the request to reach the target");
    await client.reset();
  }
  const lines = await sluice.accessLines(5);
  const { time, totalMs, ttfbMs, connectMs, id, ...first } = lines[0]!;
  assert.deepEqual(first, {
    client: "127.0.0.1",
    method: "PUT",
    path: '/a?b="<x>',
    host: "front.test",
    status: 201,
    reason: null,
    rule: 1,
    group: "web",
    target: target.address,
    attempts: 1,
    requestBytes: 5,
    responseBytes: 7,
    cutBy: null,
    detail: null,
  });
  assert.ok(!Number.isNaN(Date.parse(String(time))));
  assert.ok(Number(totalMs) >= Number(ttfbMs) && Number(ttfbMs) > 0);
  assert.ok(connectMs === null || Number(connectMs) <= Number(ttfbMs), "only wire knows how long it took");
  assert.ok(String(id).length > 8);
  assert.deepEqual(lines.slice(1).map((line) => [line.status, line.reason, line.rule, line.target]), [
    [502, "connect_refused", 8, `127.0.0.1:${closed}`],
    [502, "connect_refused", 8, `127.0.0.1:${closed}`],
    [504, "timeout", 9, deaf.address],
    [499, "client_closed", 9, deaf.address],
  ]);
  assert.equal(new Set(lines.map((line) => line.id)).size, 5);
  await sluice.stop();
  const failures = sluice.events.filter(({ event }) => event === "connection_failed");
  assert.equal(failures.length, 1, "the first of a run of failures is news, the others are not");
  assert.match(
    String(failures[0]!.message),
    new RegExp(`^Could not connect to target 127.0.0.1:${closed} of group gone: .*refused`),
  );
});

Deno.test("C8, D9: LOGLEVEL=DEBUG tells of each request what came, who was chosen among how many equals, and what went back", async () => {
  await using busy = await RecorderTarget.start(hang());
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({
    env: {
      BACKEND_SERVERS: `http://${busy.address},${mocks.urls}`,
      ALGORITHM: "least_connections",
      LOGLEVEL: "DEBUG",
      HEALTH_CHECK_ENABLED: "0",
    },
  });
  await using held = await RawClient.connect(sluice.url);
  await held.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => busy.requests.length === 1, "the slow target to have a request");
  await ask(sluice.url, "/x?y=1", {
    method: "POST",
    body: "payload of mine",
    headers: ["Authorization: Bearer hunter2", "Cookie: session=hunter2", "X-Seen: yes"],
  });
  const answered = await sluice.waitForEvent(({ event }) => event === "request_answered");
  const received = sluice.events.filter(({ event }) => event === "request_received")[1]!;
  const selected = sluice.events.filter(({ event }) => event === "target_selected");
  assert.match(
    String(selected[0]!.message),
    /^Selected target \S+ \(in flight 0\) of group backends by LEAST_CONNECTIONS: one of 3 with in flight 0$/,
  );
  assert.equal(
    selected[1]!.message,
    `Selected target 127.0.0.1:${
      mocks.ports[0]
    } (in flight 0) of group backends by LEAST_CONNECTIONS: one of 2 with in flight 0`,
  );
  assert.deepEqual(selected[1]!.candidates, [
    { target: busy.address, score: "in flight 1" },
    { target: `127.0.0.1:${mocks.ports[0]}`, score: "in flight 0" },
    { target: `127.0.0.1:${mocks.ports[1]}`, score: "in flight 0" },
  ]);
  assert.match(String(received.message), /^Received POST http:\/\/front\.test\/x\?y=1 from 127\.0\.0\.1$/);
  assert.equal((received.headers as Record<string, string>)["x-seen"], "yes");
  assert.match(
    String(answered.message),
    new RegExp(`^Answered POST /x\\?y=1 with 200 from 127.0.0.1:${mocks.ports[0]} in [\\d.]+ ms$`),
  );
  assert.equal((answered.headers as Record<string, string>)["x-served-by"], mocks.at(0).name);
  assert.deepEqual([received.id, selected[1]!.id], [answered.id, answered.id]);
  assert.ok(!sluice.stderr.includes("hunter2"), "secrets are masked");
  assert.ok(!sluice.stderr.includes("payload of mine"), "bodies are never logged");
  await held.reset();
  await sluice.settled();
});

Deno.test("LOG_LEVEL=debug shows no secret of a request or an answer, and nothing that drives a terminal", async () => {
  await using target = await RecorderTarget.start(
    answer(302, ["Location: /back?code=hunter2&page=3", "X-Auth-Token: hunter2", "X-Note: a\x9b2Jb"]),
  );
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, { LOG_LEVEL: "debug", ACCESS_LOG: "false" }),
  });
  await ask(sluice.url, "/x?access_token=hunter2&page=2", {
    headers: [
      ...["X-Auth-Token: hunter2", "X-Vault-Token: hunter2", "X-Amz-Security-Token: hunter2", "Api-Key: hunter2"],
      ...["X-Other: Bearer hunter2", "Referer: http://me:hunter2@a.example/?sig=hunter2&page=1", "X-Seen: a\x9b2Jb"],
    ],
  });
  const answered = await sluice.waitForEvent(({ event }) => event === "request_answered");
  const received = sluice.events.find(({ event }) => event === "request_received")!;
  const headers = received.headers as Record<string, string>;
  assert.equal(headers["x-auth-token"], "***");
  assert.equal(headers.referer, "http://***@a.example/?sig=***&page=1");
  assert.match(String(received.message), /\/x\?access_token=\*\*\*&page=2 /);
  assert.equal((answered.headers as Record<string, string>).location, "/back?code=***&page=3");
  assert.match(String(answered.message), /\/x\?access_token=\*\*\*&page=2 /);
  assert.ok(!sluice.stderr.includes("hunter2"), sluice.stderr);
  assert.ok(!/[\x80-\x9f]/.test(sluice.stderr), JSON.stringify(sluice.stderr));
  await sluice.settled();
});

Deno.test("LOG_LEVEL=debug ties the lines of a request together, even if the client sent an id or a target refused", async () => {
  await using mocks = await MockGroup.start(1);
  const closed = freePort();
  await using sluice = await startSluice({
    env: groupEnvironment(`127.0.0.1:${closed},${mocks.list}`, {
      LOG_LEVEL: "debug",
      HEADER_CONVENTION_ENABLE: "true",
    }),
  });
  await ask(sluice.url, "/", { headers: ["X-Request-Id: mine-1"] });
  const answered = await sluice.waitForEvent(({ event }) => event === "request_answered");
  assert.equal(answered.id, "mine-1");
  const received = sluice.events.find(({ event }) => event === "request_received")!;
  assert.equal(answered.receivedAs, received.id);
  const selected = sluice.events.filter(({ event }) => event === "target_selected");
  assert.deepEqual(selected.map(({ id, attempt, target }) => [id, attempt, target]), [
    ["mine-1", 1, `127.0.0.1:${closed}`],
    ["mine-1", 2, mocks.list],
  ]);
  const attempts = answered.attempts as { target: string; reason: string | null; detail: string | null }[];
  assert.deepEqual(attempts.map(({ target, reason }) => [target, reason]), [
    [`127.0.0.1:${closed}`, "connect_refused"],
    [mocks.list, null],
  ]);
  assert.match(attempts[0]!.detail!, /refused/);
  const [line] = await sluice.accessLines(1);
  assert.deepEqual([line!.id, line!.attempts], ["mine-1", 2]);
});

Deno.test("levels: warn hides what is only information, and ACCESS_LOG=false writes no line for a request", async () => {
  await using mocks = await MockGroup.start(1);
  const port = freePort();
  await using sluice = await startSluice({
    env: groupEnvironment(`${mocks.list},127.0.0.1:${freePort()}`, {
      LOG_LEVEL: "warn",
      ACCESS_LOG: "false",
      LISTENER_PORT: String(port),
      ADMIN_PORT: "off",
    }),
    ready: [],
  });
  const url = `http://127.0.0.1:${port}`;
  await until(() => ask(url).then(() => true, () => false), "it to listen");
  await askTimes(3, url);
  await sluice.stop();
  assert.equal(sluice.stdout, "");
  assert.ok(sluice.events.length >= 1);
  assert.deepEqual(sluice.events.filter(({ level }) => level !== "warn"), []);
  assert.ok(sluice.events.some(({ event }) => event === "connection_failed"));
});

Deno.test("LOG_FORMAT=text writes lines for people, and nothing of a client's can forge one", async () => {
  await using mocks = await MockGroup.start(1);
  const port = freePort();
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, { LOG_FORMAT: "text", LISTENER_PORT: String(port), ADMIN_PORT: "off" }),
    ready: [],
  });
  const url = `http://127.0.0.1:${port}`;
  await until(() => ask(url).then(() => true, () => false), "it to listen");
  await ask(url, '/"x%0a2026 GET /forged', { headers: ["X-Request-Id: a b\x1b[31m"] }).catch(() => {});
  await ask(url, "/%0d%0a2026-01-01 200");
  await sluice.stop();
  assert.match(sluice.plainLines[0]!, /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}Starting sluice /);
  assert.ok(sluice.plainLines.some((line) => line.includes(`Listening on ${url}`)));
  const lines = sluice.stdout.trim().split("\n");
  for (const line of lines) {
    assert.match(
      line,
      /^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1 "(?:[A-Z]+|-) [^"]*" \d{3} .*rule=(1|-) group=("web"|-) target=\S+ attempts=\d connect=\S+ ttfb=\S+ total=[\d.]+ms in=\d+ out=\d+ id="[^"]*"$/,
    );
  }
});

Deno.test("D10: log and access log can go to files by redirection, complete after the end", async () => {
  await using mocks = await MockGroup.start(1);
  await using dir = await tempDir();
  const port = freePort();
  const command = sluiceCommand(
    ["--targets", mocks.urls, "--host", "127.0.0.1", "--port", String(port)],
    Deno.env.get("SLUICE_PROGRAM"),
  );
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", 'exec "$@" >access.log 2>sluice.log', "sh", command.program, ...command.args],
    cwd: dir.path,
    clearEnv: true,
    env: sluiceEnvironment({ ADMIN_PORT: "off", LISTENER_WORKERS: "1" }),
    stdin: "null",
  }).spawn();
  try {
    const url = `http://127.0.0.1:${port}`;
    await until(() => ask(url).then(() => true, () => false), "it to listen");
    await askTimes(4, url);
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
  const lines = (await Deno.readTextFile(`${dir.path}/access.log`)).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, 5);
  const events = (await Deno.readTextFile(`${dir.path}/sluice.log`)).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(events.at(-1)!.event, "stopped");
});

Deno.test("a reader that stops reading the access log costs lines, not requests, and the process still ends", async () => {
  await using mocks = await MockGroup.start(1);
  const port = freePort();
  const command = sluiceCommand(
    ["--targets", mocks.urls, "--host", "127.0.0.1", "--port", String(port)],
    Deno.env.get("SLUICE_PROGRAM"),
  );
  const child = new Deno.Command(command.program, {
    args: command.args,
    clearEnv: true,
    env: sluiceEnvironment({ ADMIN_PORT: "off", LISTENER_WORKERS: "1" }),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const url = `http://127.0.0.1:${port}`;
    await until(() => ask(url).then(() => true, () => false), "it to listen");
    // More than a pipe holds.
    const answers = await askTimes(40, url, `/${"x".repeat(4000)}`);
    assert.deepEqual(tally(answers, ({ status }) => status), { 200: 40 });
    child.kill("SIGTERM");
    assert.equal((await within(child.status, "sluice to end")).code, 0);
  } finally {
    await child.stdout.cancel();
    await child.status;
  }
});
