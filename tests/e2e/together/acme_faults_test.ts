/** What sluice says and does if the ACME directory refuses, fails, or responds with something else. */
import assert from "node:assert/strict";
import {
  ACME_PROGRAMS,
  acmePlace,
  issuerServed,
  startAcme,
  statusText,
  storeOldCertificates,
} from "../../support/acme_stage.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { DirectoryProxy, type PassOn, problemResponse } from "../../support/directory_proxy.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { Pebble } from "../../support/pebble.ts";
import { until } from "../../support/poll.ts";
import { runSluice, type SluiceProcess } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Responds to one path only; the path as pebble has it. */
function at(prefix: string, respond: (passOn: PassOn) => Response | Promise<Response>): DirectoryProxy["respond"] {
  return (path, passOn) => path.startsWith(prefix) ? respond(passOn) : passOn();
}

/** Changes the JSON of a response. */
function changed(change: (value: Record<string, unknown>) => unknown): (passOn: PassOn) => Promise<Response> {
  return async (passOn) => {
    const response = await passOn();
    const { status, headers } = response;
    return new Response(JSON.stringify(change(await response.json())), { status, headers });
  };
}

const huge = () => new Response(new Uint8Array(64 * 1024 * 1024), { headers: { "replay-nonce": "n" } });
const limited = (status: number) => () =>
  problemResponse(status, {
    type: "rateLimited",
    detail: "too many new orders recently",
    headers: { "retry-after": "7200" },
  });

/** A fault, what the status says of it, and how long sluice then waits at least. */
const FAULTS: readonly (readonly [string, DirectoryProxy["respond"], RegExp, seconds?: number])[] = [
  [
    "rate limited",
    at("/order-plz", limited(429)),
    /The order was refused: too many new orders recently \(rateLimited\)/,
    7000,
  ],
  [
    "overloaded, and says when to come back",
    at("/dir", () => new Response("busy", { status: 503, headers: { "retry-after": "7200" } })),
    /The directory was refused: status 503/,
    7000,
  ],
  [
    "no nonces, and says when to come back",
    at("/nonce-plz", limited(429)),
    /The nonce was refused: status 429/,
    7000,
  ],
  ["every nonce is refused", at("/order-plz", () => badNonce()), /The order was refused: again \(badNonce\)/],
  ["HTML in place of the directory", at("/dir", () => new Response("<html>")), /is not an ACME directory/],
  [
    "a redirect",
    at("/dir", () => Response.redirect("https://127.0.0.1:1/")),
    /it redirects, and sluice does not follow/,
  ],
  ["a huge directory", at("/dir", huge), /sent more than 1 MB/],
  ["a huge order", at("/order-plz", huge), /sent more than 1 MB/],
  ["an order that is a list", at("/order-plz", changed(() => [])), /The order: the directory's response is malformed/],
  [
    "authorizations that are a text",
    at("/order-plz", changed((order) => ({ ...order, authorizations: "https://a.test/" }))),
    /The order: the directory's response is malformed: authorizations/,
  ],
  [
    "an authorization that is a file",
    at("/order-plz", changed((order) => ({ ...order, authorizations: ["file:///etc/hostname"] }))),
    /The authorization: the directory gave no https URL for it/,
  ],
  [
    "a place to sign without TLS",
    at("/order-plz", changed((order) => ({ ...order, finalize: "http://127.0.0.1:1/x" }))),
    /The signing request: the directory gave no https URL for it/,
  ],
  [
    "an authorization without challenges",
    at("/authZ", changed(({ challenges: _, ...rest }) => rest)),
    /The authorization: the directory's response is malformed: challenges/,
  ],
  [
    "a token that is a path",
    at(
      "/authZ",
      changed((value) => ({ ...value, challenges: [{ type: "http-01", url: "https://a.test/", token: "../../x" }] })),
    ),
    /The directory sent a malformed token/,
  ],
  [
    "a certificate that is none",
    at("/certZ", () => new Response("hello")),
    /The issued certificate can't be used: There is no/,
  ],
];

function badNonce(): Response {
  return problemResponse(400, { type: "badNonce", detail: "again", headers: { "replay-nonce": "n" } });
}

/** Clients are served by both ports: with the old certificate, too. */
async function servesStill(sluice: SluiceProcess, tlsPort: number): Promise<void> {
  const response = await fetch(sluice.url);
  assert.deepEqual([response.status, await response.text()], [200, "served"]);
  assert.equal(await issuerServed(tlsPort, "one.test"), "Test-Root");
}

testWithPrograms(ACME_PROGRAMS, "whatever the directory responds, status says it and serving goes on", async (t) => {
  await using dir = await tempDir();
  await using pebble = await Pebble.start(1, { checks: false });
  await using proxy = await DirectoryProxy.start(pebble);
  await storeOldCertificates(dir.path, pebble.authority);
  const kept = await Deno.readTextFile(`${dir.path}/certificates/one.test.pem`);
  for (const [name, respond, words, seconds = 50] of FAULTS) {
    await t.step(name, async () => {
      proxy.respond = respond;
      const place = acmePlace({ storage: dir.path, directory: proxy.directory, rootFile: pebble.rootFile });
      await using sluice = await startAcme(place);
      await sluice.waitForEvent(({ event, name }) => event === "acme_failed" && name === "one.test");
      const status = await statusText(sluice);
      const line = status.split("\n").find((each) => each.includes("ACME one.test:")) ?? status;
      assert.match(line, /ACME one\.test: failed: /);
      assert.match(line, words);
      assert.ok(line.length < 700, line);
      assert.ok(Number(/next try in (\d+) s/.exec(line)?.[1]) >= seconds, line);
      await servesStill(sluice, place.tlsPort);
      assert.equal(await Deno.readTextFile(`${dir.path}/certificates/one.test.pem`), kept);
      assert.deepEqual([...Deno.readDirSync(`${dir.path}/challenges`)], []);
    });
  }
});

testWithPrograms(
  ACME_PROGRAMS,
  "a certificate that is due at once, as if the machine's clock were wrong, is served but not ordered again and again",
  async () => {
    await using dir = await tempDir();
    await using pebble = await Pebble.start(1, { checks: false, validitySeconds: 1 });
    const place = acmePlace({ storage: dir.path, directory: pebble.directory, rootFile: pebble.rootFile });
    await using sluice = await startAcme(place);
    const failed = await sluice.waitForEvent(({ event }) => event === "acme_failed");
    assert.match(String(failed.error), /The new certificate is due for renewal already: is this machine's clock right/);
    assert.ok(Number(failed.waitMs) >= 60_000);
    await until(async () => (await issuerServed(place.tlsPort, "one.test"))?.includes("Pebble"), () => sluice.stderr);
  },
);

testWithPrograms(
  ACME_PROGRAMS,
  "a directory that refuses a name is quoted, and the other name is ordered",
  async () => {
    await using dir = await tempDir();
    await using pebble = await Pebble.start(1, { checks: false, blocked: ["one.test"] });
    const place = acmePlace({ storage: dir.path, directory: pebble.directory, rootFile: pebble.rootFile });
    await using sluice = await startAcme(place);
    await sluice.waitForEvent(({ event, name }) => event === "acme_issued" && name === "two.test");
    assert.match(await statusText(sluice), /ACME one\.test: failed: The order was refused: .*\(rejectedIdentifier\)/);
  },
);

testWithPrograms(
  ACME_PROGRAMS,
  "damaged files in the storage are told of, and what can be had again is ordered",
  async () => {
    await using dir = await tempDir();
    await using pebble = await Pebble.start(1, { checks: false });
    await storeOldCertificates(dir.path, pebble.authority);
    await Deno.truncate(`${dir.path}/certificates/one.test.pem`, 300);
    // A process that was killed in the middle of an order.
    await Deno.mkdir(`${dir.path}/challenges`);
    await Deno.writeTextFile(`${dir.path}/challenges/${"t".repeat(43)}`, "left");
    await Deno.writeTextFile(`${dir.path}/certificates/one.test.pem.7-1.new`, "left");
    const place = acmePlace({ storage: dir.path, directory: pebble.directory, rootFile: pebble.rootFile });
    {
      await using sluice = await startAcme(place);
      await sluice.waitForEvent(({ event, name }) => event === "acme_storage_failed" && name === "one.test");
      await until(async () => (await issuerServed(place.tlsPort, "one.test"))?.includes("Pebble"), () => sluice.stderr);
      await sluice.waitForEvent(({ event, name }) => event === "acme_issued" && name === "two.test");
      assert.doesNotMatch(await statusText(sluice), /^ACME /m);
      assert.deepEqual([...Deno.readDirSync(`${dir.path}/challenges`)], []);
      const names = [...Deno.readDirSync(`${dir.path}/certificates`)].map(({ name }) => name);
      assert.deepEqual(names.sort(), ["one.test.pem", "two.test.pem"]);
    }
    const account = [...Deno.readDirSync(dir.path)].find(({ name }) => name.startsWith("account-"))!.name;
    await Deno.truncate(`${dir.path}/${account}`, 20);
    await Deno.remove(`${dir.path}/certificates/two.test.pem`);
    await using sluice = await startAcme(place);
    const failed = await sluice.waitForEvent(({ event }) => event === "acme_failed");
    assert.match(
      String(failed.error),
      /^The account's key in .*account-\w+\.json is damaged: restore it, or remove the file/,
    );
    assert.match(String(await issuerServed(place.tlsPort, "one.test")), /Pebble/);
  },
);

testWithPrograms(["openssl"], "an ACME_CA or ACME_STORAGE that can't be used ends the start with code 2", async () => {
  await using dir = await tempDir();
  await using authority = await TestAuthority.make();
  const env = {
    LISTENER_ENGINE: "wire",
    LISTENER_PORT: "0",
    LISTENER_TLS_PORT: "0",
    ACME_ENABLE: "true",
    ACME_TERMS_AGREED: "true",
    ACME_DOMAINS: "one.test",
    ACME_DIRECTORY: "https://127.0.0.1:1/dir",
    ACME_CA: authority.rootFile,
    LISTENER_RULE_1_FIXED_RESPONSE: "200",
  };
  await Deno.writeTextFile(`${dir.path}/file`, "no certificate");
  const noAuthority = await runSluice([], { ...env, ACME_CA: `${dir.path}/file` }, { writes: dir.path });
  assert.equal(noAuthority.code, 2);
  assert.match(noAuthority.stderr, /^ACME_CA: Cannot use "\S+\/file": There is no PEM block CERTIFICATE in it$/m);
  const noFolder = await runSluice([], { ...env, ACME_STORAGE: `${dir.path}/file` }, { writes: dir.path });
  assert.equal(noFolder.code, 2);
  assert.match(noFolder.stderr, /^ACME_STORAGE: Cannot use "\S+\/file": /m);
});
