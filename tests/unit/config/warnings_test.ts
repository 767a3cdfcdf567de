import assert from "node:assert/strict";
import { configOf, messages, MINIMAL, parseEnvironment } from "./parse_with.ts";

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
    'HEALTH_CHECK_INTERVAL: "30" is milliseconds; write "30s" if seconds are meant',
  ]);
  assert.deepEqual(warnings({ ...checks, TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "500ms" }), [
    'TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "500ms" is a short interval: 5 seconds or more are recommended',
  ]);
  assert.deepEqual(warnings({ ...checks, TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "5000" }), []);
});

Deno.test("UPSTREAM_REUSE without effect is a warning", () => {
  const found = (transport: string) => warnings({ UPSTREAM_TRANSPORT: transport, UPSTREAM_REUSE: "safe" });
  assert.deepEqual(found("wire"), []);
  assert.deepEqual(found("fetch"), [
    'UPSTREAM_REUSE: "safe" has no effect with UPSTREAM_TRANSPORT=fetch: POST and PATCH get connections of their own ' +
    "there, and all others share",
  ]);
});

Deno.test("a timeout that looks like seconds is a warning", () => {
  assert.deepEqual(warnings({ CONNECTION_TIMEOUT: "5", SHUTDOWN_TIMEOUT: "30", SHUTDOWN_DELAY: "0" }), [
    'CONNECTION_TIMEOUT: "5" is milliseconds; write "5s" if seconds are meant',
    'SHUTDOWN_TIMEOUT: "30" is milliseconds; write "30s" if seconds are meant',
  ]);
  assert.deepEqual(warnings({ CONNECTION_TIMEOUT: "5ms" }), []);
});

Deno.test("a CONNECT_TIMEOUT above half of CONNECTION_TIMEOUT is cut, and one that somebody set is a warning", () => {
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
    'CONNECT_TIMEOUT: "4s" is more than half of CONNECTION_TIMEOUT (5s): 2500ms is used',
  ]);
});

Deno.test("CONNECT_TIMEOUT where fetch makes the connections is a warning", () => {
  const found = (more: Record<string, string>) => warnings({ CONNECT_TIMEOUT: "1s", ...more });
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({ UPSTREAM_TRANSPORT: "fetch" }), [
    'CONNECT_TIMEOUT: "1s" has no effect with UPSTREAM_TRANSPORT=fetch, except for WebSockets: only ' +
    "CONNECTION_TIMEOUT limits them",
  ]);
  assert.deepEqual(found({ TARGET_GROUP_1_TARGETS: "https://a.test" }), [
    'CONNECT_TIMEOUT: "1s" has no effect on requests to https:// targets, except for WebSockets: only ' +
    "CONNECTION_TIMEOUT limits them",
  ]);
});

Deno.test("settings of a group's checks while they are off are a warning", () => {
  assert.deepEqual(warnings({ TARGET_GROUP_1_HEALTH_CHECK_PATH: "/up" }), [
    "TARGET_GROUP_1_HEALTH_CHECK_PATH: Has no effect on group 1: its checks are off " +
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
      `TARGET_GROUP_1_TARGETS: Target "${target}" is the listener itself: requests to it will be answered 508`,
    ]);
  }
  for (const [target, host] of [["127.0.0.1:8081", "0.0.0.0"], ["127.0.0.1:8080", "10.1.1.1"]] as const) {
    assert.deepEqual(self(target, host), []);
  }
  assert.deepEqual(warnings({ TARGET_GROUP_1_TARGETS: "127.0.0.1:80", LISTENER_PORT: "0" }), []);
});

Deno.test("a group that no rule names is a warning", () => {
  assert.deepEqual(warnings({ TARGET_GROUP_2_NAME: "spare", TARGET_GROUP_2_TARGETS: "a.example" }), [
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
    'LISTENER_RULE_2_PATH_REWRITE: "/sho" strips nothing: no path under the rule\'s prefix "/shop" begins with it',
  ]);
  for (const rewrite of ["/shop", "/shop/x", "/"]) assert.deepEqual(warnings(second("/shop", rewrite)), []);
  assert.deepEqual(warnings({ ...second("/stats"), STATS_PATH: "/stats" }), [
    'LISTENER_RULE_2_PATH_PREFIX: Requests for "/stats" itself never reach the rule: STATS_PATH answers them',
  ]);
});

Deno.test("secrets that can be guessed and proxies that are everybody are a warning", () => {
  assert.deepEqual(warnings({ ADMIN_TOKEN: "short", STICKY_SECRET: "short", TRUSTED_PROXIES: "0.0.0.0/0" }), [
    'TRUSTED_PROXIES: "0.0.0.0/0" believes everybody: any client can then choose its own address',
    "ADMIN_TOKEN: Shorter than 16 characters: it can be guessed",
    "STICKY_SECRET: Shorter than 16 characters: it can be guessed, and cookies forged",
  ]);
});

Deno.test("two sticky groups that share a cookie are a warning", () => {
  const both = {
    TARGET_GROUP_2_NAME: "other",
    TARGET_GROUP_2_TARGETS: "a.example",
    LISTENER_RULE_2_PATH_PREFIX: "/other",
    LISTENER_RULE_2_TARGET_GROUP: "other",
    LOAD_BALANCING_ALGORITHM: "STICKY",
  };
  assert.deepEqual(warnings(both), []);
  assert.deepEqual(warnings({ ...both, STICKY_COOKIE_NAME: "pin" }), [
    'TARGET_GROUP_2_STICKY_COOKIE_NAME: Groups "web" and "other" share the cookie "pin" and overwrite each other\'s',
  ]);
});
