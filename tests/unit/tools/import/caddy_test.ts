import assert from "node:assert/strict";
import { ImportError } from "../../../../src/tools/import/import_error.ts";
import { CADDY_JSON_SAMPLES } from "../../../imports/caddy_json_samples.ts";
import { CADDYFILE_SAMPLES } from "../../../imports/caddy_samples.ts";
import { imported, isName } from "../../../imports/imported.ts";
import { suiteOfSamples } from "../../../imports/suite.ts";

suiteOfSamples("caddy", CADDYFILE_SAMPLES, {
  file: "Caddyfile",
  says: (line) =>
    !/^\s*(#.*|\}|\{|\(.*\) \{|handle \{|@\w+ \{|(servers|timeouts) \{|header \{|Disallow: \/" 200)?$/.test(line),
});
suiteOfSamples("caddy", CADDY_JSON_SAMPLES, { file: "caddy.json", says: () => false });

Deno.test("import caddy names every brace that is missing, with file and line", async () => {
  await assert.rejects(imported("caddy", ":80 {\n}\n}\n:81 {\n", { file: "Caddyfile" }), (error) => {
    assert.ok(error instanceof ImportError);
    assert.deepEqual(error.problems, [
      'Caddyfile:3: Found "}" without a "{" before it',
      'Caddyfile:4: Found no "}" for the "{" in this line',
    ]);
    return true;
  });
  await assert.rejects(imported("caddy", '{"apps": ', { file: "caddy.json" }), /caddy\.json: .*JSON/);
});

Deno.test("import caddy tries directives in Caddy's order, whatever their order in the file", async () => {
  const text = ":80 {\n  reverse_proxy 10.0.0.1:1\n  respond /a 204\n  redir /b /c\n}\n";
  const { text: env } = await imported("caddy", text, { file: "Caddyfile" });
  const paths = env.split("\n").filter((line) => /^LISTENER_RULE_\d+_PATH/.test(line));
  assert.deepEqual(paths, ["LISTENER_RULE_1_PATH=/b", "LISTENER_RULE_2_PATH=/a", "LISTENER_RULE_3_PATH_PREFIX=/"]);
});

Deno.test("import caddy asks for TLS and ACME for a site with a name, as Caddy does by itself", async () => {
  const text = "shop.example {\n  reverse_proxy 10.0.0.1:3000\n}\n";
  const { text: env } = await imported("caddy", text, { file: "Caddyfile", isKnown: isName });
  const lines = [
    "LISTENER_PORT=80",
    // Nobody can agree to the terms of a directory for the user, and without a certificate there is no port for TLS.
    "# not yet: LISTENER_TLS_PORT=443",
    "# not yet: LISTENER_HTTPS_REDIRECT=true",
    "# not yet: ACME_ENABLE=true",
    "# not yet: ACME_DOMAINS=shop.example",
  ];
  for (const line of lines) assert.ok(env.includes(`\n${line}\n`), `${line}\n${env}`);
  assert.match(env, /ACME_ENABLE: it needs ACME_TERMS_AGREED=true, which only you can say/);
});

Deno.test("import caddy takes TRUSTED_PROXIES from the options of all servers", async () => {
  const text = "{\n servers {\n  trusted_proxies static private_ranges 192.0.2.0/24\n }\n}\n:80 {\n respond ok\n}\n";
  const { text: env } = await imported("caddy", text, { file: "Caddyfile" });
  assert.match(env, /^TRUSTED_PROXIES=10\.0\.0\.0\/8,172\.16\.0\.0\/12,192\.168\.0\.0\/16,192\.0\.2\.0\/24$/m);
});

Deno.test("import caddy takes a JSON server with hosts for one with TLS, unless automatic HTTPS is off", async () => {
  const json = (more: object) =>
    JSON.stringify({
      apps: {
        http: {
          servers: {
            main: {
              listen: [":8443"],
              ...more,
              routes: [{ match: [{ host: ["a.example"] }], handle: [{ handler: "static_response" }] }],
            },
          },
        },
      },
    });
  const on = await imported("caddy", json({}), { file: "caddy.json", isKnown: isName });
  assert.match(on.text, /^# not yet: LISTENER_TLS_PORT=8443$/m);
  const off = await imported("caddy", json({ automatic_https: { disable: true } }), { file: "caddy.json" });
  assert.match(off.text, /^LISTENER_PORT=8443$/m);
});
