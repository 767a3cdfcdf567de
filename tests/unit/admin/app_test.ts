import assert from "node:assert/strict";
import { createAdminApp } from "../../../src/admin/app.ts";
import type { AdminConfig } from "../../../src/config/model.ts";
import { systemClock } from "../../../src/time/clock.ts";
import { failedDecision, FakeAdminSource, OPEN_ADMIN } from "../../support/fake_admin_source.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function start(change: Partial<AdminConfig> = {}, source = new FakeAdminSource()) {
  const log = new LogRecorder();
  const app = createAdminApp(source, { ...OPEN_ADMIN, ...change }, {
    log,
    clock: systemClock,
    signal: new AbortController().signal,
  });
  const ask = (path: string, { method = "GET", headers = {} }: Ask = {}) =>
    Promise.resolve(
      app.fetch(
        new Request(`http://127.0.0.1:9901${path}`, { method, headers: { host: "127.0.0.1:9901", ...headers } }),
      ),
    );
  return { source, ask, log };
}

const PATHS = ["/", "/lb/stats", "/metrics", "/livez", "/readyz", "/config", "/explain?url=/", "/decisions"];

Deno.test("every page of the admin listener answers with the security headers and is never cached", async () => {
  const { ask } = start();
  for (const path of [...PATHS, "/nowhere"]) {
    const response = await ask(path);
    await response.body?.cancel();
    assert.equal(response.status, path === "/nowhere" ? 404 : 200, path);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("x-frame-options"), "DENY");
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  }
});

Deno.test("with a token, everything but /livez and /readyz wants it, and a wrong one is refused", async () => {
  const { ask } = start({ token: "open sesame" });
  for (const path of PATHS) {
    const open = path === "/livez" || path === "/readyz";
    for (const authorization of ["", "Bearer open", "Bearer open sesame!", "Basic open sesame"]) {
      const response = await ask(path, authorization === "" ? {} : { headers: { authorization } });
      await response.body?.cancel();
      assert.equal(response.status, open ? 200 : 401, `${path} with "${authorization}"`);
      if (!open) assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="sluice"');
    }
    const response = await ask(path, { headers: { authorization: "Bearer open sesame" } });
    await response.body?.cancel();
    assert.equal(response.status, 200, path);
  }
});

Deno.test("METRICS_PUBLIC opens /metrics and nothing else", async () => {
  const { ask } = start({ token: "t", metricsPublic: true });
  assert.equal((await ask("/metrics")).status, 200);
  assert.equal((await ask("/lb/stats")).status, 401);
  assert.equal((await ask("/config")).status, 401);
});

Deno.test("if a token is set, a request without it can't drain a target", async () => {
  const { source, ask } = start({ token: "t" });
  assert.equal((await ask("/targets/web/10.0.1.0:8080/drain", { method: "POST" })).status, 401);
  assert.deepEqual(source.calls, []);
});

Deno.test("a Host that is no address, localhost or name of ADMIN_HOSTS is refused, also with the token", async () => {
  const { ask } = start({ token: "t", hosts: ["Admin.Example"] });
  const statusFor = async (host: string) =>
    (await ask("/lb/stats", { headers: { host, authorization: "Bearer t" } })).status;
  for (
    const host of ["127.0.0.1", "127.0.0.1:9901", "[::1]:9901", "[fe80::1]", "localhost:9901", "LOCALHOST", "10.1.2.3"]
  ) {
    assert.equal(await statusFor(host), 200, host);
  }
  assert.equal(await statusFor("admin.example"), 200);
  assert.equal(await statusFor("admin.example:443"), 200);
  for (
    const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "xadmin.example",
      "[::g]",
      "127.1",
      "0x7f000001",
      "localhost:99999999",
      "127.0.0.1/x",
      "user@127.0.0.1",
    ]
  ) {
    assert.equal(await statusFor(host), 403, host);
  }
});

Deno.test("another origin is refused, the listener's own and none are not", async () => {
  const { source, ask } = start();
  const statusFor = async (origin: string, method = "GET") =>
    (await ask(method === "GET" ? "/lb/stats" : "/targets/web/10.0.1.0:8080/drain", { method, headers: { origin } }))
      .status;
  assert.equal(await statusFor("http://127.0.0.1:9901"), 200);
  for (
    const origin of [
      "http://evil.example",
      "null",
      "http://127.0.0.1",
      "http://127.0.0.1:9902",
      "http://localhost:9901",
      "x",
    ]
  ) {
    assert.equal(await statusFor(origin), 403, origin);
    assert.equal(await statusFor(origin, "POST"), 403, origin);
  }
  assert.deepEqual(source.calls, []);
  assert.equal(await statusFor("http://127.0.0.1:9901", "POST"), 200);
  assert.deepEqual(source.calls, ["drain web 10.0.1.0:8080"]);
});

Deno.test("an origin is the same behind something that adds TLS on the usual port", async () => {
  const { ask } = start({ hosts: ["admin.example"] });
  const headers = { host: "admin.example", origin: "https://admin.example" };
  assert.equal((await ask("/lb/stats", { headers })).status, 200);
});

Deno.test("/readyz follows readiness, /livez only asks whether a restart is needed", async () => {
  const { source, ask } = start();
  assert.equal((await ask("/readyz")).status, 200);
  source.ready = false;
  assert.equal((await ask("/readyz")).status, 503);
  assert.equal((await ask("/livez")).status, 200);
  source.live = false;
  assert.equal((await ask("/livez")).status, 503);
});

Deno.test("/config shows where each value came from and never a secret", async () => {
  const { ask } = start({ token: "very-secret" });
  const text = await (await ask("/config", { headers: { authorization: "Bearer very-secret" } })).text();
  assert.doesNotMatch(text, /very-secret/);
  assert.deepEqual(JSON.parse(text).settings, [
    { name: "LISTENER_PORT", value: "8080", origin: "default" },
    { name: "ADMIN_TOKEN", value: "***", origin: "environment" },
    { name: "STICKY_SECRET", value: "", origin: "default" },
  ]);
});

Deno.test("no page of the admin listener shows the secret that sticky cookies are signed with", async () => {
  const { ask } = start();
  for (const path of PATHS) assert.doesNotMatch(await (await ask(path)).text(), /s3cret/, path);
});

Deno.test("a target is drained and enabled by its group and address", async () => {
  const { source, ask } = start();
  assert.equal((await ask("/targets/web/10.0.1.1:8080/drain", { method: "POST" })).status, 200);
  assert.equal((await (await ask("/lb/stats")).json()).groups[0].targets[1].state, "draining");
  assert.equal((await ask("/targets/web/10.0.1.1:8080/enable", { method: "POST" })).status, 200);
  assert.equal((await (await ask("/lb/stats")).json()).groups[0].targets[1].state, "healthy");
  assert.equal((await ask("/targets/web/10.9.9.9:1/drain", { method: "POST" })).status, 404);
  await ask(`/targets/${encodeURIComponent("a b/c")}/${encodeURIComponent("[::1]:80")}/drain`, { method: "POST" });
  assert.equal(source.calls.at(-1), "drain a b/c [::1]:80");
});

Deno.test("an unknown path lists what there is; a wrong method says which is right", async () => {
  const { ask } = start();
  const unknown = await ask("/nothing");
  assert.equal(unknown.status, 404);
  const paths = (await unknown.json()).paths.map(({ path }: { path: string }) => path);
  for (const path of ["/", "/lb/stats", "/metrics", "/explain", "/decisions"]) assert.ok(paths.includes(path), path);

  const get = await ask("/targets/web/10.0.1.1:8080/drain");
  assert.equal(get.status, 405);
  assert.equal(get.headers.get("allow"), "POST");
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const response = await ask("/lb/stats", { method });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
  }
  const head = await ask("/lb/stats", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
});

Deno.test("/explain passes on method, URL and every header, and says what is wrong with a bad question", async () => {
  const { source, ask } = start();
  const query = new URLSearchParams([
    ["method", "POST"],
    ["url", "/api?x=1"],
    ["header", "Host: shop.example"],
    ["header", "X-Canary:true"],
  ]);
  assert.equal((await ask(`/explain?${query}`)).status, 200);
  assert.deepEqual(source.explained, [{
    method: "POST",
    url: "/api?x=1",
    headers: [["Host", "shop.example"], ["X-Canary", "true"]],
  }]);
  for (
    const bad of [
      "",
      "?url=x",
      "?url=/&method=G%20T",
      "?url=/&header=nonsense",
      "?url=/&header=a%20b:c",
      "?url=/&header=a:b%0Ac",
    ]
  ) {
    const response = await ask(`/explain${bad}`);
    assert.equal(response.status, 400, bad);
    assert.match((await response.json()).error, /^Cannot use /);
  }
});

Deno.test("/decisions can be asked for one request, one reason, one target, or the last few", async () => {
  const { source, ask } = start();
  source.lastDecisions = [
    failedDecision("a"),
    failedDecision("b", { reason: "timeout", status: 504 }),
    failedDecision("c", { group: "api", attempts: [] }),
  ];
  const ids = async (query: string) =>
    (await (await ask(`/decisions${query}`)).json()).decisions.map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids(""), ["a", "b", "c"]);
  assert.deepEqual(await ids("?id=b"), ["b"]);
  assert.deepEqual(await ids("?reason=timeout"), ["b"]);
  assert.deepEqual(await ids("?target=10.0.1.0:8080"), ["a", "b"]);
  assert.deepEqual(await ids("?group=api"), ["c"]);
  assert.deepEqual(await ids("?limit=2"), ["a", "b"]);
});

Deno.test("/decisions can be asked for a status or a class of them, and refuses what it does not know", async () => {
  const { source, ask } = start();
  source.lastDecisions = [
    failedDecision("a", { status: 502 }),
    failedDecision("b", { status: 504 }),
    failedDecision("c", { status: 200, reason: null }),
  ];
  const ids = async (query: string) =>
    (await (await ask(`/decisions${query}`)).json()).decisions.map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids("?status=502"), ["a"]);
  assert.deepEqual(await ids("?status=5xx"), ["a", "b"]);
  assert.deepEqual(await ids("?status=2XX&limit=5"), ["c"]);
  const refused: [query: string, error: RegExp][] = [
    ["?stats=502", /^Cannot use "stats": the parameters are id, group, target, reason, status, limit$/],
    ["?status=50", /as status: it must be a status like 502 or a class like 5xx/],
    ["?reason=tired", /as reason: it must be one of bad_request, /],
    ["?limit=many", /as limit: it must be 0 to 999999/],
    ["?id=a&id=b", /"id" twice/],
    ["?constructor=1", /^Cannot use "constructor"/],
  ];
  for (const [query, error] of refused) {
    const response = await ask(`/decisions${query}`);
    assert.equal(response.status, 400, query);
    assert.match((await response.json()).error, error);
  }
  const explained = await ask("/explain?url=/&headers=x");
  assert.equal(explained.status, 400);
  assert.match(
    (await explained.json()).error,
    /^Cannot use "headers": the parameters are method, url, header, client-ip$/,
  );
});

Deno.test("a question that fails inside is answered 500 without its details, which are in the log", async () => {
  class Broken extends FakeAdminSource {
    override explain(): never {
      throw new Error("secret detail");
    }
  }
  const { ask, log } = start({}, new Broken());
  const response = await ask("/explain?url=/");
  assert.equal(response.status, 500);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.doesNotMatch(await response.text(), /secret/);
  assert.deepEqual(log.events.map(({ level, event, fields }) => [level, event, fields.error]), [
    ["error", "admin_failed", "Error: secret detail"],
  ]);
});
