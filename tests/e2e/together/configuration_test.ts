import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { RawClient } from "../../support/raw_client.ts";
import { runSluice, type SluiceProcess, startSluice } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function setting(sluice: SluiceProcess, name: string): Promise<{ value: string; origin: string }> {
  const { settings } = await sluice.adminJson("/config");
  return settings.find((each: { name: string }) => each.name === name);
}

/** Runs with a configuration that must not start; gives its lines. */
async function refused(
  env: Record<string, string | undefined>,
  args: readonly string[] = [],
  envFileText?: string,
): Promise<string[]> {
  const result = await runSluice(args, env, { envFileText });
  assert.equal(result.code, 2, result.stderr);
  assert.equal(result.stdout, "");
  return result.stderr.trimEnd().split("\n");
}

Deno.test("twenty mistakes in one environment give twenty lines and exit code 2, and nothing listens", async () => {
  const port = freePort();
  const lines = await refused({
    LISTENER_HOST: "127.0.0.1",
    LISTENER_PORT: String(port),
    LISTENER_WORKERS: "many",
    LISTENER_PROT: "80",
    CONNECTION_TIMEOUT: "0",
    HEADER_CONVENTION_ENABLE: "yes",
    TRUSTED_PROXIES: "10.0.0.0/33",
    ERROR_BODY: "xml",
    STATS_PATH: "stats",
    ADMIN_HOST: "0.0.0.0",
    DNS_SERVER: "ns.example",
    LOG_LEVEL: "loud",
    LOAD_BALANCING_ALGORITHM: "LEAST_CONECTIONS",
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: "a.example:70000,c.example",
    TARGET_GROUP_1_ALGORITHM: "WEIGHTED",
    TARGET_GROUP_1_HEALTH_CHECK_MATCHER: "2xx",
    TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD: "0",
    TARGET_GROUP_1_HEALTHCHECK_PATH: "/up",
    TARGET_GROUP_2_NAME: "web",
    LISTENER_RULE_1_PATH_PREFIX: "api",
    LISTENER_RULE_1_TARGET_GROUP: "wep",
    LISTENER_RULE_2_HOST: "a:1",
    LISTENER_RULE_2_PATH_REWRITE: "nor this",
  });
  assert.ok(lines.length >= 20, lines.join("\n"));
  assert.deepEqual(lines, [...new Set(lines)]);
  for (const line of lines) {
    assert.match(line, /^([A-Z][A-Z0-9_]+: ["A-Z]|Cannot use ").*[^.]$/, `a whole message a line: ${line}`);
  }
  const expected: readonly RegExp[] = [
    /^Cannot use "many" as LISTENER_WORKERS: it must be /,
    /^LISTENER_PROT: There is no such variable; did you mean LISTENER_PORT\?$/,
    /^Cannot use "0" as CONNECTION_TIMEOUT/,
    /^Cannot use "yes" as HEADER_CONVENTION_ENABLE: it must be true, false, 1 or 0$/,
    /^Cannot use "10.0.0.0\/33" as TRUSTED_PROXIES/,
    /^Cannot use "xml" as ERROR_BODY: it must be one of empty, json, text$/,
    /^Cannot use "stats" as STATS_PATH/,
    /^ADMIN_TOKEN: Must be set/,
    /^Cannot use "ns.example" as DNS_SERVER/,
    /^Cannot use "loud" as LOG_LEVEL/,
    /^Cannot use "LEAST_CONECTIONS" as LOAD_BALANCING_ALGORITHM: it must be .*did you mean LEAST_CONNECTIONS\?$/,
    /^Cannot use "a.example:70000" as TARGET_GROUP_1_TARGETS: .*port from 1 to 65535$/,
    /TARGET_GROUP_1_WEIGHTS: .*c\.example/,
    /^Cannot use "2xx" as TARGET_GROUP_1_HEALTH_CHECK_MATCHER/,
    /^Cannot use "0" as TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD/,
    /^TARGET_GROUP_1_HEALTHCHECK_PATH: There is no such variable; did you mean TARGET_GROUP_1_HEALTH_CHECK_PATH\?$/,
    /^TARGET_GROUP_2_NAME: "web" is the name of group 1 too$/,
    /^TARGET_GROUP_2_TARGETS: Group "web" names no target$/,
    /^Cannot use "api" as LISTENER_RULE_1_PATH_PREFIX: it must be a path that begins with "\/"$/,
    /^LISTENER_RULE_1_TARGET_GROUP: No group is called "wep"/,
    /^Cannot use "a:1" as LISTENER_RULE_2_HOST: it must be hosts without a port/,
    /LISTENER_RULE_2_PATH_REWRITE/,
    /^LISTENER_RULE_2_TARGET_GROUP: The rule names no target group/,
  ];
  for (const line of expected) assert.ok(lines.some((each) => line.test(each)), `${line} in\n${lines.join("\n")}`);
  await assert.rejects(RawClient.connect(`http://127.0.0.1:${port}`), "nothing listens");
});

Deno.test("A21: a missing weight under WEIGHTED ends the start, and names the target", async () => {
  const [line, ...others] = await refused(groupEnvironment("127.0.0.1:1,127.0.0.1:2", {
    TARGET_GROUP_1_ALGORITHM: "WEIGHTED",
    TARGET_GROUP_1_WEIGHTS: "127.0.0.1:1:5",
  }));
  assert.match(line!, /^TARGET_GROUP_1_WEIGHTS: .*127\.0\.0\.1:2/);
  assert.deepEqual(others, []);
});

Deno.test("a file that was asked for and is not there is an error, a .env that is not there is none", async () => {
  const env = groupEnvironment("127.0.0.1:1");
  assert.match((await refused(env, ["--env-file", "nowhere.env"])).join(), /^nowhere\.env: .*there is no such file$/);
  assert.match((await refused({}, ["--config", "nowhere.json"])).join(), /^nowhere\.json: .*there is no such file$/);
});

Deno.test("a servers file's mistakes are named by their place in it", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/servers.json`;
  await Deno.writeTextFile(
    file,
    '[{"id":1,"host":"127.0.0.1","prt":8001},{"host":"b","port":"80"},{"host":"c","port":0}]',
  );
  const lines = await refused({}, ["--config", file]);
  assert.deepEqual(lines.map((line) => line.replaceAll(file, "FILE")), [
    "FILE: $[0].port: Missing: it must be a whole number from 1 to 65535",
    'FILE: $[0].prt: There is no such key; did you mean "port"?',
    'Cannot use "80" as FILE: $[1].port: it must be a whole number from 1 to 65535',
    'Cannot use "0" as FILE: $[2].port: it must be a whole number from 1 to 65535',
  ]);
});

Deno.test("words of the command line that make no sense are told on stderr, with exit code 2", async () => {
  for (const args of [["--prot", "80"], ["serv"], ["--port"], ["--port", "eighty"], ["--interval", ""]]) {
    const result = await runSluice(args, {});
    assert.equal(result.code, 2, args.join(" "));
    assert.notEqual(result.stderr.trim(), "", args.join(" "));
    assert.equal(result.stdout, "");
  }
});

Deno.test("A1, C24: .env comes from the working directory; flags win over the environment, that over it", async () => {
  await using mocks = await MockGroup.start(2);
  const [one, two] = mocks.urls.split(",");
  const envFileText = [
    "# comment",
    `BACKEND_SERVERS=${one}`,
    'export ALGORITHM="least_connections"',
    "CONNECTION_TIMEOUT=1s   # a second",
    "STATS_PATH='/from/file'",
    "HEALTH_CHECK_INTERVAL=7000",
    "HEALTH_CHECK_TIMEOUT=1234",
  ].join("\n");
  await using sluice = await startSluice({
    envFileText,
    args: ["--targets", two!, "--interval", "3"],
    env: { BACKEND_SERVERS: "http://127.0.0.1:1", CONNECTION_TIMEOUT: "2500", HEALTH_CHECK_INTERVAL: "5s" },
  });
  assert.equal((await ask(sluice.url)).servedBy, mocks.at(1).name);
  const origins: Record<string, readonly [value: string, origin: RegExp]> = {
    HEALTH_CHECK_INTERVAL: ["3s", /^flag --interval/],
    CONNECTION_TIMEOUT: ["2500ms", /^environment$/],
    LOAD_BALANCING_ALGORITHM: ["LEAST_CONNECTIONS", /\.env:3 \(ALGORITHM\)$/],
    STATS_PATH: ["/from/file", /\.env:5$/],
    HEALTH_CHECK_TIMEOUT: ["1234ms", /\.env:7$/],
    EJECTION_ENABLED: ["true", /^default of the backend list$/],
    RETRY_ATTEMPTS: ["1", /^default$/],
  };
  for (const [name, [value, origin]] of Object.entries(origins)) {
    const shown = await setting(sluice, name);
    assert.equal(shown.value, value, name);
    assert.match(shown.origin, origin, `${name}: ${shown.origin}`);
  }
  assert.equal((await ask(sluice.url, "/from/file")).status, 200);
});

Deno.test("--env-file reads another file instead of .env", async () => {
  await using mocks = await MockGroup.start(1);
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/other.env`, `BACKEND_SERVERS=${mocks.urls}\n`);
  await using sluice = await startSluice({
    envFileText: "LISTENER_WORKERS=nonsense\n",
    args: ["serve", "--env-file", `${dir.path}/other.env`],
  });
  assert.equal((await ask(sluice.url)).servedBy, mocks.at(0).name);
});

Deno.test("the long name wins over its alias, and HOST counts with a backend list only", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, { ALGORITHM: "HASH", PORT: "1", HOST: "no such host at all", LOGLEVEL: "ERROR" }),
    envFileText: "LOAD_BALANCING_ALGORITHM=LRT\nLOG_LEVEL=info\n",
  });
  assert.equal((await sluice.stats()).groups[0]!.algorithm, "LRT");
  assert.equal((await ask(sluice.url)).status, 200);
});

Deno.test("what Kubernetes' service links inject is passed over with a warning, and it serves", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, {
      LISTENER_SERVICE_HOST: "10.0.0.7",
      LISTENER_PORT_80_TCP: "tcp://10.0.0.7:80",
      ADMIN_PORT: "tcp://10.0.0.7:80",
    }),
    ready: ["listening", "admin_listening"],
  });
  assert.equal((await ask(sluice.url)).status, 200);
  const warned = sluice.events.filter(({ event }) => event === "config_warning").map(({ subject }) => subject);
  for (const name of ["LISTENER_SERVICE_HOST", "LISTENER_PORT_80_TCP", "ADMIN_PORT"]) {
    assert.ok(warned.includes(name), name);
  }
});

Deno.test("A23 to A27, A38: a group's checks have the documented defaults, and short intervals warn", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { HEADER_CONVENTION_ENABLE: "FALSE" }) });
  const defaults = {
    CONNECTION_TIMEOUT: "5s",
    HEADER_CONVENTION_ENABLE: "false",
    TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "false",
    TARGET_GROUP_1_HEALTH_CHECK_PATH: "/health",
    TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "30s",
    TARGET_GROUP_1_HEALTH_CHECK_TIMEOUT: "5s",
    TARGET_GROUP_1_HEALTH_CHECK_SUCCEED_THRESHOLD: "2",
    TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD: "2",
    TARGET_GROUP_1_HEALTH_CHECK_MATCHER: "200",
    TARGET_GROUP_1_EJECTION_ENABLED: "false",
  };
  for (const [name, value] of Object.entries(defaults)) assert.equal((await setting(sluice, name)).value, value, name);
  await using hasty = await startSluice({
    env: groupEnvironment(mocks.list, { HEALTH_CHECK_ENABLED: "true", HEALTH_CHECK_INTERVAL: "30" }),
  });
  const warning = hasty.events.find(({ event }) => event === "config_warning");
  assert.match(
    String(warning?.message),
    /HEALTH_CHECK_INTERVAL: "30" is milliseconds; write "30s" if you mean seconds/,
  );
});
