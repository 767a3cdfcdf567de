import assert from "node:assert/strict";
import { ImportError } from "../../../../src/tools/import/import_error.ts";
import { imported, isName } from "../../../imports/imported.ts";
import { NGINX_SAMPLES } from "../../../imports/nginx_samples.ts";
import { suiteOfSamples } from "../../../imports/suite.ts";

suiteOfSamples("nginx", NGINX_SAMPLES, {
  file: "site.conf",
  says: (line) => !/^\s*(#.*|(http|server|events)?\s*\{?\s*\}?\s*)$/.test(line),
});

Deno.test("import nginx names every brace and semicolon that is missing, with file and line", async () => {
  const text = "server {\n  listen 80\n}\n}\nlocation / {\n  return 200 'ok';\n";
  await assert.rejects(imported("nginx", text), (error) => {
    assert.ok(error instanceof ImportError);
    assert.deepEqual(error.problems, [
      'site.conf:2: Expected ";" after "listen 80"',
      'site.conf:4: Found "}" without a "{" before it',
      'site.conf:5: Found no "}" for the "{" in this line',
    ]);
    return true;
  });
});

Deno.test("import nginx reads what nginx -T prints, with the names and lines of the files in it", async () => {
  const dump = [
    "# configuration file /etc/nginx/nginx.conf:",
    "events {}",
    "http { include /etc/nginx/sites-enabled/*; }",
    "",
    "# configuration file /etc/nginx/sites-enabled/shop:",
    "server {",
    "  listen 80;",
    "  location / { proxy_pass http://10.0.0.1:3000; }",
    "}",
  ].join("\n");
  const { text, leftOut } = await imported("nginx", dump);
  assert.match(text, /^# \/etc\/nginx\/sites-enabled\/shop:3: proxy_pass/m);
  assert.match(text, /^TARGET_GROUP_1_TARGETS=10\.0\.0\.1:3000$/m);
  assert.equal(leftOut, 0, text);
});

Deno.test("import nginx says which included file can't be read", async () => {
  const { text, leftOut } = await imported("nginx", "http { include conf.d/*.conf; }");
  assert.match(text, /^# site\.conf:1: include conf\.d\/\*\.conf -> no file conf\.d\/\*\.conf can be read/m);
  assert.equal(leftOut, 1);
});

Deno.test("import nginx writes each certificate once, and comments while sluice has no TLS", async () => {
  const site = (name: string, pem: string) =>
    `server { listen 443 ssl; server_name ${name}; ssl_certificate ${pem}.pem; ssl_certificate_key ${pem}.key; ` +
    "location / { proxy_pass http://10.0.0.1; } }\n";
  const plain = "server { listen 80; server_name a.example; return 301 https://$host$request_uri; }\n";
  const { text } = await imported("nginx", plain + site("a.example", "a") + site("b.example", "b"));
  for (const line of ["LISTENER_TLS_PORT=443", "LISTENER_TLS_CERT=a.pem", "LISTENER_TLS_CERT_1=b.pem"]) {
    assert.ok(text.includes(`# not yet: ${line}\n`), text);
  }
  assert.match(text, /^LISTENER_RULE_2_PROTOCOL=http$/m);
  const both = await imported("nginx", site("a.example", "a") + site("b.example", "b"), { isKnown: isName });
  assert.doesNotMatch(both.text, /LISTENER_ENGINE/, "the default serves TLS");
  const later = await imported("nginx", site("a.example", "a"), { isKnown: isName });
  assert.match(later.text, /^LISTENER_PORT=off$/m);
  assert.match(later.text, /^LISTENER_TLS_KEY=a\.key$/m);
});

Deno.test("import nginx comments a rule out as a whole if a condition of it is not there yet", async () => {
  const text = "server { listen 80; location /a { proxy_pass http://10.0.0.1; } }";
  const { text: env, leftOut } = await imported("nginx", text, { isKnown: (name) => !name.endsWith("_PATH") });
  assert.match(env, /^# not yet: LISTENER_RULE_1_PATH=\/a\*$/m);
  assert.match(env, /^# not yet: LISTENER_RULE_1_TARGET_GROUP=10\.0\.0\.1$/m);
  assert.equal(leftOut, 1);
});

Deno.test("import nginx closes a location whose guard can't be carried over", async () => {
  const location = (guard: string) => `server { listen 80; location /a { ${guard} proxy_pass http://10.0.0.1; } }`;
  for (
    const guard of ["auth_request /auth;", "allow 10.0.0.1; deny 10.0.0.0/8; allow all;", "deny 10.0.0.1;", "internal;"]
  ) {
    const { text, leftOut } = await imported("nginx", location(guard));
    assert.match(text, /^LISTENER_RULE_1_FIXED_RESPONSE=403$/m, guard);
    assert.match(text, /^# not yet: LISTENER_RULE_1_TARGET_GROUP=/m, guard);
    assert.ok(leftOut > 0, guard);
  }
  const open = await imported("nginx", location("deny 10.0.0.1;"), { isKnown: isName });
  assert.match(open.text, /^LISTENER_RULE_1_DENY=10\.0\.0\.1$/m);
  assert.match(open.text, /^LISTENER_RULE_1_TARGET_GROUP=10\.0\.0\.1$/m);
});

Deno.test(
  "import nginx says that sluice checks the chain of a target's certificate, which nginx does not by default",
  async () => {
    const location = (more: string) => `server { listen 80; location / { ${more} proxy_pass https://app.internal; } }`;
    const { text, leftOut } = await imported("nginx", location(""), { isKnown: isName });
    assert.match(text, /^TARGET_GROUP_1_TLS_VERIFY=chain$/m);
    assert.equal(leftOut, 1, text);
    const checked = location("proxy_ssl_verify on; proxy_ssl_trusted_certificate /ca.pem; proxy_ssl_name app.example;");
    const { text: whole, leftOut: none } = await imported("nginx", checked, { isKnown: isName });
    assert.match(whole, /^TARGET_GROUP_1_TLS_CA=\/ca\.pem$/m);
    assert.match(whole, /^TARGET_GROUP_1_TLS_SERVER_NAME=app\.example$/m);
    assert.doesNotMatch(whole, /TLS_VERIFY/);
    assert.equal(none, 0, whole);
  },
);
