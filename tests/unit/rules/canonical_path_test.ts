import assert from "node:assert/strict";
import { canonicalPath, canonicalQuery, exactQuery } from "../../../src/rules/canonical_path.ts";

Deno.test("an ordinary path is left as it came", () => {
  for (
    const path of [
      "/",
      "/a/b",
      "/a//b/",
      "//a",
      "/.well-known/x",
      "/...",
      "/..a",
      "/a.b",
      "/%2F%2f",
      "/%7e",
      "/%2e%2e%2f",
    ]
  ) {
    assert.equal(canonicalPath(path), path);
  }
});

Deno.test("dot segments are resolved before matching, raw or encoded in any mix", () => {
  for (const dots of ["..", ".%2e", "%2e.", "%2E%2e", "%2e%2E"]) {
    assert.equal(canonicalPath(`/public/${dots}/admin`), "/admin");
    assert.equal(canonicalPath(`/public/${dots}`), "/");
  }
  assert.equal(canonicalPath("/a/./b"), "/a/b");
  assert.equal(canonicalPath("/a/%2e/b/."), "/a/b/");
  assert.equal(canonicalPath("/../../a"), "/a");
  assert.equal(canonicalPath("/a//../b"), "/a/b");
  assert.equal(canonicalPath("/.//a"), "//a");
});

Deno.test("a raw backslash, hash or control character is refused, wherever it stands", () => {
  const refused = ["\\", "#", "?", "\x7f", ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code))];
  for (const char of refused) {
    assert.equal(canonicalPath(`/${char}`), null);
    assert.equal(canonicalPath(`/a/../b${char}c`), null);
  }
});

Deno.test("a path that does not begin with a slash is refused, an absent one is the root", () => {
  assert.equal(canonicalPath("*"), null);
  assert.equal(canonicalPath("host:443"), null);
  assert.equal(canonicalPath(""), "/");
});

Deno.test("characters that no URL may hold raw are percent-encoded once, before matching", () => {
  assert.equal(canonicalPath('/a"b<c>d`e{f}g h'), "/a%22b%3Cc%3Ed%60e%7Bf%7Dg%20h");
  assert.equal(canonicalPath("/café/../thé/😀"), "/th%C3%A9/%F0%9F%98%80");
  assert.equal(canonicalPath("/a^b|c[d]e~f'g"), "/a^b|c[d]e~f'g");
});

Deno.test("each character alone comes out of the URL parser as the canonical path has it", () => {
  for (let code = 0; code < 0x300; code++) {
    const canonical = canonicalPath(`/a${String.fromCharCode(code)}b`);
    if (canonical !== null) assert.equal(new URL(`http://h${canonical}`).pathname, canonical, `code ${code}`);
  }
});

Deno.test("a query is kept byte for byte, but for what fetch would encode in any case", () => {
  for (const query of ["", "a=1&b=2", "a=%27%zz%", "x[]={y}|z^`\\", "../..//?", "%2e%2e"]) {
    assert.equal(canonicalQuery(query), query);
  }
  assert.equal(canonicalQuery('q=it\'s "<é>"'), "q=it%27s%20%22%3C%C3%A9%3E%22");
});

Deno.test("a query with a hash or a control character is refused", () => {
  for (const query of ["a#b", "a\tb", "\n", "\x7f"]) {
    assert.equal(canonicalQuery(query), null);
    assert.equal(exactQuery(query), null);
  }
});

Deno.test("a transport that writes bytes keeps a query byte for byte, except what no request line holds", () => {
  for (const query of ["", "it's", '<a>"b"', "x[]={y}|z^`\\", "%27%zz%"]) assert.equal(exactQuery(query), query);
  assert.equal(exactQuery("a é"), "a%20%C3%A9");
});

Deno.test("each character alone comes out of the URL parser as the canonical query has it", () => {
  for (let code = 0; code < 0x300; code++) {
    const canonical = canonicalQuery(`a${String.fromCharCode(code)}b`);
    if (canonical !== null) assert.equal(new URL(`http://h/?${canonical}`).search, `?${canonical}`, `code ${code}`);
  }
});
