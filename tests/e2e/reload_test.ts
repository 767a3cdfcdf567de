import assert from "node:assert/strict";
import type { Decision } from "../../src/views/decision.ts";
import { ask, askOn, Load } from "../support/ask.ts";
import { MockGroup } from "../support/mock_group.ts";
import { pause, until } from "../support/poll.ts";
import { header } from "../support/raw_message.ts";
import { RawClient } from "../support/raw_client.ts";
import { okay } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";

/** Reloads under load: few in the gate, as many as this variable says by hand. */
const RELOADS = Number(Deno.env.get("SLUICE_TEST_RELOADS") ?? 20);

const asText = (variables: Record<string, string>) =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}\n`).join("");

/** Starts with everything in `.env`, so that all of it can change. */
async function startWith(variables: Record<string, string>, env: Record<string, string> = {}): Promise<SluiceProcess> {
  return await startSluice({ envFileText: asText(variables), env });
}

Deno.test(`${RELOADS} reloads under load that change rules and targets fail no request, cut nothing`, async () => {
  await using mocks = await MockGroup.start(3);
  await using download = await RecorderTarget.start(async (turn) => {
    await turn.body();
    await turn.socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (!finish) {
      await turn.socket.send("4\r\ntick\r\n");
      await pause(20);
    }
    await turn.socket.send("3\r\nend\r\n0\r\n\r\n");
  });
  let finish = false;
  const address = (index: number) => `127.0.0.1:${mocks.ports[index]}`;
  const base = {
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: `${address(0)},${address(1)}`,
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
    TARGET_GROUP_2_NAME: "download",
    TARGET_GROUP_2_TARGETS: download.address,
    LISTENER_RULE_2_PATH_PREFIX: "/download",
    LISTENER_RULE_2_TARGET_GROUP: "download",
    ACCESS_LOG: "false",
  };
  /** What the n-th reload says: targets, weights, rules, rewrites and whole groups come and go. */
  const version = (n: number): Record<string, string> => ({
    ...base,
    TARGET_GROUP_1_TARGETS: [address(0), ...(n % 2 === 0 ? [address(1)] : []), ...(n % 3 === 0 ? [address(2)] : [])]
      .join(),
    TARGET_GROUP_1_ALGORITHM: ["ROUND_ROBIN", "LEAST_CONNECTIONS", "HASH"][n % 3]!,
    ...(n % 2 === 0 ? {} : {
      TARGET_GROUP_3_NAME: `extra-${n}`,
      TARGET_GROUP_3_TARGETS: address(2),
      LISTENER_RULE_3_PATH_PREFIX: `/extra/${n}`,
      LISTENER_RULE_3_TARGET_GROUP: `extra-${n}`,
    }),
    ...(n % 4 === 0 ? { LISTENER_RULE_1_PATH_REWRITE: "/old" } : {}),
  });

  await using sluice = await startWith(base, { LISTENER_WORKERS: "2" });
  await using open = await RawClient.connect(sluice.url);
  await open.send("GET /download HTTP/1.1\r\nHost: x\r\n\r\n");
  const body = open.response();
  await until(() => download.requests.length === 1, "the download to begin");
  const socket = new WebSocket(`${sluice.url.replace("http", "ws")}/echo`);
  const echoes: string[] = [];
  let closed = false;
  socket.onmessage = ({ data }) => echoes.push(data);
  socket.onclose = () => closed = true;
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("The WebSocket could not be opened"));
  });

  const load = new Load(sluice.url, 64, "/old/thing");
  let slowestMs = 0;
  for (let n = 1; n <= RELOADS; n++) {
    const before = load.answers;
    const lines = await sluice.reload(asText(version(n)));
    assert.ok(lines.some(({ event }) => event === "reloaded"), sluice.stderr);
    const reloadedMs = performance.now();
    const generation = Number(lines.find(({ event }) => event === "reloaded")!.generation);
    await until(
      async () => (await sluice.stats()).workers.every((worker) => worker.generation >= generation),
      `every worker to serve by generation ${generation}`,
      { everyMs: 2 },
    );
    slowestMs = Math.max(slowestMs, performance.now() - reloadedMs);
    await until(() => load.answers >= before + 20, "requests by the new snapshot");
  }
  const outcomes = await load.stop();
  if (RELOADS > 20) console.log(`${RELOADS} reloads: ${JSON.stringify(outcomes)}, slowest ${Math.round(slowestMs)} ms`);
  assert.deepEqual(Object.keys(outcomes), ["200"]);

  socket.send("still here");
  await until(() => echoes.some((text) => text.includes("still here")), "the WebSocket to answer");
  assert.equal(closed, false);
  socket.close();
  await until(() => closed, "the WebSocket to close");
  finish = true;
  const { body: bytes } = await body;
  assert.ok(new TextDecoder().decode(bytes).endsWith("end"), "the download came whole");
  await sluice.settled();
});

Deno.test("a reload keeps health, latency and counters of targets that stay, and drains those that go", async () => {
  await using mocks = await MockGroup.start(3);
  const [stays, sick, goes] = mocks.ports.map((port) => `127.0.0.1:${port}`);
  await mocks.kill(1);
  const variables = {
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: `${stays},${sick},${goes}`,
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
    HEALTH_CHECK_ENABLED: "true",
    HEALTH_CHECK_INTERVAL: "50ms",
    HEALTH_CHECK_FAILURE_THRESHOLD: "1",
  };
  await using sluice = await startWith(variables, { LISTENER_WORKERS: "2" });
  const target = async (address: string) =>
    (await sluice.stats()).groups[0]!.targets.find((found) => found.address === address);
  await until(async () => (await target(sick!))?.state === "unhealthy", "the sick target to be found out");
  for (let i = 0; i < 10; i++) assert.equal((await ask(sluice.url)).status, 200);
  await sluice.settled();
  const before = (await target(stays!))!;
  assert.equal(before.requests, 5);

  const lines = await sluice.reload(asText({ ...variables, TARGET_GROUP_1_TARGETS: `${stays},${sick}` }));
  const said = String(lines.find(({ event }) => event === "reloaded")!.message);
  assert.match(said, new RegExp(`TARGET_GROUP_1_TARGETS ${stays},${sick},${goes} -> ${stays},${sick}$`));
  const after = (await target(stays!))!;
  assert.equal(after.requests, 5);
  assert.deepEqual(after.ttfb, before.ttfb);
  assert.equal((await target(sick!))!.state, "unhealthy");
  assert.ok(lines.some(({ event, target, to }) => event === "target_state" && target === goes && to === "draining"));
  assert.ok(!lines.some(({ event, target }) => event === "target_state" && target !== goes));
  for (let i = 0; i < 4; i++) assert.equal((await ask(sluice.url)).servedBy, `mock-${mocks.ports[0]}`);
});

Deno.test("a sticky client stays with its target over a reload, on its connection and on a new one", async () => {
  await using mocks = await MockGroup.start(3);
  const variables = {
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: mocks.list,
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
    LOAD_BALANCING_ALGORITHM: "STICKY",
  };
  await using sluice = await startWith(variables, { LISTENER_WORKERS: "2" });
  await using client = await RawClient.connect(sluice.url);
  const first = await askOn(client);
  const cookie = `Cookie: ${header(first.response, "set-cookie")!.split(";")[0]}`;
  await sluice.reload(
    asText({ ...variables, LISTENER_RULE_2_PATH_PREFIX: "/more", LISTENER_RULE_2_TARGET_GROUP: "web" }),
  );
  for (let i = 0; i < 4; i++) {
    assert.equal((await askOn(client, "/", { headers: [cookie] })).servedBy, first.servedBy);
    assert.equal((await ask(sluice.url, "/more", { headers: [cookie] })).servedBy, first.servedBy);
  }
});

for (const workers of ["1", "2"]) {
  Deno.test(`decisions made before a reload show their own algorithm, with ${workers} workers`, async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => release = resolve);
    await using target = await RecorderTarget.start(async (turn) => {
      if (turn.path === "/held") await released;
      await okay()(turn);
    });
    const variables = {
      TARGET_GROUP_1_NAME: "web",
      TARGET_GROUP_1_TARGETS: target.address,
      TARGET_GROUP_1_WEIGHTS: `${target.address}:3`,
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "web",
    };
    await using sluice = await startWith(variables, { LISTENER_WORKERS: workers });
    await using client = await RawClient.connect(sluice.url);
    await client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => target.requests.length === 1, "the request to reach the target");
    await sluice.reload(asText({ ...variables, LOAD_BALANCING_ALGORITHM: "WEIGHTED" }));
    assert.equal((await ask(sluice.url, "/after")).status, 200);
    release();
    assert.equal((await client.response()).status, 200);
    await sluice.settled();
    const { decisions } = await sluice.adminJson("/decisions") as { decisions: Decision[] };
    assert.deepEqual(
      decisions.map(({ path, algorithm, candidates }) => [path, algorithm, candidates[0]?.score]).toSorted(),
      [["/after", "WEIGHTED", "1 of 1 turns"], ["/held", "ROUND_ROBIN", "turn 0"]],
    );
    assert.deepEqual(sluice.events.filter(({ level }) => level === "error"), []);
  });
}

Deno.test("a reload with mistakes changes nothing; one that needs a restart applies the rest", async (t) => {
  await using mocks = await MockGroup.start(2);
  const variables = {
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: `127.0.0.1:${mocks.ports[0]}`,
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
  };
  await using sluice = await startWith(variables);
  await t.step("mistakes", async () => {
    const { generation } = await sluice.stats();
    const lines = await sluice.reload(asText({
      ...variables,
      TARGET_GROUP_1_TARGETS: "127.0.0.1:99999",
      LISTENER_RULE_1_TARGET_GROUP: "wep",
    }));
    const problems = lines.filter(({ event }) => event === "reload_problem").map(({ message }) => String(message));
    assert.equal(problems.length, 2, problems.join("\n"));
    assert.ok(problems.some((text) => text.includes("99999")));
    assert.ok(problems.some((text) => text.includes('"wep"')));
    assert.ok(lines.some(({ event }) => event === "reload_refused"));
    assert.equal((await sluice.stats()).generation, generation);
    assert.equal((await ask(sluice.url)).servedBy, `mock-${mocks.ports[0]}`);
  });
  await t.step("nothing is configured at all, as in a file that is just being written", async () => {
    const { generation } = await sluice.stats();
    const lines = await sluice.reload(asText({}));
    assert.ok(lines.some(({ event }) => event === "reload_refused"));
    assert.equal((await sluice.stats()).generation, generation);
    assert.equal((await ask(sluice.url)).servedBy, `mock-${mocks.ports[0]}`);
  });
  await t.step("a restart is needed", async () => {
    const lines = await sluice.reload(asText({
      ...variables,
      TARGET_GROUP_1_TARGETS: `127.0.0.1:${mocks.ports[1]}`,
      LISTENER_TAKEOVER: "true",
      LOG_FORMAT: "json",
    }));
    await until(
      () => sluice.events.filter(({ event }) => event === "restart_needed").length === 2,
      () => `two settings to be named:\n${sluice.stderr}`,
    );
    assert.deepEqual(
      sluice.events.filter(({ event }) => event === "restart_needed").map(({ variable }) => variable),
      ["LISTENER_TAKEOVER", "LOG_FORMAT"],
    );
    assert.ok(lines.some(({ event }) => event === "reloaded"));
    assert.equal((await ask(sluice.url)).servedBy, `mock-${mocks.ports[1]}`);
    const { settings } = await sluice.adminJson("/config") as { settings: { name: string; value: string }[] };
    const value = (name: string) => settings.find((setting) => setting.name === name)?.value;
    assert.equal(value("LISTENER_TAKEOVER"), "false", "/config says what is in effect");
    assert.equal(value("TARGET_GROUP_1_TARGETS"), `127.0.0.1:${mocks.ports[1]}`);
  });
  await t.step("nothing changed", async () => {
    const lines = await sluice.reload(asText({ ...variables, TARGET_GROUP_1_TARGETS: `127.0.0.1:${mocks.ports[1]}` }));
    assert.match(String(lines.find(({ event }) => event === "reloaded")!.message), /nothing changed/);
  });
});
