/** TLS with the engine `serve`: one certificate, HTTP/1.1 and 2, as `Deno.serve` serves them. */
import assert from "node:assert/strict";
import { TestAuthority } from "../../support/certificates.ts";
import { Flag, frame, FrameType, get, headerBlock, Http2Client, requestLines } from "../../support/http2_client.ts";
import { until } from "../../support/poll.ts";
import { okay } from "../../support/recorder_scripts.ts";
import { runSluice } from "../../support/sluice_process.ts";
import { TlsClient, TlsStage } from "../../support/tls_stage.ts";

const SERVE = { LISTENER_ENGINE: "serve" };

Deno.test("with serve, clients of HTTP/1.1 and 2 are served, and targets hear of https", async () => {
  await using authority = await TestAuthority.make();
  const env = { ...SERVE, HEADER_CONVENTION_ENABLE: "true", LISTENER_WORKERS: "2" };
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], env);
  await using one = await TlsClient.connect(stage.port, authority, { alpn: ["http/1.1"] });
  assert.match(await one.get("/one"), /^HTTP\/1\.1 200 /);
  using two = await Http2Client.connect(stage.port, authority);
  await two.send(get(1, "/two"));
  assert.equal(await two.status(1), 200);
  const lines = [...requestLines("/", { authority: "shop.test" }), ["host", "other.test"]] as [string, string][];
  await two.send(frame(FrameType.headers, Flag.endStream | Flag.endHeaders, 3, headerBlock(lines)));
  assert.equal(await two.status(3), 400);
  const told = stage.target.requests.map(({ path, headers }) => {
    const by = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    return [path, by["x-forwarded-proto"], by["x-forwarded-port"], by["x-forwarded-host"]];
  });
  const port = String(stage.port);
  assert.deepEqual(told, [["/one", "https", port, "localhost"], ["/two", "https", port, "localhost"]]);
  assert.equal(await (await fetch(`${stage.sluice.url}/plain`)).text(), "ok");
  const { tls, clients } = await stage.sluice.stats();
  assert.deepEqual([clients, tls?.handshakes, tls?.certificates.map(({ names }) => names)], [null, null, [[
    "localhost",
  ]]]);
});

Deno.test("with serve, a WebSocket opens over TLS", async () => {
  await using authority = await TestAuthority.make();
  const echo = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  try {
    await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], {
      ...SERVE,
      TARGET_GROUP_1_TARGETS: `127.0.0.1:${echo.addr.port}`,
    });
    await using client = await TlsClient.connect(stage.port, authority, { alpn: ["http/1.1"] });
    client.socket.write(
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await until(() => client.text.includes("\r\n\r\n"), "the handshake");
    assert.match(client.text, /^HTTP\/1\.1 101 /);
    // A masked text frame with "hi", and the same back without a mask.
    client.socket.write(new Uint8Array([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
    await until(() => client.text.endsWith("\x81\x02hi"), "the echo");
  } finally {
    await echo.shutdown();
  }
});

Deno.test("with serve, LISTENER_PORT=off serves with TLS alone", async () => {
  await using authority = await TestAuthority.make();
  const env = { ...SERVE, LISTENER_PORT: "off" };
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], env);
  assert.equal(stage.sluice.url, stage.url);
  await using client = await TlsClient.connect(stage.port, authority);
  assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
});

Deno.test("with serve, LISTENER_HTTPS_REDIRECT sends clients of the plain port to HTTPS", async () => {
  await using authority = await TestAuthority.make();
  const env = { ...SERVE, LISTENER_HTTPS_REDIRECT: "true" };
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })], env);
  const response = await fetch(`${stage.sluice.url}/a?b=1`, { redirect: "manual" });
  await response.body?.cancel();
  assert.deepEqual([response.status, response.headers.get("location")], [308, `${stage.url}/a?b=1`]);
  await using client = await TlsClient.connect(stage.port, authority);
  assert.match(await client.get("/a"), /^HTTP\/1\.1 200 /);
});

Deno.test("with serve, a changed certificate is served to new connections, and open requests finish", async () => {
  await using authority = await TestAuthority.make();
  const [before, after] = [
    await authority.issue({ names: ["localhost"] }),
    await authority.issue({ names: ["localhost", "after.test"] }),
  ];
  await using stage = await TlsStage.start([before], SERVE);
  const answers = Promise.withResolvers<void>();
  stage.target.script = async (turn) => {
    if (turn.path === "/open") await answers.promise;
    await okay()(turn);
  };
  await using open = await TlsClient.connect(stage.port, authority);
  const opened = open.get("/open");
  await until(() => stage.target.requests.length === 1, "the open request");
  await Deno.copyFile(after.certificateFile, before.certificateFile);
  await Deno.copyFile(after.keyFile, before.keyFile);
  await stage.eventAfter("certificate_changed", () => stage.sluice.signal("SIGHUP"));
  await until(async () => {
    try {
      await using fresh = await TlsClient.connect(stage.port, authority);
      return fresh.names.includes("after.test") && (await fresh.get("/fresh")).startsWith("HTTP/1.1 200 ");
    } catch {
      return false;
    }
  }, "the new certificate");
  answers.resolve();
  assert.match(await opened, /^HTTP\/1\.1 200 /);
  assert.equal(await stage.sluice.stop(), 0);
});

Deno.test("what Deno.serve can't do with TLS is a problem that names LISTENER_ENGINE=wire", async () => {
  await using authority = await TestAuthority.make();
  const { certificateFile, keyFile } = await authority.issue({ names: ["localhost"] });
  const env = {
    BACKEND_SERVERS: "127.0.0.1:1",
    LISTENER_TLS_PORT: "8443",
    LISTENER_TLS_CERT: certificateFile,
    LISTENER_TLS_KEY: keyFile,
  };
  const acme = { ACME_ENABLE: "true", ACME_TERMS_AGREED: "true", ACME_DOMAINS: "a.test" };
  const cases: [Record<string, string>, number, RegExp][] = [
    [{}, 0, /^Certificate:$/m],
    [
      { LISTENER_TLS_CERT_3: certificateFile, LISTENER_TLS_KEY_3: keyFile },
      2,
      /LISTENER_TLS_CERT_3: A second certificate needs LISTENER_ENGINE=wire/,
    ],
    [acme, 2, /LISTENER_TLS_CERT: A certificate beside those of ACME_ENABLE needs LISTENER_ENGINE=wire/],
    [{ LISTENER_HTTP2: "false" }, 2, /LISTENER_HTTP2: false needs LISTENER_ENGINE=wire/],
    [{ LISTENER_TLS_HANDSHAKE_TIMEOUT: "1s" }, 0, /LISTENER_TLS_HANDSHAKE_TIMEOUT: Has no effect with LISTENER_ENGINE/],
  ];
  for (const [change, expected, text] of cases) {
    const { code, stdout } = await runSluice(["check"], { ...SERVE, ...env, ...change });
    assert.equal(code, expected, stdout);
    assert.match(stdout, text);
  }
});
