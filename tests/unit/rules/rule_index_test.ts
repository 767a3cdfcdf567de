import assert from "node:assert/strict";
import { prefixRule, type RuleConfig } from "../../../src/config/rule.ts";
import type { ConditionKind, RuleCondition } from "../../../src/config/rule_condition.ts";
import { parseConditions } from "../../../src/config/values/condition_values.ts";
import { explainRules } from "../../../src/rules/explain_rules.ts";
import { loadRegexEngine } from "../../../src/rules/regex.ts";
import { RuleIndex } from "../../../src/rules/rule_index.ts";
import { ruleRequest } from "../../support/rule_request.ts";

await loadRegexEngine();

type Written = Partial<Record<ConditionKind, string>> & { readonly priority?: number };

/** Rules with numbers from 1, their conditions as in variables. */
function rules(...written: Written[]): RuleConfig[] {
  return written.map(({ priority = null, ...texts }, index) => ({
    ...prefixRule(index + 1, { prefix: "/", group: "g" }),
    priority,
    conditions: Object.entries(texts).flatMap(([kind, text]) =>
      parseConditions(kind as ConditionKind, text) as readonly RuleCondition[]
    ),
  }));
}

function prefixes(...texts: string[]): RuleConfig[] {
  return texts.map((prefix, index) => prefixRule(index + 1, { prefix, group: "g" }));
}

function matched(those: readonly RuleConfig[], path: string, request: Parameters<typeof ruleRequest>[0] = {}): number {
  return new RuleIndex(those).match(path, ruleRequest(request))?.number ?? 0;
}

Deno.test("A45: the longest prefix wins, whatever its number", () => {
  const texts = ["/", "/api", "/api/v1", "/ap", "/api/v"];
  for (const order of [texts, texts.toReversed()]) {
    const found = (path: string) => order[matched(prefixes(...order), path) - 1];
    assert.equal(found("/api/v1/users"), "/api/v1");
    assert.equal(found("/api/v2"), "/api");
    assert.equal(found("/api/v"), "/api/v");
    assert.equal(found("/app"), "/");
  }
});

Deno.test("A42: a prefix matches whole segments", () => {
  for (const path of ["/api", "/api/", "/api/x"]) assert.equal(matched(prefixes("/api"), path), 1);
  for (const path of ["/apix", "/ap"]) assert.equal(matched(prefixes("/api"), path), 0);
});

Deno.test("a prefix with a last slash matches itself and what is below it", () => {
  assert.equal(matched(prefixes("/api/"), "/api/"), 1);
  assert.equal(matched(prefixes("/api/"), "/api/x"), 1);
  assert.equal(matched(prefixes("/api/"), "/api"), 0);
  assert.equal(matched(prefixes("/api", "/api/"), "/api"), 1);
  assert.equal(matched(prefixes("/api", "/api/"), "/api/x"), 2);
});

Deno.test("A47: no rule, no match", () => {
  assert.equal(matched([], "/"), 0);
  assert.equal(matched(prefixes("/a", "/b"), "/c"), 0);
});

Deno.test("one rule for / takes every path, and so does one without conditions", () => {
  assert.equal(matched(prefixes("/"), "/anything/at/all"), 1);
  assert.equal(matched(rules({}), "/anything/at/all"), 1);
});

Deno.test("of two equal prefixes the first wins", () => {
  assert.equal(matched(prefixes("/a", "/a"), "/a"), 1);
});

Deno.test("a prefix beyond ASCII matches what a browser sends for it", () => {
  assert.equal(matched(prefixes("/café", "/"), "/caf%C3%A9/x"), 1);
});

Deno.test("rules are considered by priority, then path, kind of path, host, number of conditions, and number", () => {
  const request = { host: "Shop.Example:8080", headers: [["X-A", "1"]] } as const;
  const last = { path_prefix: "/a" };
  assert.equal(matched(rules(last, { priority: 7 }, { priority: 3, host: "*" }), "/a/b", request), 3, "priority");
  assert.equal(matched(rules({ host: "shop.example" }, last), "/a/b", request), 2, "a longer path before a host");
  assert.equal(matched(rules({ path: "/a/*" }, { path_prefix: "/a/" }), "/a/", request), 2, "prefix before pattern");
  assert.equal(matched(rules({ path_prefix: "/a/b" }, { path: "/a/b" }), "/a/b", request), 2, "exact before prefix");
  assert.equal(matched(rules({}, { host: "*.example" }, { host: "shop.example" }), "/", request), 3, "exact host");
  assert.equal(matched(rules({}, { host: "*.example" }), "/", request), 2, "a host pattern before none");
  assert.equal(matched(rules(last, { ...last, header: "X-A: 1" }), "/a", request), 2, "more conditions");
  assert.equal(
    matched(rules({ ...last, method: "GET" }, { ...last, header: "X-A" }), "/a", request),
    1,
    "lower number",
  );
});

Deno.test("an expression, and a pattern that begins with a wildcard, count as /", () => {
  assert.equal(matched(rules({ path_regex: "^/a/.*" }, { path_prefix: "/a" }), "/a/b"), 2);
  assert.equal(matched(rules({ path_prefix: "/" }, { path: "*.jpg" }), "/a.jpg"), 1, "the lower number of two equals");
  assert.equal(matched(rules({}, { path: "*.jpg" }), "/a.jpg"), 2, "more conditions than none");
  assert.equal(matched(rules({}, { path_regex: "[0-9]$" }), "/a1"), 2, "unanchored");
  assert.equal(matched(rules({}, { path_regex: "[0-9]$" }), "/a"), 1);
});

Deno.test("a rule with several values stands for one rule each", () => {
  const several = rules({ path: "/a|/b*" }, { path: "/b1*" }, { path: "/a*" });
  assert.equal(matched(several, "/a"), 1);
  assert.equal(matched(several, "/b12"), 2);
  assert.equal(matched(several, "/b2"), 1);
  assert.equal(matched(several, "/ab"), 3);
});

Deno.test("hosts match in any case, without port and final dot; X-Forwarded-Host says nothing", () => {
  const those = rules({ host: "Shop.example.|*.shop.example|[::1]|api-?.example" });
  for (
    const host of ["shop.example", "SHOP.EXAMPLE:81", "shop.example.", "a.b.shop.example", "[::1]:80", "api-1.example"]
  ) {
    assert.equal(matched(those, "/", { host }), 1, host);
  }
  for (const host of ["", "xshop.example", "api-12.example", "[::2]", "shop.example.org"]) {
    assert.equal(matched(those, "/", { host, headers: [["X-Forwarded-Host", "shop.example"]] }), 0, host);
  }
});

Deno.test("methods match by case, and GET does not imply HEAD", () => {
  const those = rules({ method: "GET|PROPFIND" });
  assert.deepEqual(["GET", "PROPFIND", "HEAD", "get"].map((method) => matched(those, "/", { method })), [1, 1, 0, 0]);
});

Deno.test("of repeated header lines any may hold, in any case; a name alone asks that it is there", () => {
  const those = rules({ header: "X-Canary: TRUE|1 && X-Tenant" });
  const asked = (...values: string[]) =>
    matched(those, "/", { headers: [["x-tenant", ""], ...values.map((value) => ["X-CANARY", value] as const)] });
  assert.deepEqual([asked("true"), asked("no", "1"), asked("11"), asked()], [1, 1, 0, 0]);
  assert.equal(matched(those, "/", { headers: [["x-canary", "1"]] }), 0, "all parts must hold");
});

Deno.test("cookies match by case, decoded, with or without quotes", () => {
  const those = rules({ cookie: "beta=1|y?s" });
  const asked = (value: string) => matched(those, "/", { headers: [["Cookie", value]] });
  assert.deepEqual(["beta=1", 'a=2; beta="yes"', "beta=0; beta=%31"].map(asked), [1, 1, 1]);
  assert.deepEqual(["Beta=1", "beta=YES", "abeta=1", "beta", "beta=10"].map(asked), [0, 0, 0, 0, 0]);
});

Deno.test("query parameters match decoded, in any case; + is a blank, and bad UTF-8 stays", () => {
  const those = rules({ query: "Version=2*" }, { query: "q=a b|%FF|é" }, { query: "flag" });
  const asked = (query: string) => matched(those, "/", { query });
  assert.deepEqual(["?version=2", "?x=1&VERSION=2.1", "?version=1&version=%32"].map(asked), [1, 1, 1]);
  assert.deepEqual(["?q=A+b", "?q=a%20b", "?q=%ff", "?q=%C3%A9"].map(asked), [2, 2, 2, 2]);
  assert.deepEqual(["?flag", "?flag=", "?flag=0"].map(asked), [3, 3, 3]);
  assert.deepEqual(["", "?version=3", "?q=%", "?flagg"].map(asked), [0, 0, 0, 0]);
});

Deno.test("source addresses match ranges and addresses, IPv4-mapped ones as IPv4", () => {
  const those = rules({ source_ip: "10.0.0.0/8|2001:db8::/32|192.0.2.7" });
  const asked = (clientAddress: string) => matched(those, "/", { clientAddress });
  assert.deepEqual(["10.1.2.3", "2001:db8::5", "192.0.2.7", "::ffff:10.0.0.1"].map(asked), [1, 1, 1, 1]);
  assert.deepEqual(["11.0.0.1", "2001:db9::", "192.0.2.8", "unix"].map(asked), [0, 0, 0, 0]);
});

Deno.test("the protocol is the client's", () => {
  const those = rules({ protocol: "https" });
  assert.equal(matched(those, "/", { protocol: "https" }), 1);
  assert.equal(matched(those, "/"), 0);
});

Deno.test("a backslash takes a wildcard and a separator literally", () => {
  const those = rules({ path: "/a\\*b|/c\\?", query: "q=1\\|2" });
  assert.equal(matched(those, "/a*b", { query: "?q=1|2" }), 1);
  assert.equal(matched(those, "/axb", { query: "?q=1|2" }), 0);
  assert.equal(matched(those, "/a*b", { query: "?q=1" }), 0);
});

Deno.test("explain says of every rule in order why it won or lost, and what each condition looked at", () => {
  const those = rules({ path_prefix: "/" }, { path_prefix: "/api" }, { path_prefix: "/ap" }, {
    host: "x.example",
    header: "X-A: 1",
  });
  const request = ruleRequest();
  const chosen = new RuleIndex(those).match("/api/x", request);
  const verdicts = explainRules(those, { path: "/api/x", request, chosen });
  assert.deepEqual(verdicts.map(({ rule, verdict, why }) => [rule.number, verdict, why]), [
    [2, "chosen", "Its conditions hold, and no rule before it takes the request"],
    [3, "no match", 'The path begins with "/ap", but not with whole segments of it'],
    [4, "no match", 'The host "example.com" is not like x.example'],
    [1, "later", "Its conditions hold too, but rule 2 comes first"],
  ]);
  assert.deepEqual(
    verdicts[2]!.conditions.map(({ condition: { kind }, held, value }) => [kind, held, value]),
    [["host", false, "example.com"], ["header", false, null]],
  );
});

Deno.test("cookies and parameters are read once for a request, however many rules ask for them", () => {
  const read = { cookie: 0, query: 0 };
  const plain = ruleRequest({});
  const request = {
    ...plain,
    get query() {
      read.query++;
      return "?b=9";
    },
    headerLines: (name: string) => {
      read.cookie++;
      return name === "cookie" ? ["a=9"] : [];
    },
  };
  const those = [1, 2, 3].flatMap((n) => rules({ cookie: `a=${n}` }, { query: `b=${n}` }))
    .map((rule, index) => ({ ...rule, number: index + 1 }));
  assert.equal(new RuleIndex(those).match("/", request), null);
  assert.equal(read.cookie, 1);
  assert.ok(read.query <= 2, `${read.query}`);
});
