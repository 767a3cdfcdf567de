/** Hosts, request targets, paths and methods: what is refused, and in which form the rest reaches a target. */
import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../../support/engine.ts";
import { header } from "../../support/raw_message.ts";
import { rawExchange } from "../../support/raw_client.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

Deno.test("a request without a host that is one is answered 400", async (t) => {
  await using stage = await WireStage.start();
  const hosts = [
    "a/evil",
    "a b",
    "",
    "user@a",
    "a?x",
    "a#x",
    "a\\b",
    "[::1",
    "a:b",
    "caf\xe9",
    "a%2fb",
    "a\tb",
    "a:1:2",
  ];
  for (const host of hosts) {
    await t.step(`Host: ${JSON.stringify(host)}`, async () => {
      const got = await rawExchange(stage.sluice.url, `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [400, "bad_request"]);
    });
  }
  await t.step("no Host at all, in HTTP/1.1 and with an absolute URL", async () => {
    for (const line of ["GET /x HTTP/1.1", "GET http://a/x HTTP/1.1"]) {
      const got = await rawExchange(stage.sluice.url, `${line}\r\n\r\n`);
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [400, "bad_request"]);
    }
  });
  assert.equal(stage.target.requests.length, 0);
  await t.step("names, addresses and ports are hosts", async () => {
    for (const host of ["a", "a.example:8080", "127.0.0.1", "[::1]:80", "a:"]) {
      assert.equal((await rawExchange(stage.sluice.url, `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status, 200);
    }
  });
  const { lines } = await stage.settled();
  assert.equal(lines.filter((line) => line.reason === "bad_request").length, hosts.length + 2);
});

Deno.test("request targets other than a path", async (t) => {
  await using stage = await WireStage.start();
  const ask = (line: string) => rawExchange(stage.sluice.url, stage.head(line));
  await t.step("an absolute URL is taken as host and path, and its host counts (RFC 9112 section 3.2.2)", async () => {
    assert.equal((await ask("GET http://other.example:99/a/./b?q")).status, 200);
    assert.equal((await ask("GET http://other.example")).status, 200);
    assert.deepEqual(stage.target.requests.map((r) => r.path), ["/a/b?q", "/"]);
    const { lines } = await stage.settled();
    assert.deepEqual(lines.map((line) => line.host), ["other.example:99", "other.example"]);
  });
  stage.clear();
  const none = ["http:///a", "http://?q", "https:///a", "HTTP:///a", "http://", "http://:80/a"];
  for (const target of ["ftp://a/x", "a://b/x", "http://user@a/x", "*", "x", ...none]) {
    await t.step(`GET ${target} is 400`, async () => assert.equal((await ask(`GET ${target}`)).status, 400));
  }
  await t.step("a URL with a host as a part of a path is a path", async () => {
    for (const path of ["/http://a/x", "/x/http:///a", "/http:/a", "/https://a"]) {
      assert.equal((await ask(`GET ${path}`)).status, 200);
      assert.equal(stage.target.requests.at(-1)!.path, path);
    }
    stage.clear();
  });
  await t.step("HTTP/1.0 is served with a Host alone: the platform hides the version (docs/platform.md)", async () => {
    if (WIRE_ENGINE) return;
    const line = (target: string, host: string) => `GET ${target} HTTP/1.0\r\n${host}\r\n`;
    assert.equal((await rawExchange(stage.sluice.url, line("/x", "Host: a\r\n"))).status, 200);
    stage.clear();
    assert.equal((await rawExchange(stage.sluice.url, line("/x", ""))).status, 400);
    assert.equal((await rawExchange(stage.sluice.url, line("http://a/x", ""))).status, 400);
  });
  await t.step("OPTIONS * is 400 with Deno.serve: no rule can take it", async () => {
    if (WIRE_ENGINE) return;
    const got = await ask("OPTIONS *");
    assert.deepEqual([got.status, header(got, "x-sluice-reason")], [400, "bad_request"]);
  });
  await t.step("HTTP versions that are none are 400", async () => {
    for (const version of ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTQ/1.1"]) {
      const got = await rawExchange(stage.sluice.url, `GET /x ${version}\r\nHost: a\r\n\r\n`);
      assert.equal(
        got.status,
        WIRE_ENGINE && version === "HTTP/2.0" || WIRE_ENGINE && version === "HTTP/0.9" ? 505 : 400,
      );
    }
  });
  assert.equal(stage.target.requests.length, 0);
});

Deno.test("methods that can't be forwarded as they came are answered 405 with Allow", async (t) => {
  await using stage = await WireStage.start();
  const refused = [
    "CONNECT a:80",
    "TRACE /x",
    "TRACK /x",
    "trace /x",
    "Connect /x",
    // What fetch and Deno.serve take for another method.
    ...(WIRE_ENGINE ? [] : ["get /x", "Get /x", "head /x", "post /x"]),
  ];
  for (const line of refused) {
    await t.step(line, async () => {
      const got = await rawExchange(stage.sluice.url, stage.head(line), line.split(" ")[0]);
      if (line === "Connect /x") return assert.ok(got.status === 400 || got.status === 405);
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [405, "method_refused"]);
      assert.equal(header(got, "allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
      assert.equal(got.body.length, 0);
    });
  }
  assert.equal(stage.target.requests.length, 0);
  await t.step("every other method passes as it came, extensions too (A56, C9)", async () => {
    const methods = [
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "PROPFIND",
      "M-SEARCH",
      "FOO",
      "patch",
    ];
    for (const method of methods) {
      const got = await rawExchange(stage.sluice.url, stage.head(`${method} /x`), method);
      assert.equal(got.status, 200);
    }
    assert.deepEqual(stage.target.requests.map((request) => request.method), methods);
  });
  await stage.settled();
});

Deno.test("the path that a rule sees is the path that a target gets, so /public can't reach /admin", async (t) => {
  await using admin = await RecorderTarget.start();
  await using stage = await WireStage.start({
    env: {
      LISTENER_RULE_1_PATH_PREFIX: "/public",
      LISTENER_RULE_2_PATH_PREFIX: "/",
      LISTENER_RULE_2_TARGET_GROUP: "rest",
      TARGET_GROUP_2_NAME: "rest",
      TARGET_GROUP_2_TARGETS: admin.address,
    },
  });
  const outside: Record<string, string> = {
    "/public/../admin": "/admin",
    "/public/%2e%2e/admin": "/admin",
    "/public/%2E./admin": "/admin",
    "/public/.%2e/admin": "/admin",
    "/public;/../admin": "/admin",
    "/public/..": "/",
    "/../../x": "/x",
    "/publicx": "/publicx",
    "/PUBLIC/x": "/PUBLIC/x",
    "/%70ublic/x": "/%70ublic/x",
    "//public/x": "//public/x",
    "//evil.example/x": "//evil.example/x",
    "/public%2f..%2fadmin": "/public%2f..%2fadmin",
  };
  const inside: Record<string, string> = {
    "/public": "/public",
    "/public/./x": "/public/x",
    "/public/%2e/x": "/public/x",
    "/public//x": "/public//x",
    "/public/a%2Fb%7e%zz%": "/public/a%2Fb%7e%zz%",
    "/public/..%2fadmin": "/public/..%2fadmin",
    "/public/%252e%252e/admin": "/public/%252e%252e/admin",
    "/public/..;/admin": "/public/..;/admin",
    "/public/...": "/public/...",
    "/public/%00": "/public/%00",
    '/public/<>"`{}|^': "/public/%3C%3E%22%60%7B%7D|^",
    "/public/x?a=../..&b=%2e%2e//&c=a%20b+c??": "/public/x?a=../..&b=%2e%2e//&c=a%20b+c??",
    "/public/x?": "/public/x?",
  };
  for (const [paths, where, other] of [[outside, admin, stage.target], [inside, stage.target, admin]] as const) {
    for (const [path, seen] of Object.entries(paths)) {
      await t.step(`${path} is matched and sent as ${seen} (A53)`, async () => {
        where.requests.length = other.requests.length = 0;
        assert.equal((await rawExchange(stage.sluice.url, stage.head(`GET ${path}`))).status, 200);
        assert.deepEqual([where.requests.map((r) => r.path), other.requests.length], [[seen], 0]);
      });
    }
  }
  admin.requests.length = stage.target.requests.length = 0;
  const refused = [
    "/public/..\\admin",
    "/public\\..\\admin",
    "/public#/../admin",
    "/public?a#b",
    "/public/\x01",
    "/public/\x7f",
    "/public/\t/x",
    "/public/a b",
    "/public/caf\xe9",
  ];
  for (const path of refused) {
    await t.step(`${JSON.stringify(path)} is 400`, async () => {
      assert.equal((await rawExchange(stage.sluice.url, stage.head(`GET ${path}`))).status, 400);
    });
  }
  assert.deepEqual([admin.requests.length, stage.target.requests.length], [0, 0]);
  const { lines } = await stage.settled();
  assert.equal(lines.filter((line) => line.path === "/admin" && line.rule === 2).length, 5);
});
