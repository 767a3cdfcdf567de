import assert from "node:assert/strict";
import fc from "fast-check";
import { underPrefix } from "../../../src/config/values/path_prefix.ts";
import { clientPath, forwardedPath } from "../../../src/rules/rewrite.ts";
import "../../support/seed.ts";

Deno.test("A46: /my/listener/resource with rewrite /my/listener and a target under /v1 is sent as /v1/resource", () => {
  assert.equal(forwardedPath("/my/listener/resource", "/my/listener", "/v1"), "/v1/resource");
});

Deno.test("the rest of a rewritten path is sent as it came", () => {
  assert.equal(forwardedPath("/api", "/api", "/v1"), "/v1");
  assert.equal(forwardedPath("/api/", "/api", "/v1"), "/v1/");
  assert.equal(forwardedPath("/api//x", "/api", "/v1"), "/v1//x");
  assert.equal(forwardedPath("/api/%2F/x", "/api", ""), "/%2F/x");
});

Deno.test("a path that ends up empty is sent as /", () => {
  assert.equal(forwardedPath("/api", "/api", ""), "/");
  assert.equal(forwardedPath("/api/", "/api", ""), "/");
});

Deno.test("a rewrite strips nothing if it does not match whole segments", () => {
  assert.equal(forwardedPath("/apix", "/api", "/v1"), "/v1/apix");
  assert.equal(forwardedPath("/other", "/api", ""), "/other");
  assert.equal(forwardedPath("/api", "/api/", "/v1"), "/v1/api");
});

Deno.test("A43: without a rewrite the whole path follows the target's base", () => {
  assert.equal(forwardedPath("/a/b", "", "/v1"), "/v1/a/b");
  assert.equal(forwardedPath("/", "", "/v1"), "/v1/");
  assert.equal(forwardedPath("/a", "", ""), "/a");
});

Deno.test("a rewrite's own last slash stays with the path", () => {
  assert.equal(forwardedPath("/api/x", "/api/", "/v1"), "/v1/x");
  assert.equal(forwardedPath("/api/", "/api/", "/v1"), "/v1/");
  assert.equal(forwardedPath("/x", "/", "/v1"), "/v1/x");
});

Deno.test("a prefix holds whole segments only", () => {
  assert.equal(underPrefix("/api", "/api"), true);
  assert.equal(underPrefix("/api/x", "/api"), true);
  assert.equal(underPrefix("/apix", "/api"), false);
  assert.equal(underPrefix("/api", "/api/"), false);
  assert.equal(underPrefix("/api/", "/api/"), true);
  assert.equal(underPrefix("/api/x", "/api/"), true);
  assert.equal(underPrefix("/anything", "/"), true);
});

Deno.test("a target's path leads back through the rewrite that was used, and only there", () => {
  const way = { asked: "/api/x", rewrite: "/api", base: "/v1" };
  assert.equal(clientPath("/v1/login", way), "/api/login");
  assert.equal(clientPath("/v1", way), "/api");
  assert.equal(clientPath("/v1//x", way), "/api//x");
  assert.equal(clientPath("/v1x", way), "/v1x");
  assert.equal(clientPath("/v1/login", { ...way, asked: "/other" }), "/login", "nothing was stripped");
  assert.equal(clientPath("/login", { ...way, base: "" }), "/api/login");
  assert.equal(clientPath("/login", { ...way, rewrite: "/api/", base: "" }), "/api/login");
  assert.equal(clientPath("/v1", { ...way, rewrite: "/api/" }), "/api/");
  assert.equal(clientPath("/v1", { ...way, rewrite: "" }), "/");
});

Deno.test("what a target's path leads back to is sent to that path again", () => {
  const segments = fc.array(fc.constantFrom("", "a", "b", "api"), { maxLength: 3 });
  const path = segments.map((parts) => "/" + parts.join("/"));
  const base = fc.constantFrom("", "/a", "/a/b");
  const rewrite = fc.constantFrom("", "/", "/api", "/api/", "/a/b");
  fc.assert(fc.property(path, base, rewrite, (rest, base, rewrite) => {
    const asked = rewrite === "" ? "/" : `${rewrite}/x`.replaceAll("//", "/");
    const there = base + rest;
    assert.equal(forwardedPath(clientPath(there, { asked, rewrite, base }), rewrite, base), there);
  }));
});
