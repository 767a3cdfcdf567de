/** What the program says to words that it is given, before it does anything. */
import assert from "node:assert/strict";
import manifest from "../../../deno.json" with { type: "json" };
import { runSluice } from "../../support/sluice_process.ts";
import { PROJECT_ROOT } from "../../support/sluice_program.ts";

Deno.test("a misspelled command is named together with the one that was meant", async () => {
  for (const args of [["chek"], ["chek", "--json"], ["--port", "0", "chek"], ["help", "chek"]]) {
    const { code, stdout, stderr } = await runSluice(args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.equal(stderr, 'There is no command "chek"; did you mean `check`?\n');
  }
});

Deno.test("a word that is like no command is answered with all of them", async () => {
  const { code, stderr } = await runSluice(["balance"]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^There is no command "balance"; the commands are serve, check, explain, status, .*, version, help\n$/,
  );
});

Deno.test("a command behind flags is told to stand first", async () => {
  const { code, stderr } = await runSluice(["--port", "0", "check"]);
  assert.deepEqual({ code, stderr }, { code: 2, stderr: "Write the command first: sluice check\n" });
});

Deno.test("version, --version and -V say the same", async () => {
  for (const args of [["version"], ["--version"], ["-V"], ["version", "--version"]]) {
    assert.deepEqual(await runSluice(args), { code: 0, stdout: `sluice ${manifest.version}\n`, stderr: "" });
  }
});

Deno.test("deno task sluice runs any command, with the permissions and settings of deno task start", async () => {
  const { start, demo, sluice } = manifest.tasks;
  assert.equal(start, `${sluice} serve --mock-when-unconfigured`);
  assert.equal(demo, `${sluice} demo`);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "sluice", "version"],
    cwd: PROJECT_ROOT,
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assert.equal(code, 0);
  assert.equal(new TextDecoder().decode(stdout), `sluice ${manifest.version}\n`);
});
