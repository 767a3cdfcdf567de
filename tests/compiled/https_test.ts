/** HTTPS by the compiled program, which the variable SLUICE_PROGRAM names. */
import assert from "node:assert/strict";
import { type MadeCertificate, TestAuthority } from "../support/certificates.ts";
import { get, Http2Client } from "../support/http2_client.ts";
import { runSluice } from "../support/sluice_process.ts";
import { TlsClient, TlsStage } from "../support/tls_stage.ts";

for (const names of [["localhost"], ["localhost", "two.test"]]) {
  Deno.test(`the compiled program serves ${names.join(" and ")}, and offers HTTP/2 if check says so`, async () => {
    assert.ok(Deno.env.get("SLUICE_PROGRAM"), "SLUICE_PROGRAM must name the compiled program");
    await using authority = await TestAuthority.make();
    const certificates: MadeCertificate[] = [];
    for (const name of names) certificates.push(await authority.issue({ names: [name] }));
    await using stage = await TlsStage.start(certificates, { LISTENER_WORKERS: "2" });
    for (const name of [...names, "other.test"]) {
      await using client = await TlsClient.connect(stage.port, authority, { name });
      assert.equal(client.names, names.includes(name) ? name : names[0]);
      assert.match(await client.get("/"), /^HTTP\/1\.1 200 /);
    }
    const says = (await runSluice(["check"], stage.env)).stdout;
    const offers = /HTTP\/2 on LISTENER_TLS_PORT/.test(says);
    assert.notEqual(offers, /no HTTP\/2|HTTP\/2 is not offered/.test(says), says);
    await using client = await TlsClient.connect(stage.port, authority, { alpn: ["h2", "http/1.1"] });
    assert.equal(client.socket.alpnProtocol, offers ? "h2" : "http/1.1", says);
    if (!offers) return;
    using http2 = await Http2Client.connect(stage.port, authority);
    await http2.send(get(1, "/"));
    assert.equal(await http2.status(1), 200);
  });
}
