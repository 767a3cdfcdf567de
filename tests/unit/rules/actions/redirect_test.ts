import assert from "node:assert/strict";
import fc from "fast-check";
import { redirect } from "../../../../src/rules/actions/redirect.ts";
import { canonicalPath } from "../../../../src/rules/canonical_path.ts";
import "../../../support/seed.ts";
import { ruleRequest } from "../../../support/rule_request.ts";

interface Asked {
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly protocol?: "http" | "https";
}

/** Where a request is redirected to; the reason if it is refused instead. */
function locationOf(template: string, { path = "/a/b", ...asked }: Asked = {}): string {
  const request = { ...ruleRequest({ query: "?q=1", ...asked }), path, listenerPort: 8080 };
  const answer = redirect({ kind: "redirect", status: 301, location: template }).answer(request);
  return typeof answer === "string" ? answer : answer.headers[0]![1];
}

Deno.test("placeholders stand for the request's parts", () => {
  const all = "#{protocol}://#{host}:#{port}/x/#{path}?#{query}&y";
  assert.equal(locationOf(all, { host: "Shop.Example:81" }), "http://shop.example:8080/x/a/b?q=1&y");
  assert.equal(locationOf("https://#{host}/#{path}?#{query}", { host: "[::1]:80" }), "https://[::1]/a/b?q=1");
});

Deno.test("the ? of an empty query is left out, and so are default ports", () => {
  assert.equal(locationOf("https://#{host}:443/#{path}?#{query}", { query: "" }), "https://example.com/a/b");
  assert.equal(locationOf("http://#{host}:80", { query: "?" }), "http://example.com");
  assert.equal(locationOf("http://#{host}:443/"), "http://example.com:443/");
  assert.equal(locationOf("/new?#{query}", { query: "?" }), "/new");
});

Deno.test("a Location that is the request's own URL is a loop", () => {
  assert.equal(locationOf("http://#{host}/#{path}?#{query}"), "loop");
  assert.equal(locationOf("http://#{host}:8080/#{path}?#{query}", { host: "example.com:8080" }), "loop");
  assert.equal(locationOf("http://example.com", { path: "/", query: "" }), "loop");
  assert.equal(locationOf("/a/#{query}", { path: "/a/q=1", query: "" }), "/a/");
  assert.equal(locationOf("/a", { path: "/a", query: "" }), "loop");
  assert.equal(locationOf("https://#{host}/#{path}?#{query}"), "https://example.com/a/b?q=1", "another protocol");
  assert.equal(locationOf("https://#{host}/#{path}?#{query}", { protocol: "https" }), "loop");
  assert.equal(locationOf("/a", { path: "/a" }), "/a", "another query");
});

Deno.test("a request without Host is refused only if the Location needs its host", () => {
  assert.equal(locationOf("https://#{host}/#{path}", { host: "" }), "bad_request");
  assert.equal(locationOf("https://new.example/#{path}", { host: "" }), "https://new.example/a/b");
  assert.equal(locationOf("/new", { host: "" }), "/new");
});

Deno.test("nothing that a client sends forges a host or a line", () => {
  assert.equal(locationOf("/#{path}?x", { path: "//evil.example/" }), "/%2Fevil.example/?x");
  const templates = [
    "/#{path}?x=#{query}",
    "https://#{host}/#{path}?#{query}",
    "/old/#{path}",
    "https://shop.example/#{path}",
  ];
  const text = fc.string({ unit: "binary", maxLength: 20 });
  fc.assert(
    fc.property(fc.constantFrom(...templates), text, text, (template, rawPath, rawQuery) => {
      const path = canonicalPath(`/${rawPath}`);
      if (path === null) return;
      const location = locationOf(template, { path, query: rawQuery === "" ? "" : `?${rawQuery}` });
      if (location === "loop") return;
      assert.match(location, /^[\x21-\x7e]+$/);
      assert.doesNotMatch(location, /["<>\\^`{|}]/);
      const { host } = new URL(location, "http://own.example/");
      assert.equal(
        host,
        template.startsWith("/") ? "own.example" : template.includes("shop") ? "shop.example" : "example.com",
      );
    }),
    { numRuns: 5000 },
  );
});
