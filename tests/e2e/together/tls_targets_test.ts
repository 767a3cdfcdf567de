/** Targets of `https://` with the wire transport: what is wanted of their certificates, and what happens without it. */
import assert from "node:assert/strict";
import { TLS_PHRASES } from "../../../src/dial/tls_failure.ts";
import { ask, askTimes } from "../../support/ask.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { freePort } from "../../support/free_port.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { groupEnvironment } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { header } from "../../support/raw_message.ts";
import { okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { TlsTarget } from "../../support/tls_target.ts";

const WIRE = { UPSTREAM_TRANSPORT: "wire", REASON_HEADER: "true" };

testWithPrograms(
  ["openssl"],
  "an https target is spoken to on kept connections, at each address of its name",
  async () => {
    await using authority = await TestAuthority.make();
    await using target = new TlsTarget(await authority.issue({ names: ["localhost"] }));
    const env = groupEnvironment(target.address("localhost"), { ...WIRE, TARGET_GROUP_1_TLS_CA: authority.rootFile });
    await using sluice = await startSluice({ env });
    const answers = await askTimes(20, sluice.url);
    assert.deepEqual([...new Set(answers.map(({ status, body }) => `${status} ${body}`))], ["200 secure"]);
    assert.equal(target.requests, 20);
    assert.ok(target.connections <= 2, `${target.connections} connections`);
    const stats = await sluice.settled();
    assert.equal(stats.groups[0]!.targets[0]!.address, `127.0.0.1:${target.port}`);
  },
);

testWithPrograms(
  ["openssl"],
  "what is wrong with a certificate has a reason, and another target is tried",
  async (t) => {
    await using authority = await TestAuthority.make();
    await using stranger = await TestAuthority.make();
    await using good = await RecorderTarget.start(okay("good"));
    const dates = { notBefore: "20200101000000Z", notAfter: "20200201000000Z" };
    const future = { notBefore: "20450101000000Z", notAfter: "20460101000000Z" };
    const cases: [string, TlsTarget, string][] = [
      ["another name", new TlsTarget(await authority.issue({ names: ["other.test"] })), "tls_name"],
      ["expired", new TlsTarget(await authority.issue({ names: ["127.0.0.1"], ...dates })), "tls_expired"],
      ["not valid yet", new TlsTarget(await authority.issue({ names: ["127.0.0.1"], ...future })), "tls_expired"],
      ["a root that is not trusted", new TlsTarget(await stranger.issue({ names: ["127.0.0.1"] })), "tls_untrusted"],
    ];
    const details: string[] = [];
    for (const [name, target, reason] of cases) {
      await t.step(name, async () => {
        await using _ = target;
        const env = { ...WIRE, TARGET_GROUP_1_TLS_CA: authority.rootFile };
        await using sluice = await startSluice({ env: groupEnvironment(target.address(), env) });
        const { status, response } = await ask(sluice.url, "/", { method: "POST", body: "abc" });
        assert.deepEqual([status, header(response, "x-sluice-reason")], [502, reason]);
        const [line] = await sluice.accessLines(1);
        details.push(String(line!.detail));
        await using both = await startSluice({ env: groupEnvironment(`${target.address()},${good.address}`, env) });
        for (let i = 0; i < 4; i++) {
          assert.equal((await ask(both.url, "/", { method: "POST", body: "abc" })).body, "good");
        }
        assert.equal(target.requests, 0);
        const stats = await both.settled();
        assert.ok(stats.groups[0]!.targets[0]!.connectFailures >= 2, "counted as connection failures");
      });
    }
    for (const [phrase] of TLS_PHRASES) {
      assert.ok(
        details.some((detail) => detail.includes(phrase)),
        `No failure said "${phrase}": ${details.join("; ")}`,
      );
    }
  },
);

Deno.test("plain HTTP behind https://, and a handshake that hangs, have a reason", async (t) => {
  await t.step("plain HTTP", async () => {
    const plain = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      for await (const conn of plain) {
        await conn.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
        conn.close();
      }
    })();
    try {
      await using sluice = await startSluice({ env: groupEnvironment(`https://127.0.0.1:${plain.addr.port}`, WIRE) });
      const { status, response } = await ask(sluice.url);
      assert.deepEqual([status, header(response, "x-sluice-reason")], [502, "tls_failed"]);
    } finally {
      plain.close();
      await serving.catch(() => {});
    }
  });
  await t.step("a handshake that hangs is given up after CONNECT_TIMEOUT, at most 32 at a time", async () => {
    const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const held: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const conn of silent) held.push(conn);
    })();
    try {
      const env = { ...WIRE, CONNECT_TIMEOUT: "100ms" };
      await using sluice = await startSluice({ env: groupEnvironment(`https://127.0.0.1:${silent.addr.port}`, env) });
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask(sluice.url)));
      const reasons = new Set(
        answers.map(({ status, response }) => `${status} ${header(response, "x-sluice-reason")}`),
      );
      assert.deepEqual([...reasons], ["504 connect_timeout"]);
      // 32 hang now, and the others had no turn.
      const { status, response } = await ask(sluice.url);
      assert.deepEqual([status, header(response, "x-sluice-reason")], [502, "tls_failed"]);
      const before = held.length;
      for (const conn of held.splice(0)) conn.close();
      await until(
        async () => header((await ask(sluice.url)).response, "x-sluice-reason") === "connect_timeout",
        "room again",
      );
      assert.ok(before <= 40);
    } finally {
      silent.close();
      await accepting.catch(() => {});
      for (const conn of held) conn.close();
    }
  });
});

testWithPrograms(
  ["openssl"],
  "TLS_VERIFY=chain leaves the name unchecked, and TLS_SERVER_NAME asks for another",
  async () => {
    await using authority = await TestAuthority.make();
    await using target = new TlsTarget(await authority.issue({ names: ["inner.test"] }));
    const env = { ...WIRE, TARGET_GROUP_1_TLS_CA: authority.rootFile };
    for (const change of [{ TARGET_GROUP_1_TLS_VERIFY: "chain" }, { TARGET_GROUP_1_TLS_SERVER_NAME: "inner.test" }]) {
      await using sluice = await startSluice({ env: groupEnvironment(target.address(), { ...env, ...change }) });
      assert.equal((await ask(sluice.url)).body, "secure");
    }
  },
);

testWithPrograms(
  ["openssl"],
  "a target that wants a certificate gets the group's, and without one is tls_failed",
  async () => {
    await using authority = await TestAuthority.make();
    const own = await authority.issue({ names: ["127.0.0.1"] });
    const client = await authority.issue({ names: ["sluice.test"], client: true });
    const port = freePort();
    const args = ["s_server", "-accept", `127.0.0.1:${port}`, "-cert", own.certificateFile, "-key", own.keyFile];
    const server = new Deno.Command("openssl", {
      args: [...args, "-CAfile", authority.rootFile, "-Verify", "1", "-verify_return_error", "-www", "-quiet"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await until(
        () => Deno.connect({ hostname: "127.0.0.1", port }).then((conn) => (conn.close(), true), () => false),
        "openssl",
      );
      const env = { ...WIRE, TARGET_GROUP_1_TLS_CA: authority.rootFile };
      await using without = await startSluice({ env: groupEnvironment(`https://127.0.0.1:${port}`, env) });
      const refused = await ask(without.url, "/", { method: "POST", body: "abc" });
      assert.deepEqual([refused.status, header(refused.response, "x-sluice-reason")], [502, "tls_failed"]);
      const shown = {
        TARGET_GROUP_1_TLS_CLIENT_CERT: client.certificateFile,
        TARGET_GROUP_1_TLS_CLIENT_KEY: client.keyFile,
      };
      await using sluice = await startSluice({
        env: groupEnvironment(`https://127.0.0.1:${port}`, { ...env, ...shown }),
      });
      assert.equal((await ask(sluice.url)).status, 200);
    } finally {
      server.kill("SIGKILL");
      await server.status;
    }
  },
);

testWithPrograms(
  ["openssl"],
  "probes ask for the same, and files that can't be used end the start with code 2",
  async () => {
    await using authority = await TestAuthority.make();
    await using target = new TlsTarget(await authority.issue({ names: ["127.0.0.1"] }));
    const checks = { TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true", TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "200ms" };
    const env = groupEnvironment(target.address(), { ...WIRE, ...checks, TARGET_GROUP_1_TLS_CA: authority.rootFile });
    await using sluice = await startSluice({ env });
    await sluice.waitForEvent(({ event, to }) => event === "target_state" && to === "healthy");
    const { code, stderr } = await runSluice(["serve"], {
      ...groupEnvironment(target.address(), WIRE),
      TARGET_GROUP_1_TLS_CA: "/nonexistent/root.pem",
    });
    assert.equal(code, 2);
    assert.match(stderr, /^TARGET_GROUP_1_TLS_CA: Cannot read "\/nonexistent\/root\.pem"/m);
  },
);

for (const engine of ["serve", "wire"]) {
  testWithPrograms(
    ["openssl"],
    `a WebSocket goes to an https target that its group trusts (engine ${engine})`,
    async () => {
      await using authority = await TestAuthority.make();
      const { certificate: cert, key } = await authority.issue({ names: ["inner.test"] });
      const stop = new AbortController();
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, cert, key, onListen() {}, signal: stop.signal },
        (request) => {
          const { socket, response } = Deno.upgradeWebSocket(request);
          socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
          return response;
        },
      );
      try {
        const env = {
          ...WIRE,
          LISTENER_ENGINE: engine,
          TARGET_GROUP_1_TLS_CA: authority.rootFile,
          TARGET_GROUP_1_TLS_SERVER_NAME: "inner.test",
        };
        await using sluice = await startSluice({ env: groupEnvironment(`https://127.0.0.1:${server.addr.port}`, env) });
        const socket = new WebSocket(sluice.url.replace("http", "ws"));
        const heard = Promise.withResolvers<string>();
        socket.onopen = () => socket.send("hello");
        socket.onmessage = ({ data }) => heard.resolve(data);
        socket.onerror = () => heard.reject(new Error(`The WebSocket failed:\n${sluice.stderr}\n${sluice.stdout}`));
        const closed = new Promise((resolve) => socket.onclose = resolve);
        assert.equal(await heard.promise, "echo hello");
        socket.close();
        await closed;
      } finally {
        stop.abort();
        await server.finished;
      }
    },
  );
}
