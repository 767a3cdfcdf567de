import assert from "node:assert/strict";
import { prefixOf, prefixRule } from "../../../src/config/rule.ts";
import { compilePrefixIndex } from "../../../src/rules/prefix_index.ts";
import type { RuleSnapshot } from "../../../src/state/group_snapshot.ts";

function rules(...prefixes: string[]): RuleSnapshot[] {
  return prefixes.map((prefix, slot) => ({ ...prefixRule(slot + 1, { prefix, group: "g" }), slot }));
}

function matched(prefixes: string[], path: string): string | null {
  const rule = compilePrefixIndex(rules(...prefixes)).match(path);
  return rule === null ? null : prefixOf(rule);
}

Deno.test("A45: the longest prefix wins, whatever its number", () => {
  const prefixes = ["/", "/api", "/api/v1", "/ap", "/api/v"];
  for (const order of [prefixes, prefixes.toReversed()]) {
    assert.equal(matched(order, "/api/v1/users"), "/api/v1");
    assert.equal(matched(order, "/api/v2"), "/api");
    assert.equal(matched(order, "/api/v"), "/api/v");
    assert.equal(matched(order, "/app"), "/");
  }
});

Deno.test("A42: a prefix matches whole segments", () => {
  assert.equal(matched(["/api"], "/api"), "/api");
  assert.equal(matched(["/api"], "/api/"), "/api");
  assert.equal(matched(["/api"], "/api/x"), "/api");
  assert.equal(matched(["/api"], "/apix"), null);
  assert.equal(matched(["/api"], "/ap"), null);
});

Deno.test("a prefix with a last slash matches itself and what is below it", () => {
  assert.equal(matched(["/api/"], "/api/"), "/api/");
  assert.equal(matched(["/api/"], "/api/x"), "/api/");
  assert.equal(matched(["/api/"], "/api"), null);
  assert.equal(matched(["/api", "/api/"], "/api"), "/api");
  assert.equal(matched(["/api", "/api/"], "/api/x"), "/api/");
});

Deno.test("A47: no rule, no match", () => {
  assert.equal(matched([], "/"), null);
  assert.equal(matched(["/a", "/b"], "/c"), null);
});

Deno.test("one rule for / takes every path", () => {
  assert.equal(matched(["/"], "/anything/at/all"), "/");
});

Deno.test("of two equal prefixes the first wins", () => {
  assert.equal(compilePrefixIndex(rules("/a", "/a")).match("/a")!.number, 1);
});

Deno.test("a prefix beyond ASCII matches what a browser sends for it", () => {
  const index = compilePrefixIndex(rules("/café", "/"));
  assert.equal(index.match("/caf%C3%A9/x")!.number, 1);
});

Deno.test("explain says of every rule why it won or lost", () => {
  const verdicts = compilePrefixIndex(rules("/", "/api", "/ap", "/web")).explainMatch("/api/x");
  assert.deepEqual(verdicts.map(({ rule, verdict, why }) => [rule.number, verdict, why]), [
    [1, "shorter", '"/" matches the path, but "/api" of rule 2 is longer'],
    [2, "chosen", '"/api" is the longest prefix that matches the path'],
    [3, "no match", 'The path begins with "/ap", but not with whole segments of it'],
    [4, "no match", 'The path is not under "/web"'],
  ]);
});
