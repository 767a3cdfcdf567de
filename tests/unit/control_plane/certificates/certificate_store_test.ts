import assert from "node:assert/strict";
import { CertificateStore, LOOK_MS } from "../../../../src/control_plane/certificates/certificate_store.ts";
import { type MadeCertificate, TestAuthority } from "../../../support/certificates.ts";
import { LogRecorder } from "../../../support/log_recorder.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

const FILES = {
  variable: "LISTENER_TLS_CERT",
  keyVariable: "LISTENER_TLS_KEY",
  certificate: "tls.crt",
  key: "tls.key",
};

/** A store of one pair whose files are texts at hand. */
async function setUp(first: MadeCertificate) {
  const clock = new ManualClock();
  const log = new LogRecorder();
  const texts = { "tls.crt": first.certificate, "tls.key": first.key } as Record<string, string>;
  const read = (path: string) =>
    texts[path] === undefined ? Promise.reject(new Deno.errors.NotFound(path)) : Promise.resolve(texts[path]!);
  const store = new CertificateStore({ clock, log, read });
  assert.deepEqual(await store.load([FILES]), []);
  let changes = 0;
  store.watch(() => changes++);
  const write = ({ certificate, key }: MadeCertificate) =>
    Object.assign(texts, { "tls.crt": certificate, "tls.key": key });
  return { clock, log, texts, store, write, changes: () => changes };
}

Deno.test("a change of the files is found within a minute", async () => {
  await using authority = await TestAuthority.make();
  const { clock, store, write, changes } = await setUp(await authority.issue({ names: ["a.test"] }));
  write(await authority.issue({ names: ["b.test"] }));
  await clock.advance(LOOK_MS);
  await store.look();
  assert.deepEqual([store.pairs[0]!.names, changes()], [["b.test"], 1]);
  await store.look();
  assert.equal(changes(), 1);
  store.stop();
});

Deno.test("what can't be served is refused, told of once, and shown until it is sound again", async () => {
  await using authority = await TestAuthority.make();
  const first = await authority.issue({ names: ["a.test"] });
  const { log, texts, store, write, changes } = await setUp(first);
  delete texts["tls.key"];
  await store.look();
  await store.look();
  assert.match(store.views()[0]!.refused!, /Cannot read "tls.key": there is no such file/);
  assert.equal(log.events.filter(({ event }) => event === "certificate_refused").length, 1);
  assert.deepEqual([store.pairs[0]!.names, changes()], [["a.test"], 0]);
  write(first);
  await store.look();
  assert.deepEqual([store.views()[0]!.refused, changes()], [null, 0]);
  store.stop();
});

Deno.test("each file that can't be read is named, with its own variable", async () => {
  const read = () => Promise.reject(new Deno.errors.NotFound("readfile"));
  const store = new CertificateStore({ clock: new ManualClock(), log: new LogRecorder(), read });
  assert.deepEqual(await store.load([FILES]), [
    'LISTENER_TLS_CERT: Cannot read "tls.crt": there is no such file',
    'LISTENER_TLS_KEY: Cannot read "tls.key": there is no such file',
  ]);
});

Deno.test("a list with another pair serves both, and without it the first alone", async () => {
  await using authority = await TestAuthority.make();
  const { texts, store, changes } = await setUp(await authority.issue({ names: ["a.test"] }));
  const second = await authority.issue({ names: ["b.test"] });
  Object.assign(texts, { "b.crt": second.certificate, "b.key": second.key });
  await store.reload([FILES, { ...FILES, certificate: "b.crt", key: "b.key" }]);
  assert.deepEqual([store.pairs.map(({ names }) => names), changes()], [[["a.test"], ["b.test"]], 1]);
  await store.reload([FILES]);
  assert.deepEqual([store.pairs.map(({ names }) => names), changes()], [[["a.test"]], 2]);
  store.stop();
});
