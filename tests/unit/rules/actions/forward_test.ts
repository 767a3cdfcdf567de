import assert from "node:assert/strict";
import type { PathRewrite } from "../../../../src/config/rule_action.ts";
import { forward } from "../../../../src/rules/actions/forward.ts";
import { loadRegexEngine } from "../../../../src/rules/regex.ts";

await loadRegexEngine();

function rewritten(rewrite: PathRewrite | null, path: string): string | null {
  return forward({
    kind: "forward",
    groups: [{ name: "g", weight: 1 }],
    failover: false,
    stickiness: null,
    hostRewrite: null,
    rewrite,
  }).rewrite(path);
}

function byRegex(regex: string, replacement: string, path: string): string | null {
  return rewritten({ kind: "regex", regex, replacement }, path);
}

Deno.test("without a rewrite the path stays, with a prefix whole segments are stripped", () => {
  assert.equal(rewritten(null, "/api/x"), "/api/x");
  assert.equal(rewritten({ kind: "strip", prefix: "/api" }, "/api/x"), "/x");
  assert.equal(rewritten({ kind: "strip", prefix: "/api" }, "/apix"), "/apix");
});

Deno.test("the first match is replaced, with its groups", () => {
  assert.equal(byRegex("^/v1/(.*)$", "/v2/$1", "/v1/a/b"), "/v2/a/b");
  assert.equal(byRegex("^/v1/(.*)$", "/v2/$1", "/v3/a"), "/v3/a", "no match changes nothing");
  assert.equal(byRegex("a", "b", "/a/a"), "/b/a");
  assert.equal(byRegex("^/(\\w+)/(\\w+)", "/${2}0/$1$$", "/a/b/c"), "/b0/a$/c");
  assert.equal(byRegex("^/(x)?(y)", "/$1$2", "/y"), "/y", "a group that took no part is empty");
});

Deno.test("the result begins with a slash and is made canonical again", () => {
  assert.equal(byRegex("^/a/", "", "/a/b"), "/b");
  assert.equal(byRegex("^.*$", "", "/a/b"), "/");
  assert.equal(byRegex("^/a", "/x/..", "/a/b"), "/b");
  assert.equal(byRegex("^/a-(.*)", "/%$1", "/a-2e%2e/b"), "/b", "dot segments are resolved, encoded ones too");
});

Deno.test("an expression that makes others backtrack without end takes linear time", () => {
  const path = `/${"a".repeat(20_000)}!`;
  assert.equal(byRegex("^/(a+)+$", "/x", path), path);
});
