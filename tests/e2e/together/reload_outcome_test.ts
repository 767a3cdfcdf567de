/** What a reload came to: in the log by variable, in status, statistics, metrics and events of the dashboard. */
import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { MockGroup } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { runSluice, type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

type Variables = Record<string, string>;

const asText = (variables: Variables) =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}\n`).join("");

async function metrics(sluice: SluiceProcess): Promise<Record<string, number>> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const text = await (await fetch(`${sluice.adminUrl}/metrics`, { client })).text();
    const found = text.matchAll(/^(sluice_config_\w+) (\S+)$/gm);
    return Object.fromEntries([...found].map(([, name, value]) => [name!, Number(value)]));
  } finally {
    client.close();
  }
}

function group(targets: string): Variables {
  return {
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: targets,
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
    CONNECTION_TIMEOUT: "1s",
    CONNECT_TIMEOUT: "500ms",
    STICKY_SECRET: "the-first-secret-of-two",
  };
}

Deno.test("a reload names each variable that changed with its old and new value, and no secret", async () => {
  await using mocks = await MockGroup.start(2);
  const [one, two] = mocks.ports.map((port) => `127.0.0.1:${port}`);
  await using sluice = await startSluice({ envFileText: asText(group(`${one},${two}`)) });
  const lines = await sluice.reload(
    asText({
      ...group(one!),
      CONNECTION_TIMEOUT: "2s",
      STICKY_SECRET: "the-second-secret-of-two",
      LISTENER_RULE_2_PATH_PREFIX: "/more",
      LISTENER_RULE_2_TARGET_GROUP: "web",
      UPSTREAM_REUSE: "safe",
      ADMIN_TOKEN: "a-token-for-the-next-start",
    }),
  );
  const reloaded = lines.find(({ event }) => event === "reloaded")!;
  assert.deepEqual(
    (reloaded.changes as string[]).toSorted(),
    [
      "CONNECTION_TIMEOUT 1s -> 2s",
      "LISTENER_RULE_2_PATH_PREFIX unset -> /more",
      "LISTENER_RULE_2_TARGET_GROUP unset -> web",
      `TARGET_GROUP_1_TARGETS ${one},${two} -> ${one}`,
      "TARGET_GROUP_1_STICKY_SECRET *** -> ***",
    ].toSorted(),
  );
  assert.match(String(reloaded.message), /^Configuration reloaded: .*CONNECTION_TIMEOUT 1s -> 2s/);
  await until(() => sluice.events.filter(({ event }) => event === "restart_needed").length === 2, "both to be named");
  assert.deepEqual(
    sluice.events.filter(({ event }) => event === "restart_needed").map(({ message }) => message).toSorted(),
    [
      "ADMIN_TOKEN unset -> ***: takes effect at the next start",
      "UPSTREAM_REUSE always -> safe: takes effect at the next start",
    ],
  );
  assert.ok(!/secret-of-two|next-start/.test(sluice.stderr), sluice.stderr);
  const long = Array.from({ length: 50 }, (_, index) => `127.0.0.1:${index + 1}`);
  const more = await sluice.reload(asText({ ...group([one, ...long].join(",")), CONNECTION_TIMEOUT: "2s" }));
  const change = (more.find(({ event }) => event === "reloaded")!.changes as string[])
    .find((text) => text.startsWith("TARGET_GROUP_1_TARGETS"))!;
  assert.match(change, /^TARGET_GROUP_1_TARGETS added 127\.0\.0\.1:1, 127\.0\.0\.1:2, .* and 40 more$/);
});

Deno.test("status, statistics and metrics say when the last reload was and what it came to", async () => {
  await using mocks = await MockGroup.start(1);
  const variables = group(`127.0.0.1:${mocks.ports[0]}`);
  await using sluice = await startSluice({ envFileText: asText(variables) });
  const status = async () => (await runSluice(["status", "--admin", sluice.adminUrl])).stdout;
  const { startedAt, lastReload } = await sluice.stats();
  assert.equal(lastReload, null);
  const atStart = await metrics(sluice);
  assert.equal(atStart.sluice_config_last_reload_successful, 1);
  assert.equal(atStart.sluice_config_last_reload_timestamp_seconds, Date.parse(startedAt) / 1000);
  assert.doesNotMatch(await status(), /reload/i);

  await sluice.reload(asText({ ...variables, CONNECTION_TIMEOUT: "2s" }));
  const good = (await sluice.stats()).lastReload!;
  assert.deepEqual({ ...good, at: "" }, { at: "", successful: true, lines: ["CONNECTION_TIMEOUT 1s -> 2s"] });
  assert.match(await status(), /^Configuration reloaded \d+s ago: CONNECTION_TIMEOUT 1s -> 2s$/m);

  await sluice.reload(asText({ ...variables, CONNECTION_TIMEOUT: "soon", LISTENER_RULE_1_TARGET_GROUP: "wep" }));
  const bad = (await sluice.stats()).lastReload!;
  assert.equal(bad.successful, false);
  assert.ok(bad.lines.length === 2 && bad.lines.some((line) => line.includes('"soon"')), bad.lines.join("\n"));
  const after = await metrics(sluice);
  assert.equal(after.sluice_config_last_reload_successful, 0);
  assert.equal(after.sluice_config_last_reload_timestamp_seconds, Date.parse(bad.at) / 1000);
  assert.match(
    await status(),
    /^Reload REFUSED \d+s ago, the configuration before it stays in use: Cannot use "soon"/m,
  );

  await sluice.reload("");
  assert.match((await sluice.stats()).lastReload!.lines[0]!, /empty/);

  await sluice.reload(asText(variables));
  assert.equal((await metrics(sluice)).sluice_config_last_reload_successful, 1);
});

for (const workers of ["1", "2"]) {
  Deno.test(`a reload changes the log level, with ${workers} workers`, async () => {
    await using mocks = await MockGroup.start(1);
    const variables = group(`127.0.0.1:${mocks.ports[0]}`);
    await using sluice = await startSluice({ envFileText: asText(variables), env: { LISTENER_WORKERS: workers } });
    const traced = () => sluice.events.filter(({ event }) => event === "request_received").length;
    const generationOf = (lines: SluiceProcess["events"]) =>
      Number(lines.find(({ event }) => event === "reloaded")!.generation);
    const applied = async (generation: number) =>
      await until(
        async () => (await sluice.stats()).workers.every((worker) => worker.generation >= generation),
        "every worker to serve by the new configuration",
      );
    assert.equal((await ask(sluice.url)).status, 200);
    const louder = await sluice.reload(asText({ ...variables, LOG_LEVEL: "debug" }));
    await applied(generationOf(louder));
    assert.ok(!louder.some(({ event }) => event === "restart_needed"));
    assert.deepEqual(louder.find(({ event }) => event === "reloaded")!.changes, ["LOG_LEVEL info -> debug"]);
    assert.equal(traced(), 0);
    assert.equal((await ask(sluice.url)).status, 200);
    await until(() => traced() === 1, "the request to be told");
    await until(() => sluice.events.some(({ event }) => event === "target_selected"), "the choice to be told");

    const calm = await sluice.reload(asText(variables));
    await applied(generationOf(calm));
    for (let i = 0; i < 4; i++) assert.equal((await ask(sluice.url)).status, 200);
    await sluice.reload(asText({ ...variables, CONNECTION_TIMEOUT: "3s" }));
    assert.equal(traced(), 1);
  });
}

Deno.test("a listener on every address says so when it starts", async () => {
  for (const [host, shown] of [["0.0.0.0", "0.0.0.0"], ["::", "[::]"]] as const) {
    await using sluice = await startSluice({
      env: {
        BACKEND_SERVERS: "127.0.0.1:9",
        LISTENER_HOST: host,
        ADMIN_HOST: host,
        ADMIN_TOKEN: "a-long-enough-token",
      },
    });
    const find = (name: string) => sluice.events.find(({ event }) => event === name)!;
    const port = new URL(String(find("listening").url)).port;
    assert.equal(
      find("listening").message,
      `Listening on ${shown}:${port}, every address of this machine; from here http://127.0.0.1:${port}`,
    );
    assert.equal(find("listening").address, `${shown}:${port}`);
    assert.match(
      String(find("admin_listening").message),
      /^Admin listener on (0\.0\.0\.0|\[::\]):\d+, every address of this machine; from here http:\/\/127\.0\.0\.1:\d+$/,
    );
  }
});
