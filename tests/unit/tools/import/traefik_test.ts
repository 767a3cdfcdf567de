import assert from "node:assert/strict";
import { ImportError } from "../../../../src/tools/import/import_error.ts";
import { imported } from "../../../imports/imported.ts";
import { suiteOfSamples } from "../../../imports/suite.ts";
import { TRAEFIK_SAMPLES } from "../../../imports/traefik_samples.ts";

const yaml = TRAEFIK_SAMPLES.filter(({ file }) => file === undefined);
const toml = TRAEFIK_SAMPLES.filter(({ file }) => file !== undefined);

// A key without a value of its own only holds others.
suiteOfSamples("traefik", yaml, { file: "traefik.yaml", says: (line) => !/^\s*(#.*|[\w-]+:|)$/.test(line) });
suiteOfSamples("traefik", toml, { file: "traefik.toml", says: () => false });

Deno.test("import traefik names the line of a mistake in YAML and in TOML", async () => {
  const broken: [string, string, RegExp][] = [
    ["traefik.yaml", "http:\n  routers: [\n", /^traefik\.yaml:[23]: /],
    ["traefik.toml", "[http]\nrouters = = 1\n", /^traefik\.toml:2: /],
  ];
  for (const [file, text, expected] of broken) {
    await assert.rejects(imported("traefik", text, { file }), (error) => {
      assert.ok(error instanceof ImportError);
      assert.match(error.problems[0]!, expected);
      return true;
    });
  }
});

Deno.test("import traefik reads a static and a dynamic file together", async () => {
  const { text } = await imported("traefik", {
    "traefik.yaml": "entryPoints:\n  web:\n    address: :8000\n",
    "dynamic.toml": '[http.routers.a]\nrule = "Host(`a.example`)"\nservice = "a"\n' +
      '[[http.services.a.loadBalancer.servers]]\nurl = "http://10.0.0.1"\n',
  });
  assert.match(text, /^LISTENER_PORT=8000$/m);
  assert.match(text, /^LISTENER_RULE_1_HOST=a\.example$/m);
  assert.match(text, /^TARGET_GROUP_1_TARGETS=10\.0\.0\.1:80$/m);
});
