/** Headers that the operator sets and removes, on both ways, whichever engine and transport serve. */
import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { rawExchange } from "../../support/raw_client.ts";
import { header, headerValues } from "../../support/raw_message.ts";
import { answer } from "../../support/recorder_scripts.ts";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { TlsClient, TlsStage } from "../../support/tls_stage.ts";
import { WebSocketTarget } from "../../support/websocket_peers.ts";
import { WireStage } from "../../support/wire_stage.ts";

const WAYS: readonly { readonly name: string; readonly env: Record<string, string> }[] = [
  { name: "engine serve", env: { LISTENER_ENGINE: "serve" } },
  { name: "engine serve by fetch", env: { LISTENER_ENGINE: "serve", UPSTREAM_TRANSPORT: "fetch" } },
  { name: "engine wire", env: { LISTENER_ENGINE: "wire" } },
];

/** The lines of a message with one of these names, as they came. */
function linesOf(message: { headers: readonly (readonly [string, string])[] }, ...names: string[]): string[] {
  return message.headers.filter(([name]) => names.includes(name.toLowerCase()))
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`);
}

for (const { name, env } of WAYS) {
  Deno.test(
    `headers of requests and responses are set and removed, the rule's after the listener's (${name})`,
    async () => {
      await using stage = await WireStage.start({
        env: {
          ...env,
          HEADER_CONVENTION_ENABLE: "true",
          REQUEST_HEADERS_SET: "X-One: listener\nX-Two: a\nX-Two: b\nUser-Agent: sluice-test\nX-Real-IP: 192.0.2.1",
          REQUEST_HEADERS_REMOVE: "Cookie\nX-Forwarded-Host",
          RESPONSE_HEADERS_SET: "X-Out: listener\nCache-Control: no-store",
          RESPONSE_HEADERS_REMOVE: "Server\nX-Request-Id",
          LISTENER_RULE_1_REQUEST_HEADERS_SET: "X-One: rule",
          LISTENER_RULE_1_RESPONSE_HEADERS_REMOVE: "X-Out",
          LISTENER_RULE_2_PATH_PREFIX: "/plain",
          LISTENER_RULE_2_TARGET_GROUP: "web",
        },
      });
      stage.script = answer(
        200,
        ["Server: it", "Cache-Control: public", "cache-control: max-age=1", "X-Kept: 1"],
        "ok",
      );
      const headers = ["Cookie: a=b", "X-Two: client", "X-One: client", "User-Agent: it", "X-Other: 1"];
      const response = await stage.ask("GET /x", { headers });
      const request = stage.target.requests[0]!;
      const names = ["x-one", "cookie", "x-forwarded-host", "user-agent", "x-real-ip", "x-other"];
      assert.deepEqual(linesOf(request, ...names).sort(), [
        "user-agent: sluice-test",
        "x-one: rule",
        "x-other: 1",
        "x-real-ip: 192.0.2.1",
      ]);
      assert.equal(headerValues(request, "x-two").join(", "), "a, b");
      assert.deepEqual(linesOf(response, "server", "cache-control", "x-out", "x-request-id", "x-kept"), [
        "x-kept: 1",
        "cache-control: no-store",
      ]);
      const plain = await stage.ask("GET /plain", { headers });
      assert.equal(header(stage.target.requests[1]!, "x-one"), "listener");
      assert.equal(header(plain, "x-out"), "listener");
      await stage.settled();
    },
  );

  Deno.test(`placeholders are filled for each request and each attempt (${name})`, async () => {
    await using stage = await WireStage.start({
      addresses: ["127.0.0.1:1"],
      env: {
        ...env,
        TRUSTED_PROXIES: "127.0.0.1",
        REQUEST_HEADERS_SET: "X-In: #{protocol} #{host} #{path} #{query} #{client_ip} #{request_id}\nX-To: #{target}",
        RESPONSE_HEADERS_SET: "X-Out: #{target} #{port} #{request_id}",
      },
    });
    const headers = ["X-Request-Id: my-id", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"];
    for (let i = 0; i < 2; i++) {
      const response = await stage.ask("GET /a/b%0d%0aX:y?c=%23{host}&d", { headers: i === 0 ? headers : [] });
      assert.equal(response.status, 200);
      const request = stage.target.requests.at(-1)!;
      const id = i === 0 ? "my-id" : header(response, "x-out")!.split(" ")[2]!;
      const said = i === 0 ? "https 127.0.0.1" : "http 127.0.0.1";
      const client = i === 0 ? "192.0.2.7" : "127.0.0.1";
      assert.equal(header(request, "x-in"), `${said} a/b%0d%0aX:y c=%23{host}&d ${client} ${id}`);
      assert.equal(header(request, "x-to"), stage.target.address, "not the target that could not be reached");
      assert.equal(header(response, "x-out"), `${stage.target.address} ${new URL(stage.sluice.url).port} ${id}`);
    }
    await stage.settled();
  });

  Deno.test(
    `sluice's own responses have the headers of responses too, and its cookies come after them (${name})`,
    async () => {
      await using stage = await WireStage.start({
        env: {
          ...env,
          LISTENER_RULE_1_PATH_PREFIX: "/app",
          STATS_PATH: "/stats",
          TRUSTED_PROXIES: "127.0.0.1",
          STICKINESS_ENABLED: "true",
          RESPONSE_HEADERS_SET: "X-Out: [#{target}] #{client_ip} #{path}\nSet-Cookie: mine=1\nContent-Type: x/y",
          RESPONSE_HEADERS_REMOVE: "X-Sluice-Reason",
          ERROR_BODY: "text",
        },
      });
      const headers = ["X-Forwarded-For: 192.0.2.7"];
      const missing = await stage.ask("GET /nowhere", { headers });
      assert.equal(missing.status, 404);
      assert.deepEqual(linesOf(missing, "x-out", "set-cookie", "content-type", "x-sluice-reason"), [
        "x-out: [] 192.0.2.7 nowhere",
        "set-cookie: mine=1",
        "content-type: x/y",
      ]);
      assert.equal(Number(header(missing, "content-length")), missing.body.length);
      assert.equal(header(await stage.ask("GET /stats", { headers }), "x-out"), "[] 192.0.2.7 stats");
      const malformed = await stage.ask("GET /a\\b", { headers });
      assert.deepEqual([malformed.status, header(malformed, "set-cookie")], [400, "mine=1"]);
      const served = await stage.ask("GET /app", { script: answer(200, ["Set-Cookie: theirs=2"], "ok") });
      const cookies = headerValues(served, "set-cookie");
      assert.equal(cookies.length, 2);
      assert.equal(cookies[0], "mine=1");
      assert.match(cookies[1]!, /^sluice-web=/);
      await stage.settled();
    },
  );

  Deno.test(`a WebSocket handshake gets them both ways (${name})`, async () => {
    await using target = await WebSocketTarget.start();
    await using stage = await WireStage.start({
      targets: 0,
      addresses: [`127.0.0.1:${target.port}`],
      env: {
        ...env,
        REQUEST_HEADERS_SET: "X-In: #{target}",
        REQUEST_HEADERS_REMOVE: "Cookie",
        RESPONSE_HEADERS_SET: "X-Out: #{client_ip}",
      },
    });
    await using client = await stage.connect();
    await client.send(stage.head("GET /chat", [
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Cookie: a=b",
    ]));
    const response = await client.response("GET");
    assert.equal(response.status, 101);
    assert.equal(header(response, "x-out"), "127.0.0.1");
    const { headers } = target.handshakes[0]!;
    assert.equal(headers["x-in"], `127.0.0.1:${target.port}`);
    assert.equal(headers.cookie, undefined);
  });
}

Deno.test(
  "explain shows what requests and responses become, and check refuses headers that only sluice sets",
  async () => {
    const env = {
      BACKEND_SERVERS: "127.0.0.1:81",
      HEALTH_CHECK_ENABLED: "false",
      REQUEST_HEADERS_SET: "X-Client: #{client_ip}\nX-To: #{target}",
      REQUEST_HEADERS_REMOVE: "Cookie",
      RESPONSE_HEADERS_SET: "X-Served-By: #{target}",
      RESPONSE_HEADERS_REMOVE: "Server",
    };
    const explained = await runSluice(["explain", "GET", "/x", "-H", "Cookie: a=b", "--json"], env);
    assert.equal(explained.code, 0, explained.stderr);
    const { headers, responseHeaders } = JSON.parse(explained.stdout);
    const sent = (headers as [string, string][]).filter(([name]) => ["cookie", "x-client", "x-to"].includes(name));
    assert.deepEqual(sent, [["x-client", "127.0.0.1"], ["x-to", "127.0.0.1:81"]]);
    assert.deepEqual(responseHeaders, { set: [["X-Served-By", "127.0.0.1:81"]], removed: ["server"] });
    const text = await runSluice(["explain", "GET", "/x"], env);
    assert.match(text.stdout, /Response headers\n {2}set X-Served-By: 127\.0\.0\.1:81\n {2}remove server\n/);
    const refused = await runSluice(["check"], { ...env, RESPONSE_HEADERS_REMOVE: "Transfer-Encoding" });
    assert.equal(refused.code, 2);
    assert.match(refused.stdout, /RESPONSE_HEADERS_REMOVE: it must be without "Transfer-Encoding"/);
  },
);

Deno.test("a client that came by TLS is https to placeholders, and its cookie is Secure", async () => {
  await using authority = await TestAuthority.make();
  const certificate = await authority.issue({ names: ["localhost"] });
  await using stage = await TlsStage.start([certificate], {
    STICKINESS_ENABLED: "true",
    RESPONSE_HEADERS_SET: "X-Out: #{protocol}://#{host}:#{port}/#{path}",
  });
  await using client = await TlsClient.connect(stage.port, authority);
  const secure = await client.get("/a");
  assert.match(secure, new RegExp(`\r\nX-Out: https://localhost:${stage.port}/a\r\n`));
  assert.match(secure, /\r\nSet-Cookie: sluice-web=[^\r]*; Secure\r\n/);
  const plain = await ask(stage.sluice.url, "/a");
  assert.equal(header(plain.response, "x-out"), `http://front.test:${new URL(stage.sluice.url).port}/a`);
  assert.doesNotMatch(header(plain.response, "set-cookie")!, /Secure/);
});

Deno.test("explain shows what becomes of the headers of sluice's own responses, as a client gets them", async () => {
  await using authority = await TestAuthority.make();
  const { certificateFile, keyFile } = await authority.issue({ names: ["localhost"] });
  const env = {
    LISTENER_RULE_1_PATH: "/fixed",
    LISTENER_RULE_1_FIXED_RESPONSE: "200 text/plain hi",
    LISTENER_RULE_1_RESPONSE_HEADERS_SET: "X-By: rule",
    LISTENER_RULE_2_PATH: "/moved",
    LISTENER_RULE_2_REDIRECT: "302 /new",
    RESPONSE_HEADERS_SET: "X-By: listener [#{target}]",
    RESPONSE_HEADERS_REMOVE: "X-Sluice-Reason",
    STATS_PATH: "/stats",
    REASON_HEADER: "true",
  };
  const byListener = { set: [["X-By", "listener []"]], removed: ["x-sluice-reason"] };
  const byRule = { set: [["X-By", "rule"]], removed: ["x-sluice-reason"] };
  await using sluice = await startSluice({ env });
  for (
    const [path, status, expected] of [
      ["/fixed", 200, byRule],
      ["/moved", 302, byListener],
      ["/no-rule", 404, byListener],
      ["/stats", 200, byListener],
      ["/a\\b", 400, byListener],
    ] as const
  ) {
    const response = await rawExchange(
      sluice.url,
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      "GET",
    );
    assert.equal(response.status, status);
    assert.equal(header(response, "x-by"), expected.set[0]![1]);
    assert.equal(header(response, "x-sluice-reason"), null);
    const url = new URL("/explain", sluice.adminUrl);
    url.searchParams.set("url", path);
    const { responseHeaders, answer } = await (await fetch(url)).json();
    assert.equal(answer.status, status);
    assert.deepEqual(responseHeaders, expected, path);
  }
  const secure = {
    ...env,
    LISTENER_ENGINE: "wire",
    LISTENER_TLS_PORT: "443",
    LISTENER_TLS_CERT: certificateFile,
    LISTENER_TLS_KEY: keyFile,
    LISTENER_HTTPS_REDIRECT: "true",
  };
  const { stdout, stderr } = await runSluice(["explain", "GET", "/fixed", "-H", "Host: a.test"], secure);
  assert.match(
    stdout,
    /Response by sluice itself: 308 redirect\n {2}LISTENER_HTTPS_REDIRECT.*https:\/\/a\.test\/fixed\n/,
    stderr,
  );
  assert.match(stdout, /Response headers\n {2}set X-By: listener \[\]\n/);
});
