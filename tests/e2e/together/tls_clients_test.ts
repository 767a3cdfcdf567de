/** HTTPS with the programs that people use: openssl, curl and Node. */
import assert from "node:assert/strict";
import { TestAuthority } from "../../support/certificates.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { TlsStage } from "../../support/tls_stage.ts";

testWithPrograms(
  ["openssl"],
  "openssl gets the certificate of the name and a response, by TLS 1.2 and 1.3",
  async () => {
    await using authority = await TestAuthority.make();
    const sets = [["localhost"], ["a.test"], ["*.wild.test"], ["b.test", "c.test"]];
    await using stage = await TlsStage.start(await Promise.all(sets.map((names) => authority.issue({ names }))));
    const asked: [string | null, string][] = [
      ["localhost", "localhost"],
      ["a.test", "a.test"],
      ["www.wild.test", "*.wild.test"],
      ["c.test", "b.test, DNS:c.test"],
      ["unknown.test", "localhost"],
      [null, "localhost"],
    ];
    for (const version of ["1_2", "1_3"]) {
      for (const [name, expected] of asked) {
        const sni = name === null ? ["-noservername"] : ["-servername", name];
        const text = await run("openssl", [
          ...["s_client", "-connect", `127.0.0.1:${stage.port}`, "-CAfile", authority.rootFile, `-tls${version}`],
          ...["-verify_return_error", "-ign_eof", ...sni],
        ], "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert.match(text, new RegExp(`New, TLSv${version.replace("_", "\\.")}, Cipher is `), text);
        assert.match(text, /Verify return code: 0 \(ok\)/);
        assert.match(text, /^HTTP\/1\.1 200 /m);
        assert.equal(await namesOf(text), `DNS:${expected}`);
      }
    }
  },
);

testWithPrograms(["curl"], "curl trusts the certificate and gets responses by HTTP/2 and HTTP/1.1", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["shop.test"] })]);
  for (const [option, version] of [["--http2", "2"], ["--http1.1", "1.1"]] as const) {
    const text = await run("curl", [
      ...["-sS", "--cacert", authority.rootFile, "--resolve", `shop.test:${stage.port}:127.0.0.1`, option],
      ...["-w", " %{http_code} %{http_version}", `https://shop.test:${stage.port}/`],
    ]);
    assert.equal(text, `ok 200 ${version}`);
  }
});

testWithPrograms(["node"], "Node's https agent gets 1,000 responses on the connections that it keeps", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })]);
  const text = await run("node", ["-e", NODE_CLIENT, `${stage.port}`, authority.rootFile]);
  assert.deepEqual(JSON.parse(text), { responses: { 200: 1000 }, connections: 8 });
});

const NODE_CLIENT = `
const https = require("node:https");
const [port, ca] = process.argv.slice(1);
const agent = new https.Agent({ keepAlive: true, maxSockets: 8, ca: require("node:fs").readFileSync(ca) });
const responses = {};
const sockets = new Set();
let left = 1000;
function ask() {
  if (left-- <= 0) return;
  https.get({ host: "127.0.0.1", port, servername: "localhost", agent, path: "/" + left }, (response) => {
    sockets.add(response.socket);
    responses[response.statusCode] = (responses[response.statusCode] ?? 0) + 1;
    response.resume().on("end", ask);
  }).on("error", (error) => { throw error; });
}
for (let i = 0; i < 8; i++) ask();
process.on("exit", () => console.log(JSON.stringify({ responses, connections: sockets.size })));
`;

/** What a program prints. */
async function run(program: string, args: readonly string[], stdin = ""): Promise<string> {
  const child = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, `${program} failed: ${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

/** The names of the first certificate in a text. */
async function namesOf(text: string): Promise<string> {
  const certificate = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(text)?.[0] ?? "";
  const shown = await run("openssl", ["x509", "-noout", "-ext", "subjectAltName"], `${certificate}\n`);
  return shown.split("\n")[1]!.trim();
}
