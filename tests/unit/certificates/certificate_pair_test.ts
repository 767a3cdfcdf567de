import assert from "node:assert/strict";
import { BadPair, chainOf, readPair } from "../../../src/certificates/certificate_pair.ts";
import { TestAuthority } from "../../support/certificates.ts";

/** Made by `openssl ca` without extensions. rustls refuses it with words that name no file. */
const VERSION_1 = `-----BEGIN CERTIFICATE-----
MIIBDzCBtgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwHhcN
MjUwMTAxMDAwMDAwWhcNMjUwMjAxMDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARNmwiWVXepX1BtzN4/If+v9oA2
5MSlF3o5Nig4igvwhUAZhjbF9973KR/rG2CDF1Ik7V+MND157arPMOQlwl0oMAoG
CCqGSM49BAMCA0gAMEUCIQDYaU5F0xY6JAaBVvuwjgM3xhjZo9HVJhQd5dQomkN6
7QIgCDqy7dtTFvi+fo7uStEsJ0nKIjWdFsodHSVYFEa1W+4=
-----END CERTIFICATE-----
`;

Deno.test("a certificate and its key are read with their names and dates", async () => {
  await using authority = await TestAuthority.make();
  const made = await authority.issue({
    names: ["Api.example.test", "*.example.test", "127.0.0.1"],
    notBefore: "20260102030405Z",
    notAfter: "20270102030405Z",
  });
  const pair = readPair(made.certificate, made.key);
  assert.deepEqual(pair.names, ["api.example.test", "*.example.test"]);
  assert.equal(pair.notBeforeMs, Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.equal(pair.notAfterMs, Date.UTC(2027, 0, 2, 3, 4, 5));
  assert.equal(pair.issuer, "CN=Test-Root");
  assert.match(pair.fingerprint, /^[0-9a-f]{64}$/);
});

Deno.test("the DNS names come from the list of names, or from the common name if there is no such list", async () => {
  await using authority = await TestAuthority.make();
  const many = Array.from({ length: 3000 }, (_, index) => `host-${index}.a-long-name.example.test`);
  const wanted = [["127.0.0.1", "10.0.0.1"], ["127.0.0.1", "a.test"], many];
  for (const names of wanted) {
    const { certificate, key } = await authority.issue({ names, keyKind: "rsa" });
    assert.deepEqual(readPair(certificate, key).names, names.filter((name) => name.endsWith(".test")));
  }
  const rootKey = await Deno.readTextFile(`${authority.folder}/root.key`);
  assert.deepEqual(readPair(await authority.root(), rootKey).names, ["test-root"]);
});

Deno.test("a chain may stand behind the certificate, and both may stand in one text with the key", async () => {
  await using authority = await TestAuthority.make();
  const made = await authority.issue({ names: ["a.test"], keyKind: "rsa" });
  const chain = made.certificate + await authority.root();
  assert.equal(chainOf(chain).length, 2);
  const one = chain + made.key;
  assert.deepEqual(readPair(one, one).names, ["a.test"]);
});

Deno.test("two texts that are no pair are refused, with the text that is wrong and why", async () => {
  await using authority = await TestAuthority.make();
  const [made, other] = [await authority.issue({ names: ["a.test"] }), await authority.issue({ names: ["b.test"] })];
  const damaged = made.certificate.replace(/\n(.{40})/, `\n${"A".repeat(40)}`);
  const cases: [string, string, "certificate" | "key", RegExp][] = [
    [made.certificate, other.key, "key", /does not belong to the certificate/],
    ["", made.key, "certificate", /no PEM block CERTIFICATE/],
    [made.key, made.key, "certificate", /no PEM block CERTIFICATE/],
    [damaged, made.key, "certificate", /PEM block 1 is not a certificate/],
    [VERSION_1, made.key, "certificate", /version 1 of X\.509, and TLS needs version 3/],
    [made.certificate, "", "key", /no PEM block PRIVATE KEY/],
    [made.certificate, made.certificate, "key", /no PEM block PRIVATE KEY/],
    [made.certificate, made.key.replace(/\n(.{40})/, `\n${"A".repeat(40)}`), "key", /is not a key|does not belong/],
    [
      made.certificate,
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "key",
      /encrypted/,
    ],
  ];
  for (const [certificate, key, of, message] of cases) {
    assert.throws(() => readPair(certificate, key), (error) => {
      assert.ok(error instanceof BadPair);
      assert.equal(error.of, of);
      assert.match(error.message, message);
      return true;
    });
  }
});
