import assert from "node:assert/strict";
import { configOf, messages, MINIMAL, parseEnvironment, parseWith } from "./parse_with.ts";

/** Gives the warnings of an environment, which must be usable. */
function warnings(environment: Record<string, string>): string[] {
  const result = parseEnvironment({ ...MINIMAL, ...environment });
  configOf(result);
  return messages(result.warnings);
}

Deno.test("an ordinary configuration has no warning", () => {
  assert.deepEqual(warnings({}), []);
});

Deno.test("an interval that looks like seconds, or is shorter than the recommended 5 s (A38), is a warning", () => {
  const checks = { HEALTH_CHECK_ENABLED: "true" };
  assert.deepEqual(warnings({ ...checks, HEALTH_CHECK_INTERVAL: "30" }), [
    'HEALTH_CHECK_INTERVAL: "30" is milliseconds; write "30s" if you mean seconds',
  ]);
  assert.deepEqual(warnings({ ...checks, TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "500ms" }), [
    'TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "500ms" is a short interval: we recommend 5 seconds or more',
  ]);
  assert.deepEqual(warnings({ ...checks, TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "5000" }), []);
});

Deno.test("UPSTREAM_REUSE without effect is a warning", () => {
  const found = (transport: string) => warnings({ UPSTREAM_TRANSPORT: transport, UPSTREAM_REUSE: "safe" });
  assert.deepEqual(found("wire"), []);
  assert.deepEqual(found("fetch"), [
    'UPSTREAM_REUSE: "safe" has no effect with UPSTREAM_TRANSPORT=fetch: there POST and PATCH always get a ' +
    "new connection, and all other requests share",
  ]);
});

Deno.test("a timeout that looks like seconds is a warning", () => {
  assert.deepEqual(warnings({ CONNECTION_TIMEOUT: "5", SHUTDOWN_TIMEOUT: "30", SHUTDOWN_DELAY: "0" }), [
    'SHUTDOWN_TIMEOUT: "30" is milliseconds; write "30s" if you mean seconds',
    'CONNECTION_TIMEOUT: "5" is milliseconds; write "5s" if you mean seconds',
  ]);
  assert.deepEqual(warnings({ CONNECTION_TIMEOUT: "5ms" }), []);
});

Deno.test("a CONNECT_TIMEOUT above half of CONNECTION_TIMEOUT is cut, and setting it that high is a warning", () => {
  const used = (environment: Record<string, string>) => {
    const result = parseEnvironment({ ...MINIMAL, ...environment });
    const setting = result.settings.find(({ variable }) => variable === "CONNECT_TIMEOUT")!;
    return [configOf(result).listener.connectTimeoutMs, setting.value, setting.origin, ...messages(result.warnings)];
  };
  assert.deepEqual(used({}), [2000, "2s", "default"]);
  assert.deepEqual(used({ CONNECTION_TIMEOUT: "1s" }), [500, "500ms", "default, cut to half of CONNECTION_TIMEOUT"]);
  assert.deepEqual(used({ CONNECTION_TIMEOUT: "1ms" }).slice(0, 2), [1, "1ms"]);
  assert.deepEqual(used({ CONNECT_TIMEOUT: "2500ms" }), [2500, "2500ms", "environment"]);
  assert.deepEqual(used({ CONNECT_TIMEOUT: "4s" }), [
    2500,
    "2500ms",
    "environment, cut to half of CONNECTION_TIMEOUT",
    'CONNECT_TIMEOUT: "4s" is more than half of CONNECTION_TIMEOUT (5s): sluice uses 2500ms',
  ]);
});

Deno.test("CONNECT_TIMEOUT is a warning if fetch makes the connections", () => {
  const found = (more: Record<string, string>) => warnings({ CONNECT_TIMEOUT: "1s", ...more });
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({ UPSTREAM_TRANSPORT: "fetch" }), [
    'CONNECT_TIMEOUT: "1s" has no effect with UPSTREAM_TRANSPORT=fetch, except for WebSockets: only ' +
    "CONNECTION_TIMEOUT applies",
  ]);
});

Deno.test("settings of TLS to targets without effect are a warning", () => {
  const found = (more: Record<string, string>) => warnings({ TARGET_GROUP_1_TLS_VERIFY: "chain", ...more });
  assert.deepEqual(found({}), ["TARGET_GROUP_1_TLS_VERIFY: Has no effect: the group has no https:// target"]);
  const secure = { TARGET_GROUP_1_TARGETS: "https://a.test" };
  assert.deepEqual(found(secure), []);
  assert.deepEqual(found({ ...secure, UPSTREAM_TRANSPORT: "fetch" }), [
    "TARGET_GROUP_1_TLS_VERIFY: Has no effect with UPSTREAM_TRANSPORT=fetch: only the wire transport makes TLS " +
    "connections " +
    "itself",
  ]);
});

Deno.test("settings of a group's checks while they are off are a warning", () => {
  assert.deepEqual(warnings({ TARGET_GROUP_1_HEALTH_CHECK_PATH: "/up" }), [
    "TARGET_GROUP_1_HEALTH_CHECK_PATH: Has no effect on group 1: its health checks are off " +
    "(TARGET_GROUP_1_HEALTH_CHECK_ENABLED=true turns them on)",
  ]);
  assert.deepEqual(warnings({ TARGET_GROUP_1_HEALTH_CHECK_PATH: "/up", HEALTH_CHECK_ENABLED: "false" }), []);
});

Deno.test("a target that is the listener itself is a warning", () => {
  const self = (target: string, host: string) =>
    warnings({ TARGET_GROUP_1_TARGETS: target, LISTENER_HOST: host, LISTENER_PORT: "8080" });
  const loops = [
    ["127.0.0.1:8080", "0.0.0.0"],
    ["localhost:8080/x", "0.0.0.0"],
    ["[::1]:8080", "::"],
    ["0.0.0.0:8080", "127.0.0.1"],
    ["10.1.1.1:8080", "10.1.1.1"],
  ] as const;
  for (const [target, host] of loops) {
    assert.deepEqual(self(target, host), [
      `TARGET_GROUP_1_TARGETS: Target "${target}" is the listener itself: requests to it will get 508`,
    ]);
  }
  for (const [target, host] of [["127.0.0.1:8081", "0.0.0.0"], ["127.0.0.1:8080", "10.1.1.1"]] as const) {
    assert.deepEqual(self(target, host), []);
  }
  assert.deepEqual(warnings({ TARGET_GROUP_1_TARGETS: "127.0.0.1:80", LISTENER_PORT: "0" }), []);
});

Deno.test("a group that no rule names is a warning", () => {
  assert.deepEqual(warnings({ TARGET_GROUP_2_NAME: "spare", TARGET_GROUP_2_TARGETS: "a.example:80" }), [
    'TARGET_GROUP_2_NAME: No rule names group "spare"',
  ]);
});

Deno.test("rules that never see a request or change nothing are a warning", () => {
  const second = (prefix: string, rewrite = "") => ({
    LISTENER_RULE_1_PATH_PREFIX: "/api",
    LISTENER_RULE_2_PATH_PREFIX: prefix,
    LISTENER_RULE_2_PATH_REWRITE: rewrite,
    LISTENER_RULE_2_TARGET_GROUP: "web",
  });
  assert.deepEqual(warnings(second("/api/")), [
    'LISTENER_RULE_2_PATH_PREFIX: "/api/" changes nothing: rule 1 does the same for "/api"',
  ]);
  assert.deepEqual(warnings(second("/api/", "/api")), []);
  assert.deepEqual(warnings(second("/shop", "/sho")), [
    'LISTENER_RULE_2_PATH_REWRITE: "/sho" removes nothing: no path under the rule\'s prefix "/shop" begins with it',
  ]);
  for (const rewrite of ["/shop", "/shop/x", "/"]) assert.deepEqual(warnings(second("/shop", rewrite)), []);
  assert.deepEqual(warnings({ ...second("/stats"), STATS_PATH: "/stats" }), [
    'LISTENER_RULE_2_PATH_PREFIX: Requests for "/stats" itself never reach the rule: they get the statistics ' +
    "(STATS_PATH)",
  ]);
});

Deno.test("secrets that can be guessed, and TRUSTED_PROXIES that trust every address, are a warning", () => {
  assert.deepEqual(warnings({ ADMIN_TOKEN: "short", STICKY_SECRET: "short", TRUSTED_PROXIES: "0.0.0.0/0" }), [
    'TRUSTED_PROXIES: "0.0.0.0/0" includes every address: any client can then choose its own address',
    "ADMIN_TOKEN: Shorter than 16 characters: it can be guessed",
    "STICKY_SECRET: Shorter than 16 characters: it can be guessed, and cookies forged",
    "STICKY_SECRET: Has no effect: stickiness is off (STICKINESS_ENABLED=true turns it on)",
  ]);
});

Deno.test("two sticky groups that share a cookie are a warning", () => {
  const both = {
    TARGET_GROUP_2_NAME: "other",
    TARGET_GROUP_2_TARGETS: "a.example:80",
    LISTENER_RULE_2_PATH_PREFIX: "/other",
    LISTENER_RULE_2_TARGET_GROUP: "other",
    LOAD_BALANCING_ALGORITHM: "STICKY",
  };
  assert.deepEqual(warnings(both), []);
  assert.deepEqual(warnings({ ...both, STICKY_COOKIE_NAME: "pin" }), [
    'TARGET_GROUP_2_STICKY_COOKIE_NAME: Groups "web" and "other" share the cookie "pin" and overwrite each other\'s',
  ]);
});

Deno.test("stickiness that the algorithm STICKY has anyway can't be switched off, which is a warning", () => {
  assert.deepEqual(warnings({ ALGORITHM: "STICKY", STICKINESS_ENABLED: "false" }), [
    'STICKINESS_ENABLED: "false" has no effect on group "web": its algorithm STICKY is ROUND_ROBIN with stickiness',
  ]);
  assert.deepEqual(warnings({ ALGORITHM: "STICKY", STICKINESS_ENABLED: "true", STICKINESS_TTL: "1h" }), []);
  assert.deepEqual(warnings({ ALGORITHM: "LRT", STICKINESS_ENABLED: "true", STICKY_SECRET: "0123456789abcdef" }), []);
});

Deno.test("wildcards in a prefix, which has none, are a warning", () => {
  const prefix = (text: string) => warnings({ LISTENER_RULE_1_PATH_PREFIX: text });
  assert.deepEqual(prefix("/api/*"), [
    'LISTENER_RULE_1_PATH_PREFIX: "*" in "/api/*" is taken literally, because prefixes have no wildcards: the ' +
    'prefix "/api" matches every path below it, and LISTENER_RULE_1_PATH takes patterns',
  ]);
  assert.match(prefix("/users/:id/posts")[0]!, /^LISTENER_RULE_1_PATH_PREFIX: "\/:id" .* the prefix "\/users" matches/);
  assert.match(prefix("/*")[0]!, /the prefix "\/" matches/);
  assert.match(prefix("/a*/b")[0]!, /the prefix "\/" matches/);
  for (const fine of ["/a:b", "/", "/a/b"]) assert.deepEqual(prefix(fine), []);
});

Deno.test("options that the group's algorithm ignores are a warning, and no more where one group uses them", () => {
  const web = (name: string) => `TARGET_GROUP_1_${name}`;
  assert.deepEqual(warnings({ [web("WEIGHTS")]: "10.0.0.1:2" }), [
    "TARGET_GROUP_1_WEIGHTS: Has no effect: only WEIGHTED and HASH use it, not ROUND_ROBIN",
  ]);
  assert.deepEqual(warnings({ HASH_KEY: "path", STICKY_TTL: "1h", [web("STICKY_COOKIE_NAME")]: "x" }), [
    "HASH_KEY: Has no effect: only HASH uses it, not ROUND_ROBIN",
    "STICKY_TTL: Has no effect: stickiness is off (STICKINESS_ENABLED=true turns it on)",
    "TARGET_GROUP_1_STICKY_COOKIE_NAME: Has no effect: stickiness is off (STICKINESS_ENABLED=true turns it on)",
  ]);
  assert.deepEqual(
    warnings({ LOAD_BALANCING_ALGORITHM: "HASH", HASH_KEY: "path", [web("WEIGHTS")]: "10.0.0.1:2" }),
    [],
  );
  assert.deepEqual(
    warnings({
      STICKY_TTL: "1h",
      TARGET_GROUP_2_NAME: "other",
      TARGET_GROUP_2_TARGETS: "a.example:80",
      TARGET_GROUP_2_ALGORITHM: "STICKY",
      LISTENER_RULE_2_PATH_PREFIX: "/other",
      LISTENER_RULE_2_TARGET_GROUP: "other",
    }),
    [],
  );
});

Deno.test("options that a switch ignores are a warning, unless somebody has switched it off", () => {
  assert.deepEqual(warnings({ EJECTION_TIME: "1s", FAIL_OPEN: "true" }), [
    "FAIL_OPEN: Has no effect: without health checks and ejection no target is ever out",
    "EJECTION_TIME: Has no effect: ejection is off (EJECTION_ENABLED=true turns it on)",
  ]);
  assert.deepEqual(warnings({ EJECTION_TIME: "1s", EJECTION_ENABLED: "false", FAIL_OPEN: "false" }), []);
  assert.deepEqual(warnings({ EJECTION_TIME: "1s", EJECTION_ENABLED: "true", FAIL_OPEN: "true" }), []);
  assert.deepEqual(warnings({ METRICS_PUBLIC: "true" }), [
    "METRICS_PUBLIC: Has no effect: without ADMIN_TOKEN everything on the admin listener is public",
  ]);
  assert.deepEqual(warnings({ ADMIN_PORT: "off", ADMIN_TOKEN: "0123456789abcdef" }), [
    "ADMIN_TOKEN: Has no effect: the admin listener is off (ADMIN_PORT)",
  ]);
});

Deno.test("a target without a port is a warning, and one whose scheme says the port is not", () => {
  const targets = (list: string) => warnings({ TARGET_GROUP_1_TARGETS: list });
  assert.deepEqual(targets("a.example,10.0.0.1:81,[::1]/x"), [
    "TARGET_GROUP_1_TARGETS: A target without a port gets port 80: a.example:80, [::1]:80",
  ]);
  assert.deepEqual(targets("http://a.example,https://b.example/x,[::1]:8081,c:80/d"), []);
});

Deno.test("variables like sluice's are a warning, whatever their prefix", () => {
  const found = (...names: string[]) => warnings(Object.fromEntries(names.map((name) => [name, "1"])));
  const nothingReads = (name: string, meant: string) => `${name}: Nothing reads this variable; did you mean ${meant}?`;
  const pairs = [
    ["SLUICE_LISTENER_PORT", "LISTENER_PORT"],
    ["SLUICE_ADMIN_PROT", "ADMIN_PORT"],
    ["CONNECTION_TIMEOUT_MS", "CONNECTION_TIMEOUT"],
    ["CONECTION_TIMEOT", "CONNECTION_TIMEOUT"],
    ["EJECTIONS_ENABLE", "EJECTION_ENABLED"],
    ["ADMIN_TOKEN_FILE", "ADMIN_TOKEN"],
    ["BACKEND_SERVER", "BACKEND_SERVERS"],
    ["TARGT_GROUP_2_NAME", "TARGET_GROUP_2_NAME"],
  ] as const;
  for (const [name, meant] of pairs) assert.deepEqual(found(name), [nothingReads(name, meant)]);
  const others = ["HOSTNAME", "LOGNAME", "DNS_NAME", "ADMIN_EMAIL", "BACKEND_URL", "LOG_DIR", "SHELL", "DATABASE_URL"];
  assert.deepEqual(found(...others), []);
  assert.deepEqual(warnings({ ADMIN_PORT_80_TCP_PORT: "80", ADMIN_PORT_80_TCP: "tcp://10.0.0.1:80" }), []);
});

Deno.test("in a .env file the first word is enough", () => {
  const text = [...Object.entries(MINIMAL).map(([name, value]) => `${name}=${value}`), "STICKY_COOKIES=x", "FOO_BAR=x"];
  const result = parseWith({ envFile: { path: ".env", text: text.join("\n") } });
  configOf(result);
  assert.deepEqual(messages(result.warnings), [
    "STICKY_COOKIES (.env:5): Nothing reads this variable; did you mean STICKY_COOKIE_NAME?",
  ]);
});

Deno.test("a size has a unit or none", () => {
  const bytes = (text: string) =>
    configOf(parseEnvironment({ ...MINIMAL, MAX_BODY_BYTES: text })).listener.maxBodyBytes;
  const sizes = {
    "0": 0,
    "1500": 1500,
    "10m": 10_485_760,
    "10M": 10_485_760,
    "1 GiB": 2 ** 30,
    "64kb": 65_536,
    "5b": 5,
  };
  for (const [text, value] of Object.entries(sizes)) assert.equal(bytes(text), value);
  for (const text of ["1.5m", "m", "10t", "9999999g", "-1"]) {
    assert.equal(parseEnvironment({ ...MINIMAL, MAX_BODY_BYTES: text }).problems.length, 1, text);
  }
});
