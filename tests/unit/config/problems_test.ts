import assert from "node:assert/strict";
import { configOf, messages, MINIMAL, parseEnvironment } from "./parse_with.ts";

/** Asserts that an environment has exactly one problem. */
function onlyProblem(environment: Record<string, string>): string {
  const { problems, config } = parseEnvironment(environment);
  assert.equal(config, null);
  assert.equal(problems.length, 1, messages(problems).join("\n"));
  assert.ok(!problems[0]!.message.includes("\n"));
  return problems[0]!.message;
}

Deno.test("twenty different mistakes give twenty lines", () => {
  const { problems, config } = parseEnvironment({
    LISTENER_PORT: "70000",
    LISTENER_WORKERS: "many",
    LISTENER_PROT: "80",
    CONNECTION_TIMEOUT: "0",
    HEADER_CONVENTION_ENABLE: "yes",
    TRUSTED_PROXIES: "10.0.0.0/33",
    UPSTREAM_TRANSPORT: "pigeon",
    ERROR_BODY: "xml",
    STATS_PATH: "stats",
    ADMIN_HOST: "0.0.0.0",
    DNS_SERVER: "ns.example",
    LOG_LEVEL: "loud",
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: "a.example:0,http://b.example/x?y=1,c.example,c.example:80",
    // that d.example is no target is said when the targets can be read
    TARGET_GROUP_1_WEIGHTS: "d.example:1,c.example:none",
    TARGET_GROUP_1_HEALTH_CHECK_MATCHER: "2xx",
    TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD: "0",
    TARGET_GROUP_2_NAME: "web",
    LISTENER_RULE_1_PATH_PREFIX: "api",
    LISTENER_RULE_1_TARGET_GROUP: "web",
  });
  assert.equal(config, null);
  const lines = messages(problems);
  assert.deepEqual(lines, [...new Set(lines)]);
  // four mistakes stand in lists, and group 2 has two
  const expected = [
    "LISTENER_PROT: There is no such variable; did you mean LISTENER_PORT?",
    'Cannot use "70000" as LISTENER_PORT: it must be off or 0 to 65535',
    'Cannot use "many" as LISTENER_WORKERS: it must be auto or 1 to 256',
    'Cannot use "stats" as STATS_PATH: it must be off or a path that begins with "/"',
    'Cannot use "0" as CONNECTION_TIMEOUT: it must be a duration above 0 in milliseconds or with a unit (500ms, 30s, ' +
    "5m), at most 2147483647 ms",
    'Cannot use "yes" as HEADER_CONVENTION_ENABLE: it must be true, false, 1 or 0',
    'Cannot use "10.0.0.0/33" as TRUSTED_PROXIES: it must be a comma list of addresses or CIDRs such as 10.0.0.0/8 ' +
    'or fd00::/8 ("10.0.0.0/33" is not)',
    'Cannot use "pigeon" as UPSTREAM_TRANSPORT: it must be one of wire, fetch',
    'Cannot use "xml" as ERROR_BODY: it must be one of empty, json, text',
    'ADMIN_TOKEN: Must be set, because ADMIN_HOST "0.0.0.0" can be reached from other machines',
    'Cannot use "ns.example" as DNS_SERVER: it must be address:port such as 10.0.0.2:53 or [fd00::2]:53',
    'Cannot use "loud" as LOG_LEVEL: it must be one of debug, info, warn, error',
    'Cannot use "a.example:0" as TARGET_GROUP_1_TARGETS: it must be a target with a port from 1 to 65535',
    'Cannot use "http://b.example/x?y=1" as TARGET_GROUP_1_TARGETS: it must be a target without a query',
    'Cannot use "c.example:80" as TARGET_GROUP_1_TARGETS: it must be a target that is not in the list already',
    'Cannot use "c.example:none" as TARGET_GROUP_1_WEIGHTS: it must be host:weight or host:port:weight with a whole ' +
    "number from 1 to 100000 as weight",
    'Cannot use "0" as TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD: it must be 1 to 1000',
    'Cannot use "2xx" as TARGET_GROUP_1_HEALTH_CHECK_MATCHER: it must be statuses from 100 to 599 and ranges of ' +
    "them, such as 200-299,301",
    'TARGET_GROUP_2_TARGETS: Group "web" names no target',
    'Cannot use "api" as LISTENER_RULE_1_PATH_PREFIX: it must be a path that begins with "/"',
    'TARGET_GROUP_2_NAME: "web" is the name of group 1 too',
  ];
  assert.deepEqual(lines, expected);
  assert.ok(lines.length >= 20);
});

Deno.test("an unknown algorithm is an error that lists the valid ones", () => {
  assert.equal(
    onlyProblem({ ...MINIMAL, LOAD_BALANCING_ALGORITHM: "LEAST_CONECTIONS" }),
    'Cannot use "LEAST_CONECTIONS" as LOAD_BALANCING_ALGORITHM: it must be one of ROUND_ROBIN, WEIGHTED, ' +
      "LEAST_CONNECTIONS, LRT, STICKY, RANDOM, POWER_OF_TWO, HASH; did you mean LEAST_CONNECTIONS?",
  );
});

Deno.test("names of sluice's families that nothing reads are errors with a did-you-mean", () => {
  const meant = {
    TARGET_GROUP_3_TARGET: "TARGET_GROUP_3_TARGETS",
    TARGET_GROUP_NAME: "TARGET_GROUP_1_NAME",
    TARGET_GROUP_01_NAME: "TARGET_GROUP_1_NAME",
    TARGET_GROUP_1_HEALTHCHECK_PATH: "TARGET_GROUP_1_HEALTH_CHECK_PATH",
    TARGET_GROUP_1_HEALTH_CHECK_SUCCESS_THRESHOLD: "TARGET_GROUP_1_HEALTH_CHECK_SUCCEED_THRESHOLD",
    LISTENER_RULE_2_PREFIX: "LISTENER_RULE_2_PATH_PREFIX",
    LISTENER_ADDRESS_PORT: null,
    HEALTH_CHECK_INTERVALL: "HEALTH_CHECK_INTERVAL",
  };
  for (const [name, suggestion] of Object.entries(meant)) {
    const wanted = suggestion === null ? "" : `; did you mean ${suggestion}?`;
    assert.equal(onlyProblem({ ...MINIMAL, [name]: "x" }), `${name}: There is no such variable${wanted}`);
  }
});

Deno.test("a name of another program that is nearly one of sluice's is a warning only", () => {
  const result = parseEnvironment({ ...MINIMAL, CONNECTION_TIMEOUTS: "1", PATH: "/bin", HOSTNAME: "x", HOST: "zsh" });
  configOf(result);
  assert.deepEqual(messages(result.warnings), [
    "CONNECTION_TIMEOUTS: Nothing reads this variable; did you mean CONNECTION_TIMEOUT?",
  ]);
});

Deno.test("what Kubernetes sets for a service called listener is passed over with a warning", () => {
  const result = parseEnvironment({
    ...MINIMAL,
    LISTENER_PORT: "tcp://10.0.0.7:80",
    LISTENER_SERVICE_HOST: "10.0.0.7",
    LISTENER_SERVICE_PORT: "80",
    LISTENER_SERVICE_PORT_HTTP: "80",
    LISTENER_PORT_80_TCP: "tcp://10.0.0.7:80",
    LISTENER_PORT_80_TCP_PROTO: "tcp",
    LISTENER_PORT_80_TCP_PORT: "80",
    LISTENER_PORT_80_TCP_ADDR: "10.0.0.7",
    TARGET_GROUP_1_PORT: "tcp://10.0.0.8:80",
    TARGET_GROUP_1_SERVICE_HOST: "10.0.0.8",
    ADMIN_PORT: "tcp://10.0.0.9:80",
  });
  const config = configOf(result);
  assert.equal(config.listener.port, 8080);
  assert.equal(config.admin.portWasAskedFor, false);
  assert.equal(result.warnings.length, 11);
  assert.ok(result.warnings.every((warning) => warning.message.includes("Ignored")));
});

Deno.test("a rule that names no group, and one that names an unknown one, are errors", () => {
  const { LISTENER_RULE_1_TARGET_GROUP: _, ...without } = MINIMAL;
  assert.equal(
    onlyProblem(without),
    'LISTENER_RULE_1_TARGET_GROUP: The rule names no target group ("web"), no redirect and no fixed response',
  );
  assert.equal(
    onlyProblem({ ...MINIMAL, LISTENER_RULE_1_TARGET_GROUP: "wep" }),
    'LISTENER_RULE_1_TARGET_GROUP: No group is called "wep": the groups are "web"; did you mean "web"?',
  );
});

Deno.test("a rule without an action and a group without a name or target are errors", () => {
  const { problems } = parseEnvironment({ LISTENER_RULE_5_PATH_REWRITE: "/x", TARGET_GROUP_9_FAIL_OPEN: "true" });
  assert.deepEqual(messages(problems), [
    "TARGET_GROUP_9_NAME: Must be set: rules name the group by it",
    "TARGET_GROUP_9_TARGETS: The group names no target",
    'LISTENER_RULE_5_TARGET_GROUP: The rule names no target group ("9"), no redirect and no fixed response',
  ]);
});

Deno.test("two rules with one prefix are an error", () => {
  assert.equal(
    onlyProblem({ ...MINIMAL, LISTENER_RULE_2_PATH_PREFIX: "/", LISTENER_RULE_2_TARGET_GROUP: "web" }),
    'LISTENER_RULE_2_PATH_PREFIX: "/" is the prefix of rule 1 too',
  );
});

Deno.test("a prefix and a rewrite must be written as rules see paths", () => {
  const wrong = {
    "/a/../b": 'without the dot segment "..": sluice resolves it before it looks for a rule',
    "/a/%2E": 'without the dot segment "%2E": sluice resolves it before it looks for a rule',
    "/café": 'as it is sent, without "é": write it percent-encoded as "/caf%C3%A9"',
    "/a bc#d\\e": 'as it is sent, without " ", "#", "\\\\": write it percent-encoded as "/a%20bc%23d%5Ce"',
    "/a?": 'a path without a query, as "?" begins one: there are no wildcards, and "%3F" is the character',
    '/"<>': 'as it is sent, without "\\"", "<", ">": write it percent-encoded as "/%22%3C%3E"',
    "a": 'a path that begins with "/"',
  };
  for (const [path, mustBe] of Object.entries(wrong)) {
    for (const variable of ["LISTENER_RULE_1_PATH_PREFIX", "LISTENER_RULE_1_PATH_REWRITE"]) {
      const line = onlyProblem({ ...MINIMAL, [variable]: path });
      assert.ok(line.endsWith(`as ${variable}: it must be ${mustBe}`), line);
    }
  }
  for (const path of ["/a//b", "/%2F", "/100%", "/...", "/a;b=c,d", "/~x/", "/caf%C3%A9"]) {
    const config = configOf(parseEnvironment({ ...MINIMAL, LISTENER_RULE_1_PATH_PREFIX: path }));
    assert.equal(config.rules[0]!.conditions[0]!.text, path);
  }
});

Deno.test("an admin listener beyond loopback needs a token, and a port of its own", () => {
  const open = { ...MINIMAL, ADMIN_HOST: "::" };
  assert.match(onlyProblem(open), /^ADMIN_TOKEN: Must be set/);
  configOf(parseEnvironment({ ...open, ADMIN_PORT: "off" }));
  configOf(parseEnvironment({ ...open, ADMIN_TOKEN: "0123456789abcdef" }));
  configOf(parseEnvironment({ ...MINIMAL, ADMIN_HOST: "127.9.9.9" }));
  configOf(parseEnvironment({ ...MINIMAL, LISTENER_PORT: "9901" }));
  assert.match(onlyProblem({ ...MINIMAL, LISTENER_PORT: "9901", ADMIN_PORT: "9901" }), /^ADMIN_PORT: Cannot be "9901"/);
});

Deno.test("a wrong secret is an error that does not repeat it", () => {
  const line = onlyProblem({ ...MINIMAL, STICKY_SECRET: "my secret" });
  assert.equal(line, "Cannot use the value as STICKY_SECRET: it must be visible ASCII characters without spaces");
  const target = onlyProblem({ ...MINIMAL, TARGET_GROUP_1_TARGETS: "http://root:hunter2@a.example" });
  assert.ok(!target.includes("hunter2"), target);
});

Deno.test("a value with line ends and control characters stays on one line", () => {
  const line = onlyProblem({ ...MINIMAL, LOG_FORMAT: "a\nb\u001b[31m\u009b\u2028" });
  assert.equal(
    line,
    'Cannot use "a\\nb\\u001b[31m\\u009b" as LOG_FORMAT: it must be one of auto, text, json',
  );
});

Deno.test("a wrong value for all groups is reported once", () => {
  const line = onlyProblem({
    ...MINIMAL,
    HEALTH_CHECK_PORT: "0",
    TARGET_GROUP_2_NAME: "b",
    TARGET_GROUP_2_TARGETS: "b.example",
  });
  assert.equal(line, 'Cannot use "0" as HEALTH_CHECK_PORT: it must be 1 to 65535');
});

Deno.test("a weight that is given twice is an error", () => {
  assert.equal(
    onlyProblem({ ...MINIMAL, TARGET_GROUP_1_WEIGHTS: "10.0.0.1:1,10.0.0.1:2" }),
    'Cannot use "10.0.0.1:2" as TARGET_GROUP_1_WEIGHTS: it must be the only weight of "10.0.0.1"',
  );
});

Deno.test("names of headers, cookies and groups that can't be sent or listed are errors", () => {
  for (
    const [variable, value] of Object.entries({
      HASH_KEY: "header:x y",
      STICKY_COOKIE_NAME: "a;b",
      TARGET_GROUP_1_STICKY_COOKIE_NAME: "__Host-pin",
      TARGET_GROUP_1_HASH_KEY: "client",
      HEALTH_CHECK_HOST: "a b",
      HEALTH_CHECK_PATH: "health",
      LISTENER_HOST: "1.2.3",
      ADMIN_HOSTS: "a.example:80",
      STICKY_TTL: "-1",
      EJECTION_TIME: "0",
      HEALTH_CHECK_TIMEOUT: "1.5",
      DNS_FAMILY: "ipv5",
      RETRY_ATTEMPTS: "-1",
      MAX_BODY_BYTES: "1e9",
    })
  ) {
    const line = onlyProblem({ ...MINIMAL, [variable]: value });
    assert.ok(line.startsWith(`Cannot use ${JSON.stringify(value)} as ${variable}: it must be `), line);
  }
  const { problems } = parseEnvironment({ ...MINIMAL, TARGET_GROUP_1_NAME: "a,b" });
  assert.match(problems[0]!.message, /^Cannot use "a,b" as TARGET_GROUP_1_NAME/);
});

Deno.test("an IPv6 address without brackets is an error that says so, in every spelling", () => {
  const spellings = [
    "2001:db8::1",
    "2001:db8:0:0:0:0:0:1",
    "2001:db8:0:0:0:0:0:1:8080",
    "::1:8080",
    "fe80::1%eth0",
    "::",
  ];
  for (const target of [...spellings, ...spellings.map((each) => `http://${each}/x`)]) {
    assert.match(
      onlyProblem({ ...MINIMAL, TARGET_GROUP_1_TARGETS: target }),
      /it must be a target written with brackets around an IPv6 address, as \[::1\]:8080$/,
    );
  }
  assert.match(onlyProblem({ ...MINIMAL, TARGET_GROUP_1_TARGETS: "a:80:90" }), /port from 1 to 65535|host\[:port\]/);
});

Deno.test("one mistake is one problem", () => {
  const { TARGET_GROUP_1_NAME: _name, ...nameless } = MINIMAL;
  const { TARGET_GROUP_1_TARGETS: _targets, ...targetless } = MINIMAL;
  const { LISTENER_RULE_1_TARGET_GROUP: _group, ...groupless } = MINIMAL;
  const { LISTENER_RULE_1_PATH_PREFIX: _prefix, ...prefixless } = MINIMAL;
  const weighted = { ...MINIMAL, LOAD_BALANCING_ALGORITHM: "WEIGHTED" };
  const mistakes: Record<string, string>[] = [
    { ...MINIMAL, TARGET_GROUP_1_NAME: "a,b" },
    nameless,
    { ...nameless, TARGET_GROUP_1_NAM: "web" },
    { ...targetless, TARGET_GROUP_1_TARGET: "a:1" },
    { ...groupless, LISTENER_RULE_1_TARGETGROUP: "web" },
    { ...prefixless, LISTENER_RULE_1_PATH_PREFX: "/" },
    { ...weighted, TARGET_GROUP_1_TARGETS: "a:1,b:x", TARGET_GROUP_1_WEIGHTS: "a:1,b:2" },
    { ...weighted, TARGET_GROUP_1_TARGETS: "b:x", TARGET_GROUP_1_WEIGHTS: "b:2" },
    { ...weighted, TARGET_GROUP_1_WEIGHTS: "10.0.0.1:1,10.0.0.2:none" },
    { ...weighted, TARGET_GROUP_1_WEIGHTS: "10.0.0.1:1,10.0.0.3:1" },
  ];
  for (const environment of mistakes) {
    const { problems, config } = parseEnvironment(environment);
    assert.equal(problems.length, 1, `${JSON.stringify(environment)}: ${messages(problems).join("\n")}`);
    assert.equal(config, null);
  }
});
