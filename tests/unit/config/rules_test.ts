import assert from "node:assert/strict";
import { configOf, messages, MINIMAL, parseEnvironment, parseWith } from "./parse_with.ts";

/** Two groups `web` and `api`, and one rule with these variables (their names without `LISTENER_RULE_1_`). */
function environment(rule: Readonly<Record<string, string>>): Record<string, string> {
  return {
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: "10.0.0.1:8081",
    TARGET_GROUP_2_NAME: "api",
    TARGET_GROUP_2_TARGETS: "10.0.0.2:8081",
    ...Object.fromEntries(Object.entries(rule).map(([name, value]) => [`LISTENER_RULE_1_${name}`, value])),
  };
}

function ruleOf(rule: Readonly<Record<string, string>>) {
  return configOf(parseEnvironment(environment(rule))).rules[0]!;
}

function problemOf(rule: Readonly<Record<string, string>>): string {
  const { problems } = parseEnvironment(environment(rule));
  assert.equal(problems.length, 1, messages(problems).join("\n"));
  return problems[0]!.message;
}

function warningsOf(rule: Readonly<Record<string, string>>): string[] {
  return messages(parseEnvironment(environment(rule)).warnings).filter((line) => !line.includes("No rule names"));
}

Deno.test("each part between && is a condition, and each value between | is one of its values", () => {
  const { conditions } = ruleOf({
    HOST: "Shop.Example.|*.shop.example",
    PATH: "/a|/b*",
    METHOD: "GET|HEAD",
    HEADER: "X-Canary: true|1 && X-Tenant",
    COOKIE: "beta=1|yes",
    QUERY: "version=2*",
    SOURCE_IP: "10.0.0.0/8|192.0.2.1",
    PROTOCOL: "HTTPS",
    TARGET_GROUP: "web",
  });
  assert.deepEqual(conditions, [
    { kind: "path", text: "/a|/b*", patterns: ["/a", "/b*"] },
    { kind: "host", text: "Shop.Example.|*.shop.example", patterns: ["shop.example", "*.shop.example"] },
    { kind: "method", text: "GET|HEAD", methods: ["GET", "HEAD"] },
    { kind: "header", text: "X-Canary: true|1", name: "x-canary", patterns: ["true", "1"] },
    { kind: "header", text: "X-Tenant", name: "x-tenant", patterns: [] },
    { kind: "cookie", text: "beta=1|yes", name: "beta", patterns: ["1", "yes"] },
    { kind: "query", text: "version=2*", name: "version", patterns: ["2*"] },
    { kind: "source_ip", text: "10.0.0.0/8|192.0.2.1", ranges: ["10.0.0.0/8", "192.0.2.1/32"] },
    { kind: "protocol", text: "HTTPS", protocols: ["https"] },
  ]);
});

Deno.test("a rule needs no condition and no group", () => {
  assert.deepEqual(ruleOf({ TARGET_GROUP: "web" }).conditions, []);
  const { rules, groups } = configOf(parseEnvironment({ LISTENER_RULE_1_FIXED_RESPONSE: "204" }));
  assert.equal(groups.length, 0);
  assert.deepEqual(rules[0]!.action, { kind: "fixed_response", status: 204, contentType: null, body: "" });
});

Deno.test("in an expression | is its own, and && too", () => {
  const { conditions } = ruleOf({ PATH_REGEX: "^/(a|b) && c$", TARGET_GROUP: "web" });
  assert.deepEqual(conditions, [{ kind: "path_regex", text: "^/(a|b) && c$", regex: "^/(a|b) && c$" }]);
});

Deno.test("conditions that can't be are errors that say what is allowed", () => {
  const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ PATH: "a" }, /PATH: it must be paths or patterns that begin with "\/" or "\*"/],
    [{ PATH: "/a|" }, /without an empty alternative/],
    [{ PATH: "/a\\b" }, /percent-encoded as "\/a%5Cb"/],
    [{ PATH_REGEX: "(" }, /PATH_REGEX: it must be a regular expression in RE2's syntax: missing closing \): `\(`/],
    [{ PATH_REGEX: "(?=a)" }, /RE2's syntax: invalid or unsupported Perl syntax/],
    [{ PATH: "/a", PATH_PREFIX: "/b" }, /PATH_PREFIX and LISTENER_RULE_1_PATH: a rule can have only one of them/],
    [{ HOST: "shop.example:80" }, /HOST: it must be hosts without a port/],
    [{ HOST: "a/b" }, /host names or patterns \("a\/b" is not\)/],
    [{ METHOD: "GET|P OST" }, /METHOD: it must be methods such as GET\|HEAD \("P OST" is not\)/],
    [{ HEADER: "X Y: 1" }, /HEADER: it must be NAME, or NAME: VALUE\|VALUE/],
    [{ HEADER: "X:" }, /the name alone takes every value/],
    [{ HEADER: "X: 1 &&  && Y" }, /without an empty part/],
    [{ COOKIE: "=1" }, /COOKIE: it must be NAME, or NAME=VALUE\|VALUE/],
    [{ SOURCE_IP: "10.0.0.0/33" }, /SOURCE_IP: it must be addresses or CIDRs/],
    [{ PROTOCOL: "ftp" }, /PROTOCOL: it must be http or https/],
    [{ PRIORITY: "0" }, /PRIORITY: it must be 1 to 50000/],
  ];
  for (const [rule, expected] of wrong) assert.match(problemOf({ ...rule, TARGET_GROUP: "web" }), expected);
});

Deno.test("hosts times paths of a rule are limited, since it stands for one rule each", () => {
  const many = (count: number, text: string) => Array.from({ length: count }, (_, i) => `${text}${i}`).join("|");
  assert.match(
    problemOf({ HOST: many(40, "h"), PATH: many(26, "/p"), TARGET_GROUP: "web" }),
    /There can be at most 1000 combinations of a host and a path, not 1040/,
  );
  assert.equal(ruleOf({ HOST: many(40, "h"), PATH: many(25, "/p"), TARGET_GROUP: "web" }).conditions.length, 2);
});

Deno.test(
  "two rules with the same conditions, in whatever order and spelling, are an error, and so is a priority " +
    "twice",
  () => {
    const two = (first: Record<string, string>, second: Record<string, string>) => {
      const all = { ...MINIMAL };
      delete (all as Record<string, string>).LISTENER_RULE_1_PATH_PREFIX;
      for (const [name, value] of Object.entries(first)) {
        (all as Record<string, string>)[`LISTENER_RULE_1_${name}`] = value;
      }
      for (const [name, value] of Object.entries({ TARGET_GROUP: "web", ...second })) {
        (all as Record<string, string>)[`LISTENER_RULE_2_${name}`] = value;
      }
      return messages(parseEnvironment(all).problems);
    };
    const same = ["LISTENER_RULE_2_*: Rule 2 has the same conditions as rule 1"];
    assert.deepEqual(two({ HOST: "a|b", HEADER: "X: 1 && Y" }, { HEADER: "y && x: 1", HOST: "B|a" }), same);
    assert.deepEqual(two({}, { HOST: "a", PATH_PREFIX: "/" }), []);
    assert.deepEqual(two({ HOST: "a" }, { HOST: "a", PATH_PREFIX: "/" }), same);
    assert.deepEqual(two({ PRIORITY: "5" }, { PRIORITY: "5", HOST: "a" }), [
      "LISTENER_RULE_2_PRIORITY: 5 is the priority of rule 1 too",
    ]);
  },
);

Deno.test("a rule whose conditions have a mistake is not compared with others, which it only seems to be like", () => {
  const second = { ...MINIMAL, LISTENER_RULE_2_TARGET_GROUP: "web" };
  const found = (mistake: Record<string, string>) => {
    const { problems, warnings } = parseEnvironment({ ...second, ...mistake });
    return messages([...problems, ...warnings]);
  };
  assert.deepEqual(found({ LISTENER_RULE_2_PATH_PREFX: "/api" }), [
    "LISTENER_RULE_2_PATH_PREFX: There is no such variable; did you mean LISTENER_RULE_2_PATH_PREFIX?",
  ]);
  const [wrong, ...others] = found({ LISTENER_RULE_2_SOURCE_IP: "10.0.0.0/33" });
  assert.match(wrong!, /^Cannot use "10.0.0.0\/33" as LISTENER_RULE_2_SOURCE_IP/);
  assert.deepEqual(others, []);
  assert.ok(
    found({ LISTENER_RULE_2_PRIORITY: "0" }).includes(
      "LISTENER_RULE_2_*: Rule 2 has the same conditions as rule 1",
    ),
    "a mistake that is not in a condition hides nothing",
  );
});

Deno.test("weights of groups are 0 to 999, and a group alone or without a weight has 1", () => {
  const groupsOf = (text: string) => {
    const { action } = ruleOf({ TARGET_GROUP: text });
    return action.kind === "forward" ? action.groups.map(({ name, weight }) => `${name}=${weight}`).join(" ") : "";
  };
  assert.equal(groupsOf("web"), "web=1");
  assert.equal(groupsOf("web:90, api:10,"), "web=90 api=10");
  assert.equal(groupsOf("web,api:0"), "web=1 api=0");
  assert.match(problemOf({ TARGET_GROUP: "web:1000" }), /with weights of 0 to 999/);
  assert.match(problemOf({ TARGET_GROUP: "web:0,api:0" }), /a weight above 0 for at least one group/);
  assert.match(problemOf({ TARGET_GROUP: "web,web:2" }), /a list that names each group once \("web" is there twice\)/);
  assert.match(problemOf({ TARGET_GROUP: "web,apy" }), /No group is called "apy".*did you mean "api"/);
});

Deno.test("a rule does exactly one thing", () => {
  assert.match(
    problemOf({ TARGET_GROUP: "web", REDIRECT: "301 /x" }),
    /^LISTENER_RULE_1_TARGET_GROUP and LISTENER_RULE_1_REDIRECT: A rule does one thing/,
  );
  assert.match(
    problemOf({ HOST: "a" }),
    /^LISTENER_RULE_1_TARGET_GROUP: The rule names no target group \("web", "api"\)/,
  );
});

Deno.test("redirects that can't be, or always lead to themselves, are errors", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["200 /x", /a status \(301, 302, 303, 307 or 308\)/],
    ["301", /a blank and a URL/],
    ["301 x", /a URL that begins with "http:\/\/"/],
    ["301 //x/", /a URL that begins with "http:\/\/"/],
    ["301 https://#{hots}/", /with the placeholders .* \("#\{hots\}" is none\)/],
    ["301 https://#{host}#{path}", /such as #\{host\}/],
    ["301 https://#{path}/", /such as #\{host\}/],
    ["301 /#{path}?#{query}", /another URL than the request's own/],
    ["301 #{protocol}://#{host}:#{port}/#{path}?#{query}", /another URL than the request's own/],
    ["301 /é", /percent-encoded/],
  ];
  for (const [text, expected] of wrong) assert.match(problemOf({ REDIRECT: text }), expected, text);
  for (
    const fine of [
      "301 /new/#{path}?#{query}",
      "308 https://#{host}:8443/#{path}",
      "302 http://[::1]:80/",
      "303 https://#{host}",
    ]
  ) {
    assert.equal(ruleOf({ REDIRECT: fine }).action.kind, "redirect", fine);
  }
});

Deno.test("a value that .env cut at a placeholder is an error that says so", () => {
  const text = (value: string) => `LISTENER_RULE_1_REDIRECT=${value}\n`;
  const parse = (value: string) => messages(parseWith({ envFile: { path: ".env", text: text(value) } }).problems);
  assert.deepEqual(parse("301 https://#{host}/"), [
    'Cannot use "301 https://" as LISTENER_RULE_1_REDIRECT (.env:1): it must be a URL with a host between "://" and ' +
    'the next "/", such as #{host}',
    'LISTENER_RULE_1_REDIRECT (.env:1): It was cut at "#{", where a comment begins in .env: put the value between ' +
    "double quotes",
  ]);
  assert.deepEqual(parse('"301 https://#{host}/"'), []);
  assert.deepEqual(parse("301 /new # {a comment}"), []);
});

Deno.test("a fixed response has a status, or a status, a type and a body", () => {
  const { action } = ruleOf({ FIXED_RESPONSE: "503 text/plain Back soon" });
  assert.deepEqual(action, {
    kind: "fixed_response",
    status: 503,
    contentType: "text/plain;charset=utf-8",
    body: "Back soon",
  });
  const typed = ruleOf({ FIXED_RESPONSE: '200 application/json {"a": 1}' }).action;
  assert.equal(typed.kind === "fixed_response" && typed.contentType, "application/json");
  for (const text of ["199", "600", "503 text/plain", "503 Back soon", "x"]) {
    assert.match(problemOf({ FIXED_RESPONSE: text }), /a status \(200 to 599\)/, text);
  }
  for (const text of ["204 text/plain x", "304 text/plain x"]) {
    assert.match(problemOf({ FIXED_RESPONSE: text }), /a response without a body/, text);
  }
});

Deno.test("an expression's replacement names groups that it has", () => {
  const rewrite = (text: string) => ({ TARGET_GROUP: "web", REWRITE_REGEX: text });
  const { action } = ruleOf(rewrite("^/v1/(.*)$ /v2/$1"));
  assert.deepEqual(action.kind === "forward" && action.rewrite, {
    kind: "regex",
    regex: "^/v1/(.*)$",
    replacement: "/v2/$1",
  });
  assert.match(problemOf(rewrite("^/v1")), /a regular expression, a blank and its replacement/);
  assert.match(problemOf(rewrite("( /x")), /RE2's syntax/);
  assert.match(problemOf(rewrite("(a) /$2")), /The expression has 1 groups/);
  assert.match(problemOf(rewrite("a /$x")), /"\$" alone means nothing/);
  assert.match(problemOf(rewrite("a /x?y")), /a path as it is sent, without a query/);
  assert.match(problemOf({ ...rewrite("a /x"), PATH_REWRITE: "/a" }), /A rule can have only one of them/);
});

Deno.test("options that the rule's action has no use for are a warning", () => {
  assert.deepEqual(warningsOf({ REDIRECT: "301 http://c/", HOST_REWRITE: "a", HOST: "b" }), [
    "LISTENER_RULE_1_HOST_REWRITE: Has no effect: the rule sends no request to a target group",
  ]);
  assert.deepEqual(warningsOf({ TARGET_GROUP: "web", STICKINESS_ENABLED: "true" }), [
    "LISTENER_RULE_1_STICKINESS_ENABLED: Has no effect: the rule has one target group only",
  ]);
  assert.deepEqual(warningsOf({ TARGET_GROUP: "web,api", STICKINESS_TTL: "1h" }), [
    "LISTENER_RULE_1_STICKINESS_TTL: Has no effect: LISTENER_RULE_1_STICKINESS_ENABLED is off",
  ]);
  assert.deepEqual(
    warningsOf({ TARGET_GROUP: "web,api", STICKINESS_ENABLED: "true", TARGET_GROUP_FAILOVER: "true" }),
    [],
  );
});
