import assert from "node:assert/strict";
import { ask, askTimes, tally } from "../support/ask.ts";
import { BY_FETCH, WIRE_ENGINE } from "../support/engine.ts";
import { freePort } from "../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until, within } from "../support/poll.ts";
import { RawClient } from "../support/raw_client.ts";
import { answer, hang } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { startSluice } from "../support/sluice_process.ts";
import { sluiceCommand, sluiceEnvironment } from "../support/sluice_program.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("C22: the log's first lines have address, targets and algorithm, and its last line the end", async () => {
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

Deno.test("C22, D8, E13: an access line has client, rule, group, target, times, bytes, and any reason", async () => {
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
    // As it is sent: fetch encodes more than sluice does.
    path: BY_FETCH ? "/a?b=%22%3Cx%3E" : '/a?b="<x>',
    host: "front.test",
    protocol: WIRE_ENGINE ? "HTTP/1.1" : null,
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

Deno.test("levels: warn hides information, and ACCESS_LOG=false writes no line for a request", async () => {
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
      /^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1 "(?:[A-Z]+|-) [^"]*" (HTTP\/[\d.]+ )?\d{3} .*rule=(1|-) group=("web"|-)/,
    );
    assert.match(line, / target=\S+ attempts=\d connect=\S+ ttfb=\S+ total=[\d.]+ms in=\d+ out=\d+ id="[^"]*"$/);
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

Deno.test("a reader that stops reading the access log costs lines, not requests, nor the end", async () => {
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
