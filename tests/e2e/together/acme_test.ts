/** Certificates by ACME, from pebble, an ACME server for tests. */
import assert from "node:assert/strict";
import { ACME_PROGRAMS, startAcme } from "../../support/acme_stage.ts";
import { freePort } from "../../support/free_port.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { Pebble } from "../../support/pebble.ts";
import { until } from "../../support/poll.ts";
import type { SluiceProcess } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** The DNS name of the certificate that is served for a name; null while the port is closed. */
async function served(port: number, name: string): Promise<string | null> {
  const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", name, "-showcerts"];
  const { stdout } = await new Deno.Command("openssl", { args, stdin: "null", stderr: "null" }).output();
  return /subject=CN = (\S+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? null;
}

testWithPrograms(
  ACME_PROGRAMS,
  "certificates for two names are ordered from an empty storage, kept, and served",
  async (t) => {
    await using dir = await tempDir();
    const [httpPort, tlsPort] = [freePort(), freePort()];
    await using pebble = await Pebble.start(httpPort, { badNonces: 30 });
    const place = { httpPort, tlsPort, storage: dir.path, directory: pebble.directory, rootFile: pebble.rootFile };
    await t.step("each is served for its name", async () => {
      await using sluice = await startAcme(place);
      await until(async () => await served(tlsPort, "two.test") === "two.test", () => `two.test:\n${sluice.stderr}`);
      assert.equal(await served(tlsPort, "one.test"), "one.test");
      const stats = await (await fetch(`${sluice.adminUrl}/lb/stats`)).json();
      assert.deepEqual(stats.tls.orders.map(({ name, state }: Record<string, string>) => [name, state]), [
        ["one.test", "issued"],
        ["two.test", "issued"],
      ]);
      // A challenge that is not open goes by the rules.
      const other = await fetch(`${sluice.url}/.well-known/acme-challenge/${"x".repeat(43)}`);
      assert.deepEqual([other.status, await other.text()], [200, "served"]);
    });
    await t.step("keys are for their owner alone", async () => {
      for (const name of ["one.test", "two.test"]) {
        const { mode } = await Deno.stat(`${dir.path}/certificates/${name}.pem`);
        assert.equal(mode! & 0o777, 0o600);
      }
      const left = [...Deno.readDirSync(`${dir.path}/challenges`)].map(({ name }) => name);
      assert.deepEqual(left, []);
    });
    await t.step("a start with certificates in the storage serves at once, and orders none", async () => {
      await using sluice = await startAcme(place);
      assert.equal(await served(tlsPort, "one.test"), "one.test");
      assert.ok(sluice.events.every(({ event }) => event !== "acme_ordering"));
    });
    await t.step("of two that share the storage one orders, and the other serves what it brought", async () => {
      await Deno.remove(`${dir.path}/certificates/one.test.pem`);
      const other = { ...place, httpPort: freePort(), tlsPort: freePort() };
      await using first = await startAcme(place);
      await using second = await startAcme(other);
      await until(
        async () => await served(other.tlsPort, "one.test") === "one.test",
        () => first.stderr + second.stderr,
      );
      const ordered = [first, second].map((sluice) =>
        sluice.events.filter(({ event }) => event === "acme_ordering").length
      );
      assert.deepEqual(ordered, [1, 0]);
    });
  },
);

testWithPrograms(
  ACME_PROGRAMS,
  "with the engine serve one certificate is ordered for all names, and served",
  async (t) => {
    await using dir = await tempDir();
    const [httpPort, tlsPort] = [freePort(), freePort()];
    await using pebble = await Pebble.start(httpPort, { badNonces: 0 });
    const place = { httpPort, tlsPort, storage: dir.path, directory: pebble.directory, rootFile: pebble.rootFile };
    const orders = (sluice: SluiceProcess) => sluice.events.filter(({ event }) => event === "acme_ordering");
    await t.step("the port for TLS opens when it is there", async () => {
      await using sluice = await startAcme(place, { LISTENER_ENGINE: "serve" });
      await until(async () => await served(tlsPort, "two.test") !== null, () => `a certificate:\n${sluice.stderr}`);
      const { tls } = await sluice.stats();
      assert.deepEqual(tls?.certificates.map(({ names }) => names.toSorted()), [["one.test", "two.test"]]);
      assert.deepEqual(tls?.orders.map(({ name, state }) => [name, state]), [["one.test, two.test", "issued"]]);
      assert.equal(orders(sluice).length, 1);
    });
    await t.step("it is ordered again if a name is added, and not if none is", async () => {
      await using sluice = await startAcme(place, {
        LISTENER_ENGINE: "serve",
        LISTENER_RULE_1_HOST: "two.test|one.test",
      });
      assert.notEqual(await served(tlsPort, "one.test"), null);
      assert.equal(orders(sluice).length, 0);
      await sluice.stop();
      const more = { LISTENER_ENGINE: "serve", ACME_DOMAINS: "two.test,one.test,four.test" };
      await using other = await startAcme(place, more);
      assert.notEqual(await served(tlsPort, "one.test"), null, "the one before is served until then");
      await until(() => other.events.some(({ event }) => event === "acme_issued"), () => other.stderr);
      const { tls } = await other.stats();
      assert.deepEqual(tls?.certificates[0]?.names.toSorted(), ["four.test", "one.test", "two.test"]);
    });
  },
);

testWithPrograms(
  ACME_PROGRAMS,
  "a directory that is down, or can't prove a name, is told of in words, and serving goes on",
  async (t) => {
    await using dir = await tempDir();
    const [httpPort, tlsPort] = [freePort(), freePort()];
    const place = { httpPort, tlsPort, storage: dir.path, directory: `https://127.0.0.1:${freePort()}/dir` };
    await using pebble = await Pebble.start(freePort());
    await t.step("down", async () => {
      await using sluice = await startAcme({ ...place, rootFile: pebble.rootFile });
      const failed = await sluice.waitForEvent(({ event }) => event === "acme_failed");
      assert.match(
        String(failed.message),
        /No certificate for one\.test: The directory at 127\.0\.0\.1:\d+ can't be reached: .*; sluice tries again in/,
      );
      assert.equal(await (await fetch(sluice.url)).text(), "served");
      assert.equal(await served(tlsPort, "one.test"), null);
    });
    await t.step("it looks for the challenge where nothing is", async () => {
      await using sluice = await startAcme({ ...place, directory: pebble.directory, rootFile: pebble.rootFile });
      const failed = await sluice.waitForEvent(({ event }) => event === "acme_failed");
      assert.match(
        String(failed.error),
        /The directory could not prove that one\.test is served here: .*connection refused/,
      );
      const stats = await (await fetch(`${sluice.adminUrl}/lb/stats`)).json();
      assert.equal(stats.tls.orders[0].state, "failed");
      assert.ok(stats.tls.orders[0].nextTryInSeconds > 30);
    });
  },
);

testWithPrograms(ACME_PROGRAMS, "a directory that wants an external account gets it, or is told of", async () => {
  await using dir = await tempDir();
  const [httpPort, tlsPort] = [freePort(), freePort()];
  const external = { keyId: "kid-1", key: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" };
  await using pebble = await Pebble.start(httpPort, { external });
  const place = { httpPort, tlsPort, storage: dir.path, directory: pebble.directory, rootFile: pebble.rootFile };
  {
    await using sluice = await startAcme(place);
    const failed = await sluice.waitForEvent(({ event }) => event === "acme_failed");
    assert.match(String(failed.error), /wants an external account: set ACME_EAB_KID and ACME_EAB_HMAC/);
  }
  await using sluice = await startAcme(place, { ACME_EAB_KID: external.keyId, ACME_EAB_HMAC: external.key });
  await until(async () => await served(tlsPort, "one.test") === "one.test", () => sluice.stderr);
});
