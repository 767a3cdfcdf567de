import assert from "node:assert/strict";
import { excludedPaths, type Lock, ONLY_FOR_TESTS, packagesOfTestsAlone } from "../../../build/packages.ts";
import { projectFiles } from "../../support/module_graph.ts";
import { PROJECT_ROOT } from "../../support/sluice_program.ts";
import { tempDir } from "../../support/temp_dir.ts";

const LOCK: Lock = {
  specifiers: { "npm:prom-client@15.1.3": "15.1.3", "npm:fast-check@4.10.2": "4.10.2" },
  npm: {
    "@opentelemetry/api@1.10.0": {},
    "bintrees@1.0.2": {},
    "fast-check@4.10.2": { dependencies: ["pure-rand"] },
    "prom-client@15.1.3": { dependencies: ["@opentelemetry/api", "tdigest"] },
    "pure-rand@8.4.2": {},
    "tdigest@0.1.3": { dependencies: ["bintrees"] },
  },
};

Deno.test("a package that only tests need stays out of the program, with what only it needs", () => {
  assert.deepEqual(packagesOfTestsAlone(LOCK), ["fast-check@4.10.2", "pure-rand@8.4.2"]);
});

Deno.test("of a package that the program needs only its tests stay out", async () => {
  await using dir = await tempDir();
  const registry = `${dir.path}/registry.example`;
  for (const folder of ["bintrees/1.0.2/test", "bintrees/1.0.2/lib", "pure-rand/8.4.2/lib", "other/1.0.0/test"]) {
    await Deno.mkdir(`${registry}/${folder}`, { recursive: true });
  }
  assert.deepEqual(excludedPaths(LOCK, dir.path).sort(), [
    `${registry}/bintrees/1.0.2/test`,
    `${registry}/pure-rand/8.4.2/lib`,
  ]);
});

Deno.test("the list of packages that only tests import is the truth", () => {
  const imports = Object.keys(JSON.parse(Deno.readTextFileSync(`${PROJECT_ROOT}deno.json`)).imports);
  const sources = projectFiles("src").filter((file) => file.endsWith(".ts"))
    .map((file) => Deno.readTextFileSync(PROJECT_ROOT + file));
  const unused = imports.filter((name) => !sources.some((text) => text.includes(`from "${name}"`)));
  assert.deepEqual(unused, ONLY_FOR_TESTS);
});

Deno.test("every package that only tests need is found in the real lock file", () => {
  const lock: Lock = JSON.parse(Deno.readTextFileSync(`${PROJECT_ROOT}deno.lock`));
  const names = packagesOfTestsAlone(lock).map((id) => id.slice(0, id.indexOf("@", 1)));
  for (const name of ONLY_FOR_TESTS) assert.ok(names.includes(name), name);
  assert.ok(!names.includes("bintrees"), "prom-client's dependency is needed");
});
