import assert from "node:assert/strict";
import { AcmeStorage } from "../../../../src/control_plane/acme/acme_storage.ts";
import { tempDir } from "../../../support/temp_dir.ts";

const TOKEN = "t".repeat(43);

Deno.test("replicas can begin to use one storage at the same moment, and leave nothing there", async () => {
  await using dir = await tempDir();
  await Promise.all(Array.from({ length: 20 }, () => new AcmeStorage(dir.path).prepare()));
  assert.deepEqual([...Deno.readDirSync(dir.path)].map(({ name }) => name).sort(), ["certificates", "challenges"]);
});

Deno.test("one replica has the lock; if its file is removed it takes part in the contest for the new one", async () => {
  await using dir = await tempDir();
  const [first, second] = [new AcmeStorage(dir.path), new AcmeStorage(dir.path)];
  await first.prepare();
  assert.deepEqual([await first.own(), await second.own(), await first.own()], [true, false, true]);
  await Deno.remove(`${dir.path}/lock`);
  assert.deepEqual([await second.own(), await first.own()], [true, false]);
  second.release();
  assert.equal(await first.own(), true);
  first.release();
});

Deno.test("who takes the lock removes what an order left that was broken off", async () => {
  await using dir = await tempDir();
  const storage = new AcmeStorage(dir.path);
  await storage.prepare();
  await storage.publish(TOKEN, "left");
  await storage.keepCertificate("one.test", { certificate: "kept", key: "" });
  await Deno.writeTextFile(`${dir.path}/certificates/one.test.pem.7-1.new`, "left");
  assert.equal(await storage.challenge(TOKEN), "left");
  await storage.own();
  assert.equal(await storage.challenge(TOKEN), null);
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/certificates`)].map(({ name }) => name), ["one.test.pem"]);
  storage.release();
});

Deno.test("no token leads out of the folder of challenges", async () => {
  await using dir = await tempDir();
  const storage = new AcmeStorage(dir.path);
  await storage.prepare();
  for (const token of ["../certificates/one.test.pem", "a/b".repeat(20), "", "short"]) {
    await assert.rejects(storage.publish(token, "text"), /The directory sent a malformed token/);
    assert.equal(await storage.challenge(token), null);
  }
});

Deno.test("an account's key that is damaged is told of with its file, and not replaced", async () => {
  await using dir = await tempDir();
  const storage = new AcmeStorage(dir.path);
  await storage.prepare();
  const { thumbprint } = await storage.accountKey("https://ca.test/dir");
  assert.equal((await storage.accountKey("https://ca.test/dir")).thumbprint, thumbprint);
  const { name } = [...Deno.readDirSync(dir.path)].find(({ name }) => name.startsWith("account-"))!;
  await Deno.truncate(`${dir.path}/${name}`, 20);
  await assert.rejects(storage.accountKey("https://ca.test/dir"), /The account's key in .*\.json is damaged/);
});

Deno.test("a storage that is removed while it is in use is made again", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/storage`;
  const [storage, other] = [new AcmeStorage(path), new AcmeStorage(path)];
  await storage.prepare();
  await storage.own();
  await Deno.remove(path, { recursive: true });
  assert.deepEqual([await storage.own(), await other.own()], [true, false]);
  await storage.keepCertificate("one.test", { certificate: "kept", key: "" });
  assert.equal(await storage.certificate("one.test"), "kept\n");
  storage.release();
});
