import assert from "node:assert/strict";
import { NO_HEADER_EDITS } from "../../../src/config/header_edits.ts";
import { strippedPrefix } from "../../../src/rules/rewrite.ts";
import { prefixRule } from "../../../src/config/rule.ts";
import { configOf, messages, MINIMAL, parseEnvironment, parseWith } from "./parse_with.ts";

Deno.test("A1 A16 A42 A44: environment variables alone make a group and a rule", () => {
  const config = configOf(parseEnvironment(MINIMAL));
  assert.equal(config.door, "groups");
  assert.deepEqual(config.rules, [prefixRule(1, { prefix: "/", group: "web" })]);
  assert.equal(config.groups[0]!.name, "web");
  assert.deepEqual(config.groups[0]!.entries, [
    { scheme: "http", host: "10.0.0.1", port: 8081, base: "", weight: 1 },
    { scheme: "http", host: "10.0.0.2", port: 8081, base: "", weight: 1 },
  ]);
});

Deno.test("A2 A3 A9: the listener's defaults are port 8080, a timeout of 5 seconds and no convention headers", () => {
  const { listener, admin, dns, logging } = configOf(parseEnvironment(MINIMAL));
  assert.deepEqual(listener, {
    host: "0.0.0.0",
    port: 8080,
    tls: null,
    acme: null,
    workers: "auto",
    takeover: false,
    connectionTimeoutMs: 5000,
    connectTimeoutMs: 2000,
    bodyTimeoutMs: 30_000,
    streamIdleTimeoutMs: 300_000,
    headerConvention: false,
    trustedProxies: null,
    maxBodyBytes: 0,
    retryAttempts: 1,
    upstreamTransport: "wire",
    via: true,
    upstreamReuse: "always",
    front: {
      engine: "wire",
      headTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      writeTimeoutMs: 60_000,
      maxConnections: "auto",
      maxConnectionsPerClient: 0,
      maxHeadBytes: 65_536,
      maxHeadLines: 128,
      proxyProtocol: false,
    },
    headers: NO_HEADER_EDITS,
    errorBody: "empty",
    reasonHeader: false,
    statsPath: null,
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 30_000,
  });
  assert.deepEqual(admin, {
    enabled: true,
    host: "127.0.0.1",
    port: 9901,
    portWasAskedFor: false,
    token: null,
    metricsPublic: false,
    hosts: [],
  });
  assert.deepEqual(dns, { server: null, family: "auto", refreshIntervalMs: 30_000 });
  assert.deepEqual(logging, { level: "info", format: "auto", accessLog: true });
});

Deno.test("A4 A23 A24 A25 A26 A27 A30 A31: a group's defaults: round robin, no checks, 30 s, 5 s, 2, 2, 200", () => {
  const group = configOf(parseEnvironment(MINIMAL)).groups[0]!;
  assert.equal(group.algorithm, "ROUND_ROBIN");
  assert.deepEqual(group.healthCheck, {
    enabled: false,
    path: "/health",
    intervalMs: 30_000,
    timeoutMs: 5000,
    succeedThreshold: 2,
    failureThreshold: 2,
    matcher: [{ from: 200, to: 200 }],
    host: null,
    port: null,
  });
  assert.deepEqual(group.ejection, { enabled: false, failures: 5, timeMs: 10_000 });
  assert.deepEqual(group.algorithmOptions, { hashKey: { from: "client-ip" } });
  assert.equal(group.stickiness, null);
  assert.equal(group.preserveHost, false);
  assert.equal(group.failOpen, false);
});

Deno.test("A20 A22: weights name hosts, or hosts with their port if two entries share a host", () => {
  const { groups } = configOf(parseEnvironment({
    ...MINIMAL,
    TARGET_GROUP_1_TARGETS: "a.example:80,b.example:1,b.example:2,[::1]:80",
    TARGET_GROUP_1_WEIGHTS: "A.example:1,b.example:2,b.example:2:7,[::1]:5",
    TARGET_GROUP_1_ALGORITHM: "weighted_round_robin",
  }));
  assert.equal(groups[0]!.algorithm, "WEIGHTED");
  assert.deepEqual(groups[0]!.entries.map((entry) => entry.weight), [1, 2, 7, 5]);
});

Deno.test("A21: a missing weight under WEIGHTED is an error for each target without one", () => {
  const { problems, config } = parseEnvironment({
    ...MINIMAL,
    TARGET_GROUP_1_ALGORITHM: "WEIGHTED",
    TARGET_GROUP_1_WEIGHTS: "10.0.0.2:3",
  });
  assert.equal(config, null);
  assert.deepEqual(messages(problems), [
    'TARGET_GROUP_1_WEIGHTS: No weight for "10.0.0.1:8081": WEIGHTED needs host:weight or host:port:weight for every ' +
    "target",
  ]);
});

Deno.test("numbers of groups and rules may have gaps and stand in any order", () => {
  const { groups, rules } = configOf(parseEnvironment({
    LISTENER_RULE_40_PATH_PREFIX: "/b",
    LISTENER_RULE_40_TARGET_GROUP: "b",
    LISTENER_RULE_7_PATH_PREFIX: "/a",
    LISTENER_RULE_7_TARGET_GROUP: "a",
    TARGET_GROUP_12_NAME: "b",
    TARGET_GROUP_12_TARGETS: "b.example",
    TARGET_GROUP_0_NAME: "a",
    TARGET_GROUP_0_TARGETS: "a.example",
  }));
  assert.deepEqual(groups.map((group) => [group.number, group.name]), [[0, "a"], [12, "b"]]);
  assert.deepEqual(rules.map((rule) => rule.number), [7, 40]);
});

Deno.test("A43 B5: a rule without a rewrite, or with an empty one, strips nothing", () => {
  const without = configOf(parseEnvironment(MINIMAL));
  const empty = configOf(parseEnvironment({ ...MINIMAL, LISTENER_RULE_1_PATH_REWRITE: "" }));
  assert.equal(strippedPrefix(without.rules[0]!), "");
  assert.deepEqual(empty, without);
});

Deno.test("an empty rewrite in the environment counts, and hides the one of the .env file", () => {
  const { rules } = configOf(parseWith({
    environment: { ...MINIMAL, LISTENER_RULE_1_PATH_REWRITE: "" },
    envFile: { path: ".env", text: "LISTENER_RULE_1_PATH_REWRITE=/api\nLISTENER_PORT=81\n" },
  }));
  assert.equal(strippedPrefix(rules[0]!), "");
});

Deno.test("a variable without the group sets all groups, and a group's own goes before it", () => {
  const { groups } = configOf(parseEnvironment({
    ...MINIMAL,
    TARGET_GROUP_2_NAME: "other",
    TARGET_GROUP_2_TARGETS: "other.example",
    TARGET_GROUP_2_HEALTH_CHECK_PATH: "/mine",
    TARGET_GROUP_2_EJECTION_FAILURES: "9",
    TARGET_GROUP_2_ALGORITHM: "HASH",
    TARGET_GROUP_2_HASH_KEY: "cookie:Session",
    LISTENER_RULE_2_PATH_PREFIX: "/other",
    LISTENER_RULE_2_TARGET_GROUP: "other",
    HEALTH_CHECK_ENABLED: "TRUE",
    HEALTH_CHECK_PATH: "/all?deep=1",
    EJECTION_ENABLED: "1",
    EJECTION_FAILURES: "3",
    FAIL_OPEN: "true",
    PRESERVE_HOST: "true",
    HASH_KEY: "header:X-Tenant",
    LOAD_BALANCING_ALGORITHM: "lrt",
  }));
  assert.deepEqual(groups.map((group) => group.healthCheck.path), ["/all?deep=1", "/mine"]);
  assert.deepEqual(groups.map((group) => group.healthCheck.enabled), [true, true]);
  assert.deepEqual(groups.map((group) => group.ejection.failures), [3, 9]);
  assert.deepEqual(groups.map((group) => group.algorithm), ["LRT", "HASH"]);
  assert.deepEqual(groups.map((group) => group.algorithmOptions.hashKey), [
    { from: "header", name: "x-tenant" },
    { from: "cookie", name: "Session" },
  ]);
  assert.ok(groups.every((group) => group.failOpen && group.preserveHost && group.ejection.enabled));
});

Deno.test("the configuration is frozen all through", () => {
  const config = configOf(parseEnvironment(MINIMAL));
  assert.ok(Object.isFrozen(config.groups[0]!.entries[0]));
  assert.ok(Object.isFrozen(config.groups[0]!.healthCheck.matcher[0]));
});
