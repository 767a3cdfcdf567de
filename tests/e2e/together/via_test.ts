/** VIA_ENABLE=false: sluice leaves no trace in Via, nginx compresses again, and loops are not found. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { missingOf } from "../../support/have_program.ts";
import { NginxTarget } from "../../support/nginx_target.ts";
import { rawExchange } from "../../support/raw_client.ts";
import { header, headerValues } from "../../support/raw_message.ts";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { WireStage } from "../../support/wire_stage.ts";

Deno.test("with VIA_ENABLE=false a target gets the client's Via and no other", async () => {
  await using stage = await WireStage.start({ env: { VIA_ENABLE: "false" } });
  const seen = () => headerValues(stage.target.requests.at(-1)!, "via");
  await stage.ask("GET /x");
  assert.deepEqual(seen(), []);
  await stage.ask("GET /x", { headers: ["Via: 1.0 fred"] });
  assert.deepEqual(seen(), ["1.0 fred"]);
  const { instance } = await stage.sluice.stats();
  const own = await stage.ask("GET /x", { headers: [`Via: 1.1 sluice-${instance}`] });
  assert.equal(own.status, 200, "no loop is found");
  await stage.settled();
});

Deno.test("with VIA_ENABLE=false a target that is the listener itself is an error, not a warning", async () => {
  const env = { BACKEND_SERVERS: "http://127.0.0.1:8080", LISTENER_PORT: "8080" };
  const { code, stderr } = await runSluice([], { ...env, VIA_ENABLE: "false" });
  assert.equal(code, 2);
  assert.match(stderr, /is the listener itself, and with VIA_ENABLE=false sluice finds no loop/);
  const known = await runSluice(["check"], env);
  assert.equal(known.code, 0);
  assert.match(known.stdout, /will get 508/);
});

Deno.test("explain says where LOCATION_REWRITE leads a redirect, and check says what applications want", async () => {
  const env = {
    TARGET_GROUP_1_NAME: "app",
    TARGET_GROUP_1_TARGETS: "10.0.0.1:8080/v1",
    LISTENER_RULE_1_PATH_PREFIX: "/api",
    LISTENER_RULE_1_PATH_REWRITE: "/api",
    LISTENER_RULE_1_TARGET_GROUP: "app",
  };
  const asked = ["explain", "GET", "http://shop.example/api/x"];
  const { stdout } = await runSluice(asked, { ...env, LOCATION_REWRITE: "true" });
  assert.match(stdout, /http:\/\/10\.0\.0\.1:8080\/v1\/ {2}becomes {2}http:\/\/shop\.example\/api\//);
  assert.doesNotMatch((await runSluice(asked, env)).stdout, /Redirects/);
  assert.match(
    (await runSluice(["check"], env)).stdout,
    /Notes:[^]*set PRESERVE_HOST=true HEADER_CONVENTION_ENABLE=true/,
  );
});

Deno.test({
  name: "nginx as a target compresses with VIA_ENABLE=false, and by its default not with Via",
  // fetch puts `Accept-Encoding: identity` first, and nginx reads only the first line.
  ignore: missingOf("nginx").length > 0 || Deno.env.get("UPSTREAM_TRANSPORT") === "fetch",
  async fn() {
    const page = `<html>${"hello ".repeat(500)}</html>`;
    await using nginx = await NginxTarget.start({ files: { "/page.html": page } });
    for (const via of ["true", "false"]) {
      await using sluice = await startSluice({
        env: { BACKEND_SERVERS: `http://${nginx.address}`, HEALTH_CHECK_ENABLED: "false", VIA_ENABLE: via },
      });
      const asked = "GET /page.html HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";
      const got = await rawExchange(sluice.url, asked);
      const body = via === "true" ? got.body : new Uint8Array(gunzipSync(got.body));
      assert.equal(header(got, "content-encoding"), via === "true" ? null : "gzip");
      assert.equal(new TextDecoder().decode(body), page);
    }
  },
});
