import assert from "node:assert/strict";
import type { CertificatePair } from "../../../../src/certificates/certificate_pair.ts";
import { NamesAcceptor } from "../../../../src/front/tls/names_acceptor.ts";

Deno.test("no listener is opened for a certificate that the platform can't serve", () => {
  const pair: CertificatePair = {
    certificate: "",
    key: "",
    names: ["a.test"],
    notBeforeMs: 0,
    notAfterMs: 0,
    issuer: "",
    fingerprint: "",
  };
  const sockets = {
    context: () => {
      throw new Error("no such key");
    },
    secure: () => assert.fail("nothing is accepted"),
  };
  let opened = 0;
  const listen = () => {
    opened++;
    return assert.fail("opened");
  };
  assert.throws(() => new NamesAcceptor(listen, { pairs: [pair], protocols: ["http/1.1"], sockets }), /no such key/);
  assert.equal(opened, 0);
});
