/**
 * Requests that are malformed, ambiguous or can't be passed on as what they are: none reaches a target as something
 * else.
 */
import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../support/engine.ts";
import { bodyText, header } from "../support/raw_message.ts";
import { rawExchange } from "../support/raw_client.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { WireStage } from "../support/wire_stage.ts";

const CHUNKED_BODY = "3\r\nabc\r\n0\r\n\r\n";

/** Framings that two readers could read differently (request smuggling), and lines that are no header. */
const BAD_FRAMINGS: Record<string, [string, string]> = {
  "Content-Length and Transfer-Encoding": ["Content-Length: 3\r\nTransfer-Encoding: chunked", CHUNKED_BODY],
  "Transfer-Encoding and Content-Length": ["Transfer-Encoding: chunked\r\nContent-Length: 3", CHUNKED_BODY],
  "two different Content-Lengths": ["Content-Length: 3\r\nContent-Length: 4", "abcd"],
  "two equal Content-Lengths": ["Content-Length: 3\r\nContent-Length: 3", "abc"],
  "a list as Content-Length": ["Content-Length: 3, 3", "abc"],
  "a Content-Length with a plus": ["Content-Length: +3", "abc"],
  "a negative Content-Length": ["Content-Length: -3", "abc"],
  "a hexadecimal Content-Length": ["Content-Length: 0x3", "abc"],
  "an exponent as Content-Length": ["Content-Length: 3e0", "abc"],
  "a fraction as Content-Length": ["Content-Length: 3.0", "abc"],
  "an empty Content-Length": ["Content-Length: ", ""],
  "a Content-Length beyond 64 bits": ["Content-Length: 99999999999999999999", "abc"],
  "a Content-Length beyond 2^53": ["Content-Length: 9007199254740993", "abc"],
  "an unknown Transfer-Encoding": ["Transfer-Encoding: foo", CHUNKED_BODY],
  "a second transfer coding": ["Transfer-Encoding: gzip, chunked", CHUNKED_BODY],
  "chunked that is not last": ["Transfer-Encoding: chunked, identity", CHUNKED_BODY],
  "chunked twice": ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNKED_BODY],
  "a word that ends in chunked": ["Transfer-Encoding: xchunked", CHUNKED_BODY],
  "a vertical tab before chunked": ["Transfer-Encoding: \x0bchunked", CHUNKED_BODY],
  "a space before the colon": ["Transfer-Encoding : chunked", CHUNKED_BODY],
  "a folded Transfer-Encoding": ["Transfer-Encoding:\r\n chunked", CHUNKED_BODY],
  "a folded header": ["X-A: a\r\n b", ""],
  "NUL in a value": ["X-A: a\0b", ""],
  "a bare CR in a value": ["X-A: a\rTransfer-Encoding: chunked", CHUNKED_BODY],
  "a second Host": ["Host: other", ""],
  "a line without a colon": ["X-A", ""],
  "a header without a name": [": x", ""],
  "a space in a header's name": ["X A: x", ""],
  "a head of 70 KB": [`X-A: ${"y".repeat(70_000)}`, ""],
};

/** Where the body's end is plain, so that what follows is the next request. */
const FRAMED = new Set(["two equal Content-Lengths", "a second transfer coding"]);

Deno.test("a request that could be read in two ways is answered 400 and reaches no target", async (t) => {
  await using stage = await WireStage.start();
  for (const [name, [lines, body]] of Object.entries(BAD_FRAMINGS)) {
    await t.step(name, async () => {
      const hidden = FRAMED.has(name) ? "" : stage.head("GET /smuggled");
      const got = await rawExchange(stage.sluice.url, stage.head("POST /x", [lines]) + body + hidden);
      assert.equal(got.status, WIRE_ENGINE && name === "a head of 70 KB" ? 431 : 400);
    });
  }
  await t.step("chunks that are none end the connection", async () => {
    for (const body of ["zz\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc\r\n"]) {
      await using client = await stage.connect();
      await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]) + body);
      await client.socket.untilEnded();
    }
  });
  // Nothing of a refused request's body was taken for a request (a 200 in a pipeline, say).
  assert.deepEqual(stage.target.requests.filter((request) => !request.cutOff), []);
  assert.ok(!stage.target.raw.includes("smuggled"), stage.target.raw);
  await stage.settled();
});

Deno.test("what a lenient reader accepts reaches a target in one strict form", async (t) => {
  await using stage = await WireStage.start();
  const accepted: Record<string, [string, string]> = {
    "bare LF as line end": [stage.head("GET /x").replaceAll("\r\n", "\n"), ""],
    "empty lines before the request line": [`\r\n\r\n${stage.head("GET /x")}`, ""],
    "Transfer-Encoding in capitals": [stage.head("POST /x", ["TRANSFER-ENCODING: CHUNKED"]) + CHUNKED_BODY, "abc"],
    "leading zeros in a length": [`${stage.head("POST /x", [`Content-Length: ${"0".repeat(30)}3`])}abc`, "abc"],
    "chunk extensions": [
      stage.head("POST /x", ["Transfer-Encoding: chunked"]) + "3;a=b\r\nabc\r\n0\r\n\r\n",
      "abc",
    ],
    "trailers": [
      stage.head("POST /x", ["Transfer-Encoding: chunked", "Trailer: X-T"]) + "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
      "abc",
    ],
    "an underscore for a hyphen": [
      stage.head("POST /x", ["Transfer_Encoding: chunked", "Content-Length: 3"]) + "abc",
      "abc",
    ],
  };
  for (const [name, [request, body]] of Object.entries(accepted)) {
    await t.step(name, async () => {
      stage.clear();
      if (WIRE_ENGINE && name === "bare LF as line end") {
        return assert.equal((await rawExchange(stage.sluice.url, request)).status, 400);
      }
      assert.equal((await rawExchange(stage.sluice.url, request)).status, 200);
      const [seen] = stage.target.requests;
      assert.equal(stage.target.requests.length, 1);
      assert.equal(bodyText(seen!), body);
      assert.match(seen!.raw, /^(GET|POST) \/x HTTP\/1\.1\r\n([\w-]+: [^\r\n]*\r\n)+\r\n/);
      const framing = seen!.headers.filter(([n]) => /^(content-length|transfer-encoding|trailer)$/i.test(n));
      assert.ok(framing.length <= 1, JSON.stringify(framing));
      assert.match(header(seen!, "content-length") ?? "0", /^(0|[1-9][0-9]*)$/);
    });
  }
  await stage.settled();
});

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

Deno.test("a GET or HEAD with a body is answered 400, never sent without it", async (t) => {
  // The wire engine passes it on (wire_engine_test.ts).
  if (WIRE_ENGINE) return;
  await using stage = await WireStage.start();
  for (const method of ["GET", "HEAD"]) {
    for (const [framing, body] of [["Content-Length: 3", "abc"], ["Transfer-Encoding: chunked", CHUNKED_BODY]]) {
      await t.step(`${method} with ${framing}`, async () => {
        await using client = await stage.connect();
        const got = await client.exchange(stage.head(`${method} /x`, [framing!]) + body, method);
        assert.deepEqual([got.status, header(got, "x-sluice-reason")], [400, "bad_request"]);
        assert.equal((await client.exchange(stage.head("OPTIONS /next"))).status, 200);
      });
    }
  }
  assert.deepEqual(stage.target.requests.map((request) => request.method), Array(4).fill("OPTIONS"));
  await t.step("with Content-Length 0 there is none", async () => {
    assert.equal((await stage.ask("GET /x", { headers: ["Content-Length: 0"] })).status, 200);
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

Deno.test("a body larger than MAX_BODY_BYTES is answered 413, by its announcement or once it has grown too large", async (t) => {
  await using stage = await WireStage.start({ env: { MAX_BODY_BYTES: "1000" } });
  await t.step("announced", async () => {
    const got = await stage.ask("POST /x", { headers: ["Content-Length: 1001"], body: "a".repeat(1001) });
    assert.deepEqual([got.status, header(got, "x-sluice-reason")], [413, "body_too_large"]);
    assert.equal(stage.target.requests.length, 0);
  });
  await t.step("announced by a client that waits to be asked for its body", async () => {
    const got = await stage.ask("POST /x", { headers: ["Content-Length: 1001", "Expect: 100-continue"] });
    assert.equal(got.status, 413);
    assert.equal(stage.target.requests.length, 0);
  });
  await t.step("chunked: no target sees a whole one", async () => {
    const body = `1f4\r\n${"a".repeat(500)}\r\n`.repeat(3) + "0\r\n\r\n";
    const got = await stage.ask("POST /x", { headers: ["Transfer-Encoding: chunked"], body });
    assert.deepEqual([got.status, header(got, "x-sluice-reason")], [413, "body_too_large"]);
    assert.ok(stage.target.requests.every((request) => request.cutOff));
  });
  await t.step(
    "chunked, when the answer has begun: the transfer is broken, and that is the client's doing",
    async () => {
      stage.script = async ({ socket }) => {
        await socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await socket.untilEnded();
      };
      await using client = await stage.connect();
      await client.send(stage.head("POST /x", ["Transfer-Encoding: chunked"]));
      assert.notEqual(await client.socket.readThrough("abc"), null);
      for (let i = 0; i < 3; i++) await client.send(`1f4\r\n${"a".repeat(500)}\r\n`);
      await client.socket.untilEnded();
      const { line } = await stage.settled();
      assert.deepEqual([line.status, line.cutBy], [200, "client"]);
    },
  );
  await t.step("exactly as much passes", async () => {
    stage.clear();
    const got = await stage.ask("POST /x", { headers: ["Content-Length: 1000"], body: "a".repeat(1000) });
    assert.equal(got.status, 200);
    assert.equal(stage.target.requests[0]!.body.length, 1000);
  });
  const { stats } = await stage.settled();
  assert.equal(stats.groups[0]!.targets[0]!.errors, 0, "the target is not blamed");
});
