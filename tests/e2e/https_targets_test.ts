/** Targets of `https://` that would speak HTTP/2: what goes to them is HTTP/1.1, each request on a connection of its own. */
import assert from "node:assert/strict";
import { ask } from "../support/ask.ts";
import { Certificate } from "../support/certificate.ts";
import { testWithPrograms } from "../support/have_program.ts";
import { groupEnvironment } from "../support/mock_group.ts";
import { within } from "../support/poll.ts";
import { RawClient } from "../support/raw_client.ts";
import { startSluice } from "../support/sluice_process.ts";

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
