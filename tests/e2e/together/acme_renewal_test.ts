/** Certificates that are renewed while clients are served, by one sluice and by several with one storage. */
import assert from "node:assert/strict";
import {
  ACME_PROGRAMS,
  acmePlace,
  issuerServed,
  startAcme,
  statusText,
  storeOldCertificates,
} from "../../support/acme_stage.ts";
import { DirectoryProxy } from "../../support/directory_proxy.ts";
import { freePort } from "../../support/free_port.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { Pebble } from "../../support/pebble.ts";
import { until } from "../../support/poll.ts";
import { smallDisk, testOnSmallDisk } from "../../support/small_disk.ts";
import type { SluiceProcess } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { TlsClient } from "../../support/tls_stage.ts";

const NAMES = ["one.test", "two.test"];
/** Clients that keep their connection, and as many that make one for each request. */
const CLIENTS = 5;
/** Requests of each client after the renewal. */
const AFTER = Number(Deno.env.get("SLUICE_TEST_RENEWAL_REQUESTS") ?? 20);

/** Waits until both names are served with a certificate of the directory's. */
async function renewed(sluice: SluiceProcess, tlsPort: number): Promise<void> {
  for (const name of NAMES) {
    await until(async () => (await issuerServed(tlsPort, name))?.includes("Pebble"), () => sluice.stderr);
  }
}

testWithPrograms(ACME_PROGRAMS, "a renewal fails no request, of clients that stay and of those that come", async () => {
  await using dir = await tempDir();
  const httpPort = freePort();
  await using pebble = await Pebble.start(httpPort);
  await using proxy = await DirectoryProxy.start(pebble);
  await storeOldCertificates(dir.path, pebble.authority);
  const roots = await pebble.authority.root() + await pebble.root();
  const trust = { root: () => Promise.resolve(roots) };
  const begun = Promise.withResolvers<void>();
  proxy.respond = async (_path, passOn) => (await begun.promise, await passOn());
  const place = {
    ...acmePlace({ storage: dir.path, directory: proxy.directory, rootFile: pebble.rootFile }),
    httpPort,
  };
  await using sluice = await startAcme(place, { LISTENER_WORKERS: "2" });
  const { tlsPort } = place;
  const counts = { kept: 0, fresh: 0 };
  let isRenewed = false;
  const times = async (work: () => Promise<void>) => {
    for (let left = AFTER; left > 0; left -= isRenewed ? 1 : 0) await work();
  };
  const served = async (client: TlsClient) => assert.match(await client.get("/"), /^HTTP\/1\.1 200 .*served$/s);
  const kept = async (name: string) => {
    await using client = await TlsClient.connect(tlsPort, trust, { name });
    await times(async () => (await served(client), void counts.kept++));
  };
  const fresh = (name: string) =>
    times(async () => {
      await using client = await TlsClient.connect(tlsPort, trust, { name });
      assert.equal(client.names, name);
      await served(client);
      counts.fresh++;
    });
  const clients = Array.from({ length: CLIENTS }, (_, i) => [kept(NAMES[i % 2]!), fresh(NAMES[i % 2]!)]).flat();
  const all = Promise.all(clients);
  await Promise.race([all, until(() => counts.kept > 10 && counts.fresh > 10, "clients to be served")]);
  begun.resolve();
  try {
    await Promise.race([all, renewed(sluice, tlsPort)]);
  } finally {
    isRenewed = true;
  }
  await all;
  if (AFTER > 100) console.log(counts);
  assert.ok(Math.min(counts.kept, counts.fresh) >= CLIENTS * AFTER);
  const { tls, total } = await sluice.settled();
  assert.deepEqual(tls!.orders.map(({ state, error }) => [state, error]), [["issued", null], ["issued", null]]);
  assert.ok(total.requests >= counts.kept + counts.fresh);
});

testWithPrograms(
  ACME_PROGRAMS,
  "of two replicas with one storage one renews, and both serve the new ones",
  async () => {
    await using dir = await tempDir();
    await using pebble = await Pebble.start(1, { checks: false });
    await storeOldCertificates(dir.path, pebble.authority);
    const place = () => acmePlace({ storage: dir.path, directory: pebble.directory, rootFile: pebble.rootFile });
    const places = [place(), place()];
    await using first = await startAcme(places[0]!);
    await using second = await startAcme(places[1]!);
    const both = [first, second];
    for (const [index, sluice] of both.entries()) await renewed(sluice, places[index]!.tlsPort);
    const orders = both.map(({ events }) => events.filter(({ event }) => event === "acme_ordering").length);
    assert.deepEqual(orders, [2, 0]);
  },
);

testWithPrograms(ACME_PROGRAMS, "if the replica that orders is killed in an order, the other takes over", async () => {
  await using dir = await tempDir();
  const httpPort = freePort();
  await using pebble = await Pebble.start(httpPort);
  await using proxy = await DirectoryProxy.start(pebble);
  await storeOldCertificates(dir.path, pebble.authority);
  const held = Promise.withResolvers<Response>();
  // The challenge is open in the storage by then.
  proxy.respond = (path, passOn) => path.startsWith("/chalZ") ? held.promise : passOn();
  const place = acmePlace({ storage: dir.path, directory: proxy.directory, rootFile: pebble.rootFile });
  await using first = await startAcme(place);
  await until(() => proxy.asked.some((path) => path.startsWith("/chalZ")), () => first.stderr);
  const other = { ...place, httpPort, tlsPort: freePort() };
  await using second = await startAcme(other);
  assert.match(await statusText(first), /^ACME one\.test: ordering$/m);
  assert.doesNotMatch(await statusText(second), /^ACME /m, "its certificates are sound, and another orders");
  assert.equal(await issuerServed(other.tlsPort, "one.test"), "Test-Root");
  proxy.respond = (_path, passOn) => passOn();
  await first.kill();
  held.resolve(new Response(null, { status: 500 }));
  await renewed(second, other.tlsPort);
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/challenges`)], []);
});

testOnSmallDisk(
  ACME_PROGRAMS,
  "while the disk is full nothing is ordered or half-written, clients are served, and status says why",
  async () => {
    await using pebble = await Pebble.start(1, { checks: false });
    await using disk = (await smallDisk())!;
    await storeOldCertificates(disk.path, pebble.authority);
    const text = await Deno.readTextFile(`${disk.path}/certificates/one.test.pem`);
    const free = await disk.fill();
    const before = filesOf(disk.path);
    const place = acmePlace({ storage: disk.path, directory: pebble.directory, rootFile: pebble.rootFile });
    await using sluice = await startAcme(place);
    await sluice.waitForEvent(({ event }) => event === "acme_storage_failed");
    const words = /^ACME one\.test: issued.*: The disk of ACME_STORAGE is full$/m;
    await until(async () => words.test(await statusText(sluice)), () => sluice.stderr);
    assert.equal(await issuerServed(place.tlsPort, "one.test"), "Test-Root");
    assert.equal(await (await fetch(sluice.url)).text(), "served");
    assert.deepEqual(filesOf(disk.path).filter((path) => !before.includes(path)), ["lock", "challenges/"]);
    assert.equal(await Deno.readTextFile(`${disk.path}/certificates/one.test.pem`), text);
    assert.ok(!sluice.events.some(({ event }) => event === "acme_ordering"));
    await free();
    await renewed(sluice, place.tlsPort);
    assert.doesNotMatch(await statusText(sluice), /^ACME /m);
  },
);

/** Paths of all files and folders in a folder. */
function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? [`${name}/`, ...filesOf(`${folder}/${name}`)] : [name]
  );
}
