import assert from "node:assert/strict";
import { CODE_CACHE, compileArguments, MEMORY_AT_HAND, PERMISSIONS, V8_FLAGS } from "../../../build/program.ts";
import { EVENT_VARIABLES } from "../../../src/cli/event_variables.ts";
import { isProgramFor, programName, TARGETS, writeChecksums } from "../../../build/release.ts";
import { PROJECT_ROOT, sluiceCommand } from "../../support/sluice_program.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** What whoever starts the program tells the runtime beneath. */
const AT_START = [...EVENT_VARIABLES, MEMORY_AT_HAND].map(({ name, value }) => `${name}=${value}`);
const tasks: Record<string, string> = JSON.parse(Deno.readTextFileSync(`${PROJECT_ROOT}deno.json`)).tasks;

Deno.test("the program asks for the network, files to read and variables, and for nothing else", () => {
  const words = compileArguments({ output: "dist/sluice", exclude: [] });
  assert.deepEqual(words.filter((word) => word.startsWith("--allow") || word === "-A"), [
    "--allow-net",
    "--allow-read",
    "--allow-env",
    "--allow-write=/var/lib/sluice",
  ]);
});

for (const task of ["start", "demo"]) {
  Deno.test(`deno task ${task} runs with the shipped program's permissions and V8 flags`, () => {
    const words = tasks[task]!.split(" ");
    const flags = [...PERMISSIONS, CODE_CACHE, V8_FLAGS];
    assert.deepEqual(words.slice(0, words.indexOf("main.ts")), [...AT_START, "deno", "run", ...flags]);
    assert.deepEqual(compileArguments({ output: "o", exclude: [] }).filter((word) => flags.includes(word)), flags);
  });
}

for (const [file, word] of [["Dockerfile", "ENV "], ["deploy/systemd/sluice.service", "Environment="]]) {
  Deno.test(`${file} sets what the runtime is to be told at its start`, () => {
    const lines = Deno.readTextFileSync(PROJECT_ROOT + file).split("\n");
    for (const variable of AT_START) assert.ok(lines.includes(`${word}${variable}`));
  });
}

Deno.test("tests run sluice with the shipped program's permissions", () => {
  const { args } = sluiceCommand([], undefined);
  const flags = args.filter((word) => word.startsWith("--allow") || word === "--no-prompt");
  assert.deepEqual(flags.sort(), [...PERMISSIONS].sort());
});

Deno.test("every file that a task names exists", () => {
  const named = Object.values(tasks).flatMap((task) => task.split(" ").filter((word) => word.endsWith(".ts")));
  assert.ok(named.length > 3);
  for (const file of named) assert.ok(Deno.statSync(PROJECT_ROOT + file).isFile, file);
});

Deno.test("A70: a release has a program for each architecture", () => {
  assert.deepEqual(TARGETS.map(programName), ["sluice-x86_64-unknown-linux-gnu", "sluice-aarch64-unknown-linux-gnu"]);
  const words = compileArguments({ output: "o", target: "aarch64-unknown-linux-gnu", exclude: ["a", "b"] });
  assert.deepEqual(words.slice(words.indexOf("--target")), [
    ...["--target", "aarch64-unknown-linux-gnu", "--include", "src/data_plane/worker.ts"],
    ...["--exclude", "a", "--exclude", "b", "--output", "o", "main.ts"],
  ]);
});

Deno.test("checksums are written as sha256sum reads them", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/one`, "abc");
  await Deno.writeTextFile(`${dir.path}/two`, "");
  await writeChecksums(dir.path, ["one", "two"]);
  assert.equal(
    await Deno.readTextFile(`${dir.path}/SHA256SUMS`),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  one\n" +
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  two\n",
  );
});

Deno.test("a program of another architecture is not released", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/program`;
  const head = new Uint8Array(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head[18] = 183;
  await Deno.writeFile(path, head);
  assert.equal(await isProgramFor("aarch64-unknown-linux-gnu", path), true);
  assert.equal(await isProgramFor("x86_64-unknown-linux-gnu", path), false);
  await Deno.writeTextFile(path, "#!/bin/sh");
  assert.equal(await isProgramFor("x86_64-unknown-linux-gnu", path), false);
});
