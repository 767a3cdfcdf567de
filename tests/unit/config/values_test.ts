import assert from "node:assert/strict";
import { CIDR, HOST_HEADER, isLoopback, parseHost } from "../../../src/config/values/address_values.ts";
import { parseDuration } from "../../../src/config/values/duration.ts";
import { COOKIE_NAME, defaultCookieName } from "../../../src/config/values/http_names.ts";
import { STATUS_MATCHER } from "../../../src/config/values/status_matcher.ts";
import { parseTarget, type TargetAddress } from "../../../src/config/values/target_text.ts";
import { BOOLEAN, integer, Refusal } from "../../../src/config/values/value_kind.ts";
import { parseWeight } from "../../../src/config/values/weights.ts";

const target = (host: string, port: number, base = "", scheme: "http" | "https" = "http"): TargetAddress => ({
  scheme,
  host,
  port,
  base,
});

Deno.test("A17 A18: targets are host:port/base, with a scheme or an IPv6 address too", () => {
  const targets: Record<string, TargetAddress> = {
    "127.0.0.1:8080": target("127.0.0.1", 8080),
    "127.0.0.1:8080/api": target("127.0.0.1", 8080, "/api"),
    "127.0.0.1:8080/api/": target("127.0.0.1", 8080, "/api"),
    "127.0.0.1:8080/": target("127.0.0.1", 8080),
    "example.com:80": target("example.com", 80),
    "Backend.Example.com:8080/v1": target("backend.example.com", 8080, "/v1"),
    "example.com": target("example.com", 80),
    "example.com/v1//": target("example.com", 80, "/v1/"),
    "HTTPS://example.com": target("example.com", 443, "", "https"),
    "http://a_b:65535/x:y@z": target("a_b", 65535, "/x:y@z"),
    "[::1]:8080/v1": target("::1", 8080, "/v1"),
    "[0:0:0:0:0:0:0:1]": target("::1", 80),
    "name.": target("name.", 80),
  };
  for (const [text, expected] of Object.entries(targets)) assert.deepEqual(parseTarget(text), expected, text);
});

Deno.test("what is no target is refused with what is wrong", () => {
  const refused: Record<string, RegExp> = {
    "a:0": /port from 1/,
    "a:65536": /port from 1/,
    "a:": /port from 1/,
    "a:80x": /port from 1/,
    "a:1:2": /port from 1/,
    ":80": /host before/,
    "/v1": /host before/,
    "http://": /host before/,
    "ftp://a": /http:\/\//,
    "user:pw@a": /user or password/,
    "a/x?y": /query/,
    "a?y": /query/,
    "a/#y": /fragment/,
    "::1": /brackets/,
    "fe80::1:80": /brackets/,
    "[::1": /of the form|\[http/,
    "[::g]:80": /host name/,
    "[fe80::1%eth0]:80": /host name/,
    "a b:80": /host name/,
    "-a:80": /host name/,
    "a..b": /host name/,
    "127.1:80": /host name/,
    "010.0.0.1": /host name/,
    "0x7f000001": /host name/,
    "256.0.0.1": /host name/,
    "a/../b": /dot segment/,
    "a\\b": /base that is/,
  };
  for (const [text, expected] of Object.entries(refused)) {
    const refusal = parseTarget(text);
    assert.ok(refusal instanceof Refusal, text);
    assert.match(refusal.mustBe, expected, text);
  }
});

Deno.test("durations are milliseconds, or have a unit", () => {
  const durations = {
    "0": 0,
    "500": 500,
    "500ms": 500,
    "30s": 30_000,
    "5m": 300_000,
    "1.5S": 1500,
    "2h": 7_200_000,
    "1d": 86_400_000,
    "30 s": 30_000,
  };
  for (const [text, ms] of Object.entries(durations)) assert.equal(parseDuration(text), ms, text);
  for (const text of ["", "s", "-1", "+1", "1e3", "0x10", "1.5", "1.5ms", ".5s", "5 minutes", "1s2", "9".repeat(30)]) {
    assert.equal(parseDuration(text), null, text);
  }
});

Deno.test("weights are host:weight or host:port:weight", () => {
  assert.deepEqual(parseWeight("A:5"), { host: "a", port: null, weight: 5 });
  assert.deepEqual(parseWeight("a:80:5"), { host: "a", port: 80, weight: 5 });
  assert.deepEqual(parseWeight("[::1]:5"), { host: "::1", port: null, weight: 5 });
  assert.deepEqual(parseWeight("[::1]:80:100000"), { host: "::1", port: 80, weight: 100_000 });
  for (
    const text of [
      "a",
      "a:0",
      "a:-1",
      "a:1.5",
      "a:0:1",
      "a:65536:1",
      "a:100001",
      ":1",
      "::1:5",
      "http://a:1",
      "a/b:1",
      "a:1:2:3",
    ]
  ) {
    assert.ok(parseWeight(text) instanceof Refusal, text);
  }
});

Deno.test("matchers are statuses and ranges of them", () => {
  assert.deepEqual(STATUS_MATCHER.parse("200-299, 301,"), [{ from: 200, to: 299 }, { from: 301, to: 301 }]);
  for (const text of [",", "2xx", "99", "200-", "299-200", "200-600", "1000", "-200"]) {
    assert.ok(STATUS_MATCHER.parse(text) instanceof Refusal, text);
  }
});

Deno.test("booleans are true and false in any case, 1 and 0", () => {
  for (const text of ["true", "TRUE", "True", "1"]) assert.equal(BOOLEAN.parse(text), true);
  for (const text of ["false", "FALSE", "0"]) assert.equal(BOOLEAN.parse(text), false);
  for (const text of ["yes", "on", "00", "truee"]) assert.ok(BOOLEAN.parse(text) instanceof Refusal);
});

Deno.test("whole numbers are digits only", () => {
  const kind = integer(0, 100);
  assert.equal(kind.parse("007"), 7);
  for (const text of ["1e1", "0x10", "+1", "-0", "1.0", "101", "١"]) {
    assert.ok(kind.parse(text) instanceof Refusal, text);
  }
});

Deno.test("CIDRs are ranges, or one address", () => {
  assert.equal(CIDR.parse("10.0.0.0/8"), "10.0.0.0/8");
  assert.equal(CIDR.parse("10.1.2.3"), "10.1.2.3/32");
  assert.equal(CIDR.parse("FD00::/8"), "fd00::/8");
  assert.equal(CIDR.parse("::1"), "::1/128");
  for (const text of ["10.0.0.0/33", "10.0.0.0/", "10/8", "a.example/8", "::/129", "10.0.0.0/8/8", "10.0.0.0/-1"]) {
    assert.ok(CIDR.parse(text) instanceof Refusal, text);
  }
});

Deno.test("loopback is 127.0.0.0/8, ::1, IPv4 in IPv6 of it, and localhost", () => {
  for (const host of ["127.0.0.1", "127.255.0.9", "::1", "localhost", "a.localhost", "::ffff:127.0.0.1"]) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.example.com"]) {
    assert.ok(!isLoopback(host), host);
  }
});

Deno.test("a Host header is a host with an optional port", () => {
  assert.equal(HOST_HEADER.parse("Shop.example"), "shop.example");
  assert.equal(HOST_HEADER.parse("shop.example:8080"), "shop.example:8080");
  assert.equal(HOST_HEADER.parse("[::1]:80"), "[::1]:80");
  assert.equal(HOST_HEADER.parse("[::1]"), "[::1]");
  for (const text of ["a b", "a:0", "a:99999", "a:b", "a/b", "a\r\nb"]) {
    assert.ok(HOST_HEADER.parse(text) instanceof Refusal, text);
  }
  assert.equal(parseHost("x".repeat(64)), null);
  assert.equal(parseHost("a.".repeat(127)), "a.".repeat(127));
  assert.equal(parseHost("a.".repeat(128)), null);
});

Deno.test("the default cookie name of any group is a cookie name, and no two groups share one", () => {
  assert.equal(defaultCookieName("web"), "sluice-web");
  assert.equal(defaultCookieName("a b"), "sluice-a%20b");
  const names = ["a b", "a%20b", "a_b", "é", "<script>", "a;b", 'a"b'].map(defaultCookieName);
  for (const name of names) assert.equal(COOKIE_NAME.parse(name), name);
  assert.equal(new Set(names).size, names.length);
});
