import assert from "node:assert/strict";
import { ask, askTimes, Load, tally } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { MockGroup } from "../../support/mock_group.ts";
import { effectiveValues, untilTargetState } from "../../support/operator_view.ts";
import { until } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { answer, byPath, okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Writes a servers file for the mocks into the process' directory, and gives its path. */
async function serversFile(dir: string, ports: readonly number[]): Promise<string> {
  const servers = ports.map((port, i) => ({ id: i + 1, host: "127.0.0.1", port }));
  await Deno.writeTextFile(`${dir}/servers.json`, JSON.stringify(servers));
  return `${dir}/servers.json`;
}

Deno.test("E1 to E8, E15, E16, D2: servers file: a stopped mock is out and back within two intervals", async () => {
  await using mocks = await MockGroup.start(3);
  await using dir = await tempDir();
  const file = await serversFile(dir.path, mocks.ports);
  const port = freePort();
  await using sluice = await startSluice({
    args: ["--host", "127.0.0.1", "--port", String(port), "--interval", "1", "--config", file],
    env: { LISTENER_HOST: undefined, LISTENER_PORT: undefined, ACCESS_LOG: "false" },
  });
  assert.equal(sluice.url, `http://127.0.0.1:${port}`);
  assert.deepEqual(
    await effectiveValues(
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
  await untilTargetState(sluice, second, "unhealthy");
  // Counted in probes, a second apart: the second failure takes it out, the first success brings it back.
  const out = (await sluice.stats()).groups[0]!.targets[1]!;
  assert.ok(out.probes.failed <= 3, `out by the second failed probe, not the ${out.probes.failed}th`);
  const before = load.answers;
  await until(() => load.answers > before + 100, "load without it");
  await mocks.revive(1);
  const okBefore = (await sluice.stats()).groups[0]!.targets[1]!.probes.ok;
  await untilTargetState(sluice, second, "healthy", "unhealthy");
  const back = (await sluice.stats()).groups[0]!.targets[1]!;
  assert.ok(back.probes.ok <= okBefore + 2, `back by the first success, not after ${back.probes.ok - okBefore}`);
  await until(() => mocks.at(1).served > 20, "it to serve again");
  assert.deepEqual(await load.stop(), { 200: load.answers });
  assert.equal((await sluice.settled()).total.errors, 0);
});

Deno.test("D1, D3, D4, D6, D7, E9, E12: file servers with 404 on /health take turns; 503 if all are gone", async () => {
  const servers = await Promise.all(
    [1, 2, 3].map((n) => RecorderTarget.start(byPath({ "/health": answer(404) }, okay(`page of server ${n}`)))),
  );
  await using dir = await tempDir();
  try {
    const file = await serversFile(dir.path, servers.map(({ port }) => port));
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
    for (const address of addresses) await untilTargetState(sluice, address, "unhealthy");
    assert.equal((await ask(sluice.url)).status, 503);
    assert.equal((await sluice.settled()).reasons.no_target, 1);
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
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

Deno.test("A64, C2: without configuration it starts, responds 404 and logs how to configure it", async () => {
  await using sluice = await startSluice();
  const { status, body } = await ask(sluice.url, "/anything");
  assert.equal(status, 404);
  assert.equal(body, "");
  await sluice.waitForEvent(({ event }) => event === "nothing_configured");
  const told = sluice.events.filter(({ event }) => event === "nothing_configured");
  assert.equal(told.length, 1);
  for (const name of ["BACKEND_SERVERS", "TARGET_GROUP_1_TARGETS", "LISTENER_RULE_1_PATH_PREFIX", ".env"]) {
    assert.ok(String(told[0]!.message).includes(name), name);
  }
  assert.equal((await sluice.settled()).reasons.no_rule, 1);
});

Deno.test("A62: unconfigured in a checkout, three built-in mocks serve and the log says what to do", async () => {
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
    "TARGET_GROUP_1_* and --targets (BACKEND_SERVERS): Only one of the groups, the backend list and the servers file " +
      "can say what the targets are",
  );
  assert.equal(result.stdout, "");
  await assert.rejects(RawClient.connect(`http://127.0.0.1:${port}`));
});
