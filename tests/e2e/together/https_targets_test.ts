/**
 * Targets of `https://`: they get HTTP/1.1 even if they offer HTTP/2, and may end a connection without a word of TLS.
 */
import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { Certificate } from "../../support/certificate.ts";
import { PHRASES_OF_TLS } from "../../support/phrases_of_tls.ts";
import { CutTlsTarget, type TlsScript } from "../../support/cut_tls_target.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { groupEnvironment } from "../../support/mock_group.ts";
import { until, within } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { header } from "../../support/raw_message.ts";
import { okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { startSluice } from "../../support/sluice_process.ts";

/** A target that speaks HTTP/2 to whoever does: a large answer at `/large`, else the host that it is asked as. */
async function target(run: (address: string, certificate: Certificate) => Promise<void>): Promise<void> {
  await using certificate = await Certificate.make();
  const { cert, key } = certificate;
  const stop = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {}, signal: stop.signal };
  const server = Deno.serve(options, async (request) => {
    await request.body?.cancel();
    if (new URL(request.url).pathname === "/large") return new Response(new Uint8Array(64_000_000));
    // In HTTP/2 it would be the authority, which is the target's own, whatever a Host beside it says.
    return new Response(new URL(request.url).host);
  });
  try {
    await run(`https://127.0.0.1:${server.addr.port}`, certificate);
  } finally {
    stop.abort();
    await server.finished;
  }
}

testWithPrograms(
  ["openssl"],
  "an https target gets HTTP/1.1, and with PRESERVE_HOST the client's own Host",
  () =>
    target(async (address, { path }) => {
      const env = groupEnvironment(address, { DENO_CERT: path });
      await using sluice = await startSluice({ env });
      assert.equal((await ask(sluice.url)).body, new URL(address).host);
      await using keeping = await startSluice({ env: { ...env, PRESERVE_HOST: "true" } });
      for (const method of ["GET", "POST"]) {
        assert.equal((await ask(keeping.url, "/", { method })).body, "front.test");
      }
    }),
);

testWithPrograms(
  ["openssl"],
  "clients that don't read what an https target sends hold nobody else up",
  () =>
    target(async (address, { path }) => {
      await using sluice = await startSluice({ env: groupEnvironment(address, { DENO_CERT: path }) });
      const slow: RawClient[] = [];
      try {
        for (let i = 0; i < 8; i++) {
          const client = await RawClient.connect(sluice.url);
          slow.push(client);
          await client.send("GET /large HTTP/1.1\r\nHost: front.test\r\n\r\n");
          // The answer has begun, and nobody reads on.
          await client.socket.readThrough("\r\n\r\n");
          client.socket.pause();
        }
        for (let i = 0; i < 20; i++) {
          const answer = await within(ask(sluice.url), "an answer beside those that nobody reads");
          assert.equal(answer.status, 200);
        }
      } finally {
        for (const client of slow) await client.reset();
      }
    }),
);

testWithPrograms(
  ["openssl"],
  "with fetch, an https target that ends its connection without a goodbye of TLS is reset_before_headers: a GET goes " +
    "on, a POST does not",
  async () => {
    await using certificate = await Certificate.make();
    await using cut = new CutTlsTarget(certificate);
    await using good = await RecorderTarget.start(okay("good"));
    // The wire transport's own words are in tls_targets_test.ts.
    const env = { DENO_CERT: certificate.path, REASON_HEADER: "true", UPSTREAM_TRANSPORT: "fetch" };
    const targets = `https://127.0.0.1:${cut.port},${good.address}`;
    await using sluice = await startSluice({ env: groupEnvironment(targets, env) });
    const scripts: TlsScript[] = [
      (_connection, { cut }) => cut(),
      async (connection, { cut }) => {
        await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Le"));
        cut();
      },
    ];
    for (const script of scripts) {
      cut.script = script;
      for (let i = 0; i < 4; i++) assert.equal((await ask(sluice.url)).body, "good");
      const posts = [];
      for (let i = 0; i < 2; i++) posts.push(await ask(sluice.url, "/", { method: "POST", body: "abc" }));
      const outcomes = posts.map(({ status, response }) => [status, header(response, "x-sluice-reason")]);
      assert.deepEqual(outcomes.sort(), [[200, null], [502, "reset_before_headers"]]);
    }
    assert.equal(cut.requests, 6);
    cut.script = (_connection, { say }) => say("HTTP/1.1 400 Plain\r\n\r\n");
    const plain = [await ask(sluice.url), await ask(sluice.url)].find(({ status }) => status === 502)!;
    assert.equal(header(plain.response, "x-sluice-reason"), "bad_response");
    assert.equal((await sluice.settled()).total.connectFailures, 0);
    const details = (await sluice.accessLines(14)).map(({ detail }) => detail).filter((detail) => detail !== null);
    for (const phrase of PHRASES_OF_TLS) {
      assert.ok(details.some((detail) => String(detail).includes(phrase)), `${phrase}: ${details}`);
    }
    const unknown = () => sluice.events.filter(({ event }) => event === "unknown_failure");
    assert.deepEqual(unknown(), []);
    // A record of TLS that can't be decrypted: no phrase of the table.
    cut.script = (_connection, { say }) => say(`\x17\x03\x03\x00\x18${"x".repeat(24)}`);
    for (let i = 0; i < 4; i++) assert.equal((await ask(sluice.url)).body, "good");
    const line = await until(() => unknown()[0], "what nobody foresaw to be logged");
    assert.match(String(line.message), /counts as reset_before_headers: .*decrypt/);
    await sluice.settled();
    assert.equal(unknown().length, 1, "once");
  },
);
