import assert from "node:assert/strict";
import { prefixRule } from "../../../src/config/rule.ts";
import { configOf, messages, MINIMAL, parseEnvironment, parseWith } from "./parse_with.ts";

function serversFile(text: string) {
  return parseWith({ configFile: { path: "servers.json", text } });
}

Deno.test("C2 C4 C24: BACKEND_SERVERS alone makes one group and one rule, with the backend list's defaults", () => {
  const config = configOf(parseEnvironment({ BACKEND_SERVERS: "http://localhost:5001,http://localhost:5002/" }));
  assert.equal(config.door, "backend_list");
  assert.deepEqual(config.rules, [prefixRule(1, { prefix: "/", group: "backends" })]);
  const group = config.groups[0]!;
  assert.equal(group.name, "backends");
  assert.deepEqual(group.entries.map((entry) => [entry.host, entry.port, entry.base, entry.weight]), [
    ["localhost", 5001, "", 1],
    ["localhost", 5002, "", 1],
  ]);
  assert.equal(config.listener.port, 8080);
});

Deno.test("C11 C14 C18 C19: the backend list checks /health every 5 s, ejects at once, and has its stats", () => {
  const { groups, listener } = configOf(parseEnvironment({ BACKEND_SERVERS: "a.example" }));
  assert.deepEqual(groups[0]!.healthCheck, {
    enabled: true,
    path: "/health",
    intervalMs: 5000,
    timeoutMs: 2000,
    succeedThreshold: 1,
    failureThreshold: 1,
    matcher: [{ from: 200, to: 499 }],
    host: null,
    port: null,
  });
  assert.deepEqual(groups[0]!.ejection, { enabled: true, failures: 1, timeMs: 10_000 });
  assert.equal(listener.connectionTimeoutMs, 10_000);
  assert.equal(listener.statsPath, "/lb/stats");
});

Deno.test("C1 C3 C4 C5 D9: PORT, HOST, ALGORITHM and LOGLEVEL are read beside a backend list", () => {
  const config = configOf(parseEnvironment({
    BACKEND_SERVERS: "a.example",
    PORT: "9090",
    HOST: "127.0.0.1",
    ALGORITHM: "least_response_time",
    LOGLEVEL: "DEBUG",
  }));
  assert.equal(config.listener.port, 9090);
  assert.equal(config.listener.host, "127.0.0.1");
  assert.equal(config.groups[0]!.algorithm, "LRT");
  assert.equal(config.logging.level, "debug");
});

Deno.test("HOST, which some shells set, is not read beside groups, servers file or nothing", () => {
  const withHost = { environment: { HOST: "buildhost", PORT: "81" } };
  for (
    const result of [
      parseWith(withHost),
      parseEnvironment({ ...MINIMAL, ...withHost.environment }),
      parseWith({ ...withHost, configFile: { path: "s.json", text: '[{"host":"a","port":1}]' } }),
    ]
  ) {
    const { listener } = configOf(result);
    assert.equal(listener.host, "0.0.0.0");
    assert.equal(listener.port, 81);
  }
});

Deno.test("the long name wins over its alias, also from a weaker source", () => {
  const { listener } = configOf(parseWith({
    environment: { PORT: "1" },
    envFile: { path: ".env", text: "LISTENER_PORT=2" },
  }));
  assert.equal(listener.port, 2);
});

Deno.test("BACKEND_WEIGHTS weigh the list, with 1 as default, under WEIGHTED too", () => {
  const { groups } = configOf(parseEnvironment({
    BACKEND_SERVERS: "a.example:1,b.example:2",
    BACKEND_WEIGHTS: "b.example:2:5",
    ALGORITHM: "WEIGHTED",
  }));
  assert.deepEqual(groups[0]!.entries.map((entry) => entry.weight), [1, 5]);
});

Deno.test("BACKEND_WEIGHTS without a backend list are a warning", () => {
  const { warnings } = parseEnvironment({ ...MINIMAL, BACKEND_WEIGHTS: "a:1" });
  assert.deepEqual(messages(warnings), ["BACKEND_WEIGHTS: Has no effect without BACKEND_SERVERS"]);
});

Deno.test("STATS_PATH=off takes the stats of a backend list off the listener", () => {
  const { listener } = configOf(parseEnvironment({ BACKEND_SERVERS: "a.example", STATS_PATH: "off" }));
  assert.equal(listener.statsPath, null);
});

Deno.test("E5 E7 E8: a servers file is one group, checked on / every 5 s, out after 2, in after 1", () => {
  const config = configOf(serversFile('[{"id":1,"host":"127.0.0.1","port":8001},{"id":2,"host":"::1","port":8002}]'));
  assert.equal(config.door, "servers_file");
  assert.equal(config.groups[0]!.name, "servers");
  assert.deepEqual(config.rules, [prefixRule(1, { prefix: "/", group: "servers" })]);
  assert.deepEqual(config.groups[0]!.entries, [
    { scheme: "http", host: "127.0.0.1", port: 8001, base: "", weight: 1 },
    { scheme: "http", host: "::1", port: 8002, base: "", weight: 1 },
  ]);
  assert.deepEqual(config.groups[0]!.healthCheck, {
    enabled: true,
    path: "/",
    intervalMs: 5000,
    timeoutMs: 5000,
    succeedThreshold: 1,
    failureThreshold: 2,
    matcher: [{ from: 200, to: 399 }],
    host: null,
    port: null,
  });
  assert.equal(config.groups[0]!.ejection.enabled, false);
});

Deno.test("a server of the file may have a weight and a base", () => {
  const { groups } = configOf(serversFile('[{"host":"A.example","port":80,"weight":3,"base":"/v1/"}]'));
  assert.deepEqual(groups[0]!.entries, [{ scheme: "http", host: "a.example", port: 80, base: "/v1", weight: 3 }]);
});

Deno.test("every problem of a servers file is told by its place, at once", () => {
  const { problems, config } = serversFile(`[
    {"id":1,"host":"127.0.0.1","port":"8001"},
    {"id":2,"host":"http://a","prt":8002},
    {"id":3,"host":"a.example","port":70000,"weight":0,"base":"v1"},
    "127.0.0.1:80"
  ]`);
  assert.equal(config, null);
  assert.deepEqual(messages(problems), [
    'Cannot use "8001" as servers.json: $[0].port: it must be a whole number from 1 to 65535',
    'Cannot use "http://a" as servers.json: $[1].host: it must be a host name, an IPv4 or an IPv6 address',
    "servers.json: $[1].port: Missing: it must be a whole number from 1 to 65535",
    'servers.json: $[1].prt: There is no such key; did you mean "port"?',
    'Cannot use "70000" as servers.json: $[2].port: it must be a whole number from 1 to 65535',
    'Cannot use "0" as servers.json: $[2].weight: it must be a whole number from 1 to 100000',
    'Cannot use "v1" as servers.json: $[2].base: it must be a path that begins with "/", without "?", "#", "\\", dot ' +
    "segments, spaces, control or non-ASCII characters",
    'Cannot use "127.0.0.1:80" as servers.json: $[3]: it must be {"id": 1, "host": "127.0.0.1", "port": 8001}',
  ]);
});

Deno.test("a servers file that is no JSON, no list, empty or not there is one line", () => {
  for (const text of ["{", "", "{}", "[]", "null", '"a\nb"']) {
    const { problems, config } = serversFile(text);
    assert.equal(config, null);
    assert.equal(problems.length, 1, text);
    assert.match(problems[0]!.message, /servers\.json/);
    assert.ok(!problems[0]!.message.includes("\n"));
  }
  const missing = parseWith({ configFile: { path: "servers.json", error: "no such file" } });
  assert.deepEqual(messages(missing.problems), ["servers.json: Cannot read the file of --config: no such file"]);
});

Deno.test("a server that stands twice, or an id, is an error", () => {
  const { problems } = serversFile('[{"id":1,"host":"a","port":1},{"id":1,"host":"A","port":1}]');
  assert.deepEqual(messages(problems), [
    'servers.json: $[1]: "a:1" is already at servers.json: $[0]',
    'servers.json: $[1].id: "1" is already at $[0].id',
  ]);
});

Deno.test("E1 E2 E15: --host, --port and --interval in seconds go before everything else", () => {
  const config = configOf(parseWith({
    flags: { host: "0.0.0.0", port: "8080", interval: "15" },
    environment: { LISTENER_HOST: "127.0.0.1", LISTENER_PORT: "1", HEALTH_CHECK_INTERVAL: "60000" },
    configFile: { path: "my_servers.json", text: '[{"id":1,"host":"127.0.0.1","port":8001}]' },
  }));
  assert.equal(config.listener.host, "0.0.0.0");
  assert.equal(config.listener.port, 8080);
  assert.equal(config.groups[0]!.healthCheck.intervalMs, 15_000);
});

Deno.test("D2: an --interval below 1 second is raised to 1, with a warning", () => {
  for (const interval of ["0", "0.2", "-3"]) {
    const result = parseWith({ flags: { interval, targets: "a.example" } });
    assert.equal(configOf(result).groups[0]!.healthCheck.intervalMs, 1000);
    assert.ok(
      messages(result.warnings).includes(
        `--interval: Raised "${interval}" to 1 second, the minimum`,
      ),
    );
  }
});

Deno.test("--interval takes a unit as every duration does", () => {
  for (const [interval, ms] of [["500ms", 500], ["2m", 120_000], ["1.5", 1500], ["20", 20_000]] as const) {
    const config = configOf(parseWith({ flags: { interval, targets: "a.example" } }));
    assert.equal(config.groups[0]!.healthCheck.intervalMs, ms);
  }
});

Deno.test("--targets and --algorithm make a backend list", () => {
  const config = configOf(parseWith({ flags: { targets: "a.example,b.example", algorithm: "hash" } }));
  assert.equal(config.door, "backend_list");
  assert.equal(config.groups[0]!.algorithm, "HASH");
});

Deno.test("a wrong or empty flag is named as it was typed", () => {
  const { problems } = parseWith({ flags: { port: "abc", host: "", interval: "soon" } });
  assert.deepEqual(messages(problems).slice(0, 2), [
    'Cannot use "" as --host: it must be a value',
    'Cannot use "abc" as --port (LISTENER_PORT): it must be off or 0 to 65535',
  ]);
});

Deno.test("two doors at once are an error, and so are three", () => {
  const file = { path: "servers.json", text: '[{"host":"a","port":1}]' };
  const only = ": Only one of the groups, the backend list and the servers file can say what the targets are";
  assert.deepEqual(messages(parseEnvironment({ ...MINIMAL, BACKEND_SERVERS: "a.example" }).problems), [
    `TARGET_GROUP_1_* and BACKEND_SERVERS${only}`,
  ]);
  const three = parseWith({ flags: { targets: "a.example" }, environment: { ...MINIMAL }, configFile: file });
  assert.deepEqual(messages(three.problems), [
    `TARGET_GROUP_1_* and --targets (BACKEND_SERVERS) and --config servers.json${only}`,
  ]);
  const two = parseWith({ environment: { BACKEND_SERVERS: "a.example" }, configFile: file });
  assert.deepEqual(messages(two.problems), [`BACKEND_SERVERS and --config servers.json${only}`]);
});

Deno.test("A64: with nothing configured there is no rule and no group, and no problem", () => {
  const result = parseEnvironment({ TARGET_GROUP_1_NAME: "", BACKEND_SERVERS: " ", LISTENER_PORT: "" });
  const config = configOf(result);
  assert.equal(config.door, "nothing");
  assert.deepEqual([config.rules, config.groups], [[], []]);
  assert.equal(config.listener.port, 8080);
  assert.deepEqual(result.warnings, []);
});
