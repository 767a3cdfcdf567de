import assert from "node:assert/strict";
import { ImportError } from "../../../../src/tools/import/import_error.ts";
import { HAPROXY_SAMPLES } from "../../../imports/haproxy_samples.ts";
import { MORE_HAPROXY_SAMPLES } from "../../../imports/more_haproxy_samples.ts";
import { imported } from "../../../imports/imported.ts";
import { suiteOfSamples } from "../../../imports/suite.ts";

suiteOfSamples("haproxy", [...HAPROXY_SAMPLES, ...MORE_HAPROXY_SAMPLES], {
  file: "haproxy.cfg",
  says: (line) => !/^\s*(#.*|(global|defaults|resolvers|frontend|backend|listen)\b.*)?$/.test(line),
});

Deno.test("import haproxy names every line that can't be read", async () => {
  const text = 'bind :80\nfrontend web\n  bind :80\n  acl a hdr(host) "open\n';
  await assert.rejects(imported("haproxy", text), (error) => {
    assert.ok(error instanceof ImportError);
    assert.deepEqual(error.problems, [
      'site.conf:1: Expected a section, such as "frontend", before "bind"',
      "site.conf:4: Found no end of the quotes in this line",
    ]);
    return true;
  });
});

Deno.test("import haproxy turns a negated condition into rules before the one that it belongs to", async () => {
  const text = `
defaults
  mode http
frontend web
  bind :80
  http-request deny if { path_beg /admin/ } !{ src 10.0.0.0/8 }
  default_backend app
backend app
  server a 10.0.0.1:80
`;
  const { text: env } = await imported("haproxy", text);
  const lines = env.split("\n").filter((line) => /^LISTENER_RULE_\d+_(PATH_PREFIX|SOURCE_IP|TARGET|FIXED)/.test(line));
  assert.deepEqual(lines, [
    "LISTENER_RULE_1_PATH_PREFIX=/admin/",
    "LISTENER_RULE_1_SOURCE_IP=10.0.0.0/8",
    "LISTENER_RULE_1_TARGET_GROUP=app",
    "LISTENER_RULE_2_PATH_PREFIX=/admin/",
    "LISTENER_RULE_2_FIXED_RESPONSE=403",
    "LISTENER_RULE_3_PATH_PREFIX=/",
    "LISTENER_RULE_3_TARGET_GROUP=app",
  ]);
});

Deno.test("import haproxy says that sluice checks the chain of a target's certificate in any case", async () => {
  const text = `
defaults
  mode http
frontend web
  bind :80
  default_backend app
backend app
  server a 10.0.0.1:443 ssl verify none
`;
  const { text: env, leftOut } = await imported("haproxy", text);
  assert.match(env, /^TARGET_GROUP_1_TARGETS=https:\/\/10\.0\.0\.1:443$/m);
  assert.match(env, /TARGET_GROUP_1_TLS_VERIFY=chain/);
  assert.ok(leftOut > 0);
});
