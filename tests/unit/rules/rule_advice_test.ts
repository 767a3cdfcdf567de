import assert from "node:assert/strict";
import { messages, parseEnvironment } from "../config/parse_with.ts";

/** What is said of rules with these variables; each goes to group `web` unless it says otherwise. */
function advice(...rules: Readonly<Record<string, string>>[]): string[] {
  const environment: Record<string, string> = { TARGET_GROUP_1_NAME: "web", TARGET_GROUP_1_TARGETS: "10.0.0.1:80" };
  rules.forEach((rule, index) => {
    const own = "REDIRECT" in rule ? rule : { TARGET_GROUP: "web", ...rule };
    for (const [name, value] of Object.entries(own)) environment[`LISTENER_RULE_${index + 1}_${name}`] = value;
  });
  const { problems, warnings } = parseEnvironment(environment);
  assert.deepEqual(messages(problems), []);
  return messages(warnings).filter((line) => !line.includes("No rule names group"));
}

Deno.test("a rule that no request reaches is a warning that names who takes them", () => {
  assert.deepEqual(advice({ PRIORITY: "1" }, { HOST: "a.x", PATH_PREFIX: "/a" }), [
    "LISTENER_RULE_2_*: No request reaches the rule: rule 1 takes them all",
  ]);
  assert.deepEqual(advice({ HOST: "*.x", PRIORITY: "1" }, { HOST: "a.x", HEADER: "X" }).length, 1);
  assert.deepEqual(advice({ PATH_PREFIX: "/a", PRIORITY: "1" }, { PATH: "/a/b|/a/c*" }).length, 1);
  assert.deepEqual(advice({ HOST: "a.x", METHOD: "GET" }, { HOST: "a.x", METHOD: "GET", PATH: "*" }).length, 0);
});

Deno.test("a rule that some request reaches is none", () => {
  const fine: readonly (readonly Record<string, string>[])[] = [
    [{ PRIORITY: "1", HOST: "a.x" }, { HOST: "a.x|b.x", PATH_PREFIX: "/a" }],
    [{ PRIORITY: "1", PATH_PREFIX: "/a" }, { PATH: "/a*" }],
    [{ PRIORITY: "1", PATH: "/a*" }, { PATH_PREFIX: "/a" }],
    [{ PRIORITY: "1", METHOD: "GET" }, { METHOD: "POST" }],
    [{ PRIORITY: "1", PATH_PREFIX: "/a/" }, { PATH_PREFIX: "/a", HOST_REWRITE: "b" }],
    [{ PRIORITY: "1", HOST: "*.x" }, { HOST: "x" }],
    [{}, { HOST: "a.x" }, { PATH_PREFIX: "/a" }],
  ];
  for (const rules of fine) assert.deepEqual(advice(...rules), [], JSON.stringify(rules));
});

Deno.test(
  "an expression of which a longer path takes every request is a warning, and one that it may still get is " +
    "none",
  () => {
    assert.deepEqual(advice({ PATH_PREFIX: "/api" }, { PATH_REGEX: "^/api/v[0-9]+/" }), [
      'LISTENER_RULE_2_PATH_REGEX: Rule 1 takes every path that "^/api/v[0-9]+/" can match, as a longer path comes ' +
      "before an " +
      "expression: LISTENER_RULE_2_PRIORITY would put this rule first",
    ]);
    for (const regex of ["^/api", "^/ap[ix]/", "/api/v1", "^/api/?x", "^/(api|web)/", "^/apis/"]) {
      assert.deepEqual(advice({ PATH_PREFIX: "/api/x" }, { PATH_REGEX: regex }), [], regex);
    }
    assert.deepEqual(advice({ PATH_PREFIX: "/api" }, { PATH_REGEX: "^/api/v1", PRIORITY: "1" }), []);
    assert.deepEqual(advice({ PATH_PREFIX: "/api", HOST: "a.x" }, { PATH_REGEX: "^/api/v1" }), []);
  },
);

Deno.test("redirects that lead to themselves, perhaps by another, are a warning", () => {
  assert.deepEqual(
    advice({ HOST: "a.x", REDIRECT: "301 http://b.x/#{path}" }, { HOST: "b.x", REDIRECT: "301 http://a.x/#{path}" }),
    [
      "LISTENER_RULE_1_REDIRECT: A request for http://a.x/ would be redirected without end",
      "LISTENER_RULE_2_REDIRECT: A request for http://b.x/ would be redirected without end",
    ],
  );
  assert.equal(advice({ PATH_PREFIX: "/a", REDIRECT: "301 /a" }).length, 1);
  assert.equal(advice({ REDIRECT: "301 /a" }).length, 1);
  assert.deepEqual(
    advice({ REDIRECT: "301 https://#{host}/#{path}?#{query}" }),
    [],
    "another protocol is another server",
  );
  assert.deepEqual(advice({ HOST: "a.x", REDIRECT: "301 http://b.x/#{path}" }, { HOST: "b.x" }), []);
  assert.deepEqual(advice({ PATH: "/", REDIRECT: "302 /start" }, {}), []);
  assert.deepEqual(advice({ REDIRECT: "302 http://a.x:9000/" }), [], "another port is another server");
});
