/** TLS on the listener: which certificate is served, what is refused at the start, and certificates that change. */
import assert from "node:assert/strict";
import { TestAuthority } from "../../support/certificates.ts";
import { until } from "../../support/poll.ts";
import { answer, okay } from "../../support/recorder_scripts.ts";
import { RawClient } from "../../support/raw_client.ts";
import { runSluice } from "../../support/sluice_process.ts";
import { TlsClient, TlsStage } from "../../support/tls_stage.ts";

Deno.test("a client of HTTPS gets its response, and its target hears of https", async () => {
  await using authority = await TestAuthority.make();
  const certificate = await authority.issue({ names: ["localhost", "127.0.0.1"] });
  await using stage = await TlsStage.start([certificate], {
    HEADER_CONVENTION_ENABLE: "true",
    LOCATION_REWRITE: "true",
  });
  using client = Deno.createHttpClient({ caCerts: [await authority.root()] });
  const response = await fetch(`${stage.url}/a?b=1`, { client, method: "POST", body: "x".repeat(100_000) });
  assert.deepEqual([response.status, await response.text()], [200, "ok"]);
  const [request] = stage.target.requests;
  const told = Object.fromEntries(request!.headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(told["x-forwarded-proto"], "https");
  assert.equal(told["x-forwarded-port"], String(stage.port));
  assert.equal(request!.body.length, 100_000);

  stage.target.script = answer(302, [`Location: http://${stage.target.address}/login`]);
  const redirected = await fetch(stage.url, { client, redirect: "manual" });
  await redirected.body?.cancel();
  assert.equal(redirected.headers.get("location"), `${stage.url}/login`);

  stage.target.script = okay();
  assert.equal(await (await fetch(`${stage.sluice.url}/plain`)).text(), "ok");
  const plain = stage.target.requests.at(-1)!.headers.find(([name]) => /^x-forwarded-proto$/i.test(name));
  assert.equal(plain?.[1], "http");
});

Deno.test("a client gets the certificate with the name that it asks for", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([
    await authority.issue({ names: ["first.test"] }),
    await authority.issue({ names: ["*.example.test"] }),
    await authority.issue({ names: ["api.example.test", "second.test"], keyKind: "rsa" }),
  ]);
  const cases: [string | null, string][] = [
    ["first.test", "first.test"],
    ["second.test", "api.example.test, second.test"],
    ["SECOND.test", "api.example.test, second.test"],
    ["api.example.test", "api.example.test, second.test"],
    ["www.example.test", "*.example.test"],
    ["a.b.example.test", "first.test"],
    ["other.test", "first.test"],
    [null, "first.test"],
  ];
  for (const [name, expected] of cases) {
    await using client = await TlsClient.connect(stage.port, authority, { name });
    assert.equal(client.names, expected, String(name));
    assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
  }
});

Deno.test("LISTENER_PORT=off serves with TLS alone", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], { LISTENER_PORT: "off" });
  assert.equal(stage.sluice.url, stage.url);
  await using client = await TlsClient.connect(stage.port, authority);
  assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
});

Deno.test("certificates that can't be served end the start with code 2, each with its reason", async () => {
  await using authority = await TestAuthority.make();
  const [one, other] = [await authority.issue({ names: ["a.test"] }), await authority.issue({ names: ["b.test"] })];
  const garbage = `${authority.folder}/garbage.pem`;
  await Deno.writeTextFile(garbage, "no certificate");
  const { code, stderr } = await runSluice(["serve"], {
    LISTENER_ENGINE: "wire",
    LISTENER_TLS_PORT: "0",
    LISTENER_TLS_CERT: one.certificateFile,
    LISTENER_TLS_KEY: other.keyFile,
    LISTENER_TLS_CERT_1: garbage,
    LISTENER_TLS_KEY_1: one.keyFile,
    LISTENER_TLS_CERT_7: `${authority.folder}/none.pem`,
    LISTENER_TLS_KEY_7: one.keyFile,
    BACKEND_SERVERS: "127.0.0.1:1",
  });
  assert.equal(code, 2);
  assert.deepEqual(stderr.trim().split("\n"), [
    `LISTENER_TLS_KEY: Cannot use "${other.keyFile}": The key does not belong to the certificate`,
    `LISTENER_TLS_CERT_1: Cannot use "${garbage}": There is no PEM block CERTIFICATE in it`,
    `LISTENER_TLS_CERT_7: Cannot read "${authority.folder}/none.pem": there is no such file`,
  ]);
});

Deno.test("a changed certificate is served to new connections, and open ones live on", async (t) => {
  await using authority = await TestAuthority.make();
  const [before, after] = [
    await authority.issue({ names: ["before.test"] }),
    await authority.issue({ names: ["after.test"] }),
  ];
  await using stage = await TlsStage.start([before]);
  await using kept = await TlsClient.connect(stage.port, authority);
  await kept.get("/");
  const served = async () => {
    await using client = await TlsClient.connect(stage.port, authority);
    return client.names;
  };
  const write = async (certificate: string, key: string) => {
    await Deno.writeTextFile(before.certificateFile, certificate);
    await Deno.writeTextFile(before.keyFile, key);
  };
  await t.step("a pair that does not fit is refused and named, and the old one stays", async () => {
    await Deno.writeTextFile(before.certificateFile, after.certificate);
    const refused = await stage.eventAfter("certificate_refused", () => stage.sluice.signal("SIGHUP"));
    assert.match(
      String(refused.message),
      /^LISTENER_TLS_KEY: .*does not belong to the certificate; the certificate before/,
    );
    assert.equal(await served(), "before.test");
  });
  await t.step("an expired one is refused", async () => {
    const expired = await authority.issue({
      names: ["expired.test"],
      notBefore: "20200101000000Z",
      notAfter: "20200201000000Z",
    });
    await write(expired.certificate, expired.key);
    const refused = await stage.eventAfter("certificate_refused", () => stage.sluice.signal("SIGHUP"));
    assert.match(String(refused.message), /it expired on 2020-02-01/);
    assert.equal(await served(), "before.test");
  });
  await t.step("a sound one is served", async () => {
    await write(after.certificate, after.key);
    const changed = await stage.eventAfter("certificate_changed", () => stage.sluice.signal("SIGHUP"));
    assert.deepEqual(changed.names, ["after.test"]);
    await until(async () => await served() === "after.test", "the new certificate");
  });
  await t.step("the connection that was open before is served as ever", async () => {
    assert.match(await kept.get("/again"), /^HTTP\/1\.1 200 /);
    assert.equal(kept.names, "before.test");
  });
});

Deno.test("an expired certificate is served at the start, and the log says so", async () => {
  await using authority = await TestAuthority.make();
  const dates = { notBefore: "20200101000000Z", notAfter: "20200201000000Z" };
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"], ...dates })]);
  const line = await stage.sluice.waitForEvent(({ event }) => event === "certificate_expired");
  assert.match(String(line.message), /The certificate of localhost expired on 2020-02-01/);
  using client = Deno.createHttpClient({ caCerts: [await authority.root()] });
  const failure = await fetch(stage.url.replace("127.0.0.1", "localhost"), { client }).then(
    () => null,
    ({ cause }) => cause,
  );
  assert.match(String(failure), /certificate expired|Expired/);
});

Deno.test("handshakes that fail or hang disturb nobody", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], {
    LISTENER_TLS_HANDSHAKE_TIMEOUT: "300ms",
  });
  const silent = await Deno.connect({ hostname: "127.0.0.1", port: stage.port });
  const plain = await Deno.connect({ hostname: "127.0.0.1", port: stage.port });
  try {
    await plain.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    const bytes = new Uint8Array(100);
    const count = await plain.read(bytes) ?? 0;
    // A TLS alert, rather than HTTP.
    assert.equal(count === 0 ? 21 : bytes[0], 21);
    await using client = await TlsClient.connect(stage.port, authority);
    assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
  } finally {
    plain.close();
    silent.close();
  }
});

Deno.test("check reads the certificates, and says what is wrong with them", async () => {
  await using authority = await TestAuthority.make();
  const [good, other] = [
    await authority.issue({ names: ["a.test", "*.b.test"] }),
    await authority.issue({ names: ["c.test"] }),
  ];
  const env = { LISTENER_TLS_PORT: "8443", BACKEND_SERVERS: "127.0.0.1:1" };
  const right = { ...env, LISTENER_TLS_CERT: good.certificateFile, LISTENER_TLS_KEY: good.keyFile };
  const checked = await runSluice(["check"], right);
  assert.equal(checked.code, 0, checked.stdout);
  assert.match(
    checked.stdout,
    /Certificate:\n {2}a\.test, \*\.b\.test: until \d{4}-\d\d-\d\d, from /,
  );
  const wrong = await runSluice(["check"], { ...right, LISTENER_TLS_KEY: other.keyFile });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stdout, /LISTENER_TLS_KEY: Cannot use ".*": The key does not belong to the certificate/);
});

Deno.test("what can't be together with TLS is a problem of the configuration", async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ LISTENER_TLS_PORT: "8443", LISTENER_ENGINE: "serve" }, /LISTENER_TLS_CERT: Must be set for LISTENER_TLS_PORT/],
    [{ LISTENER_TLS_PORT: "8443" }, /LISTENER_TLS_CERT: Must be set for LISTENER_TLS_PORT/],
    [
      { LISTENER_TLS_PORT: "8443", LISTENER_TLS_KEY_3: "a" },
      /LISTENER_TLS_CERT_3: Must be set, since LISTENER_TLS_KEY_3 is/,
    ],
    [{ LISTENER_TLS_PORT: "8080" }, /LISTENER_TLS_PORT: Cannot be "8080": LISTENER_PORT has that port/],
    [{ LISTENER_PORT: "off" }, /LISTENER_PORT: Cannot be off without LISTENER_TLS_PORT/],
  ];
  for (const [env, problem] of cases) {
    const { code, stdout } = await runSluice(["check"], { BACKEND_SERVERS: "127.0.0.1:1", ...env });
    assert.equal(code, 2);
    assert.match(stdout, problem);
  }
});

Deno.test("LISTENER_HTTPS_REDIRECT sends clients of the plain port to HTTPS, and nobody twice", async () => {
  await using authority = await TestAuthority.make();
  const certificate = await authority.issue({ names: ["localhost", "127.0.0.1"] });
  await using stage = await TlsStage.start([certificate], {
    LISTENER_HTTPS_REDIRECT: "true",
    TRUSTED_PROXIES: "127.0.0.9",
    REASON_HEADER: "true",
  });
  const asked = async (path: string) => {
    const response = await fetch(`${stage.sluice.url}${path}`, { redirect: "manual", method: "POST", body: "x" });
    await response.body?.cancel();
    return [response.status, response.headers.get("location"), response.headers.get("x-sluice-reason")];
  };
  assert.deepEqual(await asked("/a/b?c=1"), [308, `${stage.url}/a/b?c=1`, "redirect"]);
  await using old = await RawClient.connect(stage.sluice.url);
  await old.send("GET / HTTP/1.0\r\n\r\n");
  assert.equal((await old.response("GET")).status, 400, "there is no host that a URL could name");
  assert.deepEqual(await asked("/"), [308, `${stage.url}/`, "redirect"]);
  assert.equal(stage.target.requests.length, 0);
  await using client = await TlsClient.connect(stage.port, authority);
  assert.match(await client.get("/a"), /^HTTP\/1\.1 200 /);
});

Deno.test("LISTENER_HTTPS_REDIRECT names its own port, and believes a proxy that ends TLS in front", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], {
    LISTENER_HTTPS_REDIRECT: "true",
    LISTENER_HTTPS_REDIRECT_PORT: "443",
    TRUSTED_PROXIES: "127.0.0.1",
  });
  const response = await fetch(`${stage.sluice.url}/a`, { redirect: "manual" });
  await response.body?.cancel();
  assert.deepEqual([response.status, response.headers.get("location")], [308, "https://127.0.0.1/a"]);
  const secure = await fetch(`${stage.sluice.url}/a`, { headers: { "x-forwarded-proto": "https" } });
  assert.equal(await secure.text(), "ok");
});

Deno.test("explain takes an https URL for the TLS port, and a path for the plain port", async () => {
  await using authority = await TestAuthority.make();
  const { certificateFile, keyFile } = await authority.issue({ names: ["localhost"] });
  const env = {
    LISTENER_ENGINE: "wire",
    LISTENER_TLS_PORT: "8443",
    LISTENER_TLS_CERT: certificateFile,
    LISTENER_TLS_KEY: keyFile,
    LISTENER_RULE_1_PROTOCOL: "https",
    LISTENER_RULE_1_FIXED_RESPONSE: "200 text/plain secure",
    LISTENER_RULE_2_PATH_PREFIX: "/",
    LISTENER_RULE_2_FIXED_RESPONSE: "200 text/plain plain",
  };
  for (const [url, rule] of [["https://localhost:8443/a", 1], ["http://localhost/a", 2], ["/a", 2]]) {
    const { stdout, code } = await runSluice(["explain", "GET", String(url)], env);
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`Rule ${rule} answers`), `${url}: ${stdout}`);
  }
});
