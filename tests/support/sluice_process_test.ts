import assert from "node:assert/strict";
import { answer } from "./recorder_scripts.ts";
import { RecorderTarget } from "./recorder_target.ts";
import { runSluice, startSluice } from "./sluice_process.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

const READY = `
echo '{"event":"listening","url":"http://127.0.0.1:1"}' >&2
echo '{"event":"admin_listening","url":"http://127.0.0.1:2/"}' >&2
`;

async function standIn(dir: TempDir, script: string): Promise<string> {
  const path = `${dir.path}/stand_in`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}`);
  await Deno.chmod(path, 0o755);
  return path;
}

Deno.test("a sluice process under test gets its own variables and a port 0, and none of the tester's", async () => {
  await using dir = await tempDir();
  const program = await standIn(dir, `env; ls -A; cat .env; echo "args: $*"; ${READY}\nexec sleep 60`);
  await using sluice = await startSluice({ program, env: { MINE: "yes" }, args: ["serve"], envFileText: "A=1\n" });
  assert.equal(sluice.url, "http://127.0.0.1:1");
  assert.equal(sluice.adminUrl, "http://127.0.0.1:2");
  await sluice.kill();
  assert.match(sluice.stdout, /^MINE=yes$/m);
  assert.match(sluice.stdout, /^LISTENER_PORT=0$/m);
  assert.match(sluice.stdout, /^\.env\nA=1\nargs: serve$/m);
  const own = /^(NO_COLOR|GLIBC_TUNABLES|MINE|LISTENER_\w+|ADMIN_PORT)=/;
  const system = /^(HOME|PATH|PWD|DENO_\w+|XDG_CACHE_HOME|SSL_CERT_\w+|NPM_CONFIG_REGISTRY|_)=/;
  for (const line of sluice.stdout.split("\n").filter((l) => /^\w+=/.test(l) && l !== "A=1")) {
    assert.ok(own.test(line) || system.test(line), line);
  }
});

Deno.test("a sluice process under test that ends before it listens fails the test with what it said", async () => {
  await using dir = await tempDir();
  const program = await standIn(dir, `echo 'Cannot do it' >&2; exit 2`);
  await assert.rejects(startSluice({ program }), /ended with code 2 before the event "listening":\nCannot do it/);
});

Deno.test("stopping a sluice process under test sends SIGTERM and gives its exit code", async () => {
  await using dir = await tempDir();
  const program = await standIn(
    dir,
    `trap 'echo "{\\"event\\":\\"stopping\\"}" >&2; exit 7' TERM\n${READY}\nwhile :; do sleep 0.05; done`,
  );
  await using sluice = await startSluice({ program });
  assert.equal(await sluice.stop(), 7);
  assert.equal(sluice.events.at(-1)?.event, "stopping");
});

Deno.test("access lines of a sluice process under test are waited for and parsed", async () => {
  await using dir = await tempDir();
  const program = await standIn(
    dir,
    `${READY}\nsleep 0.1; echo '{"status":200}'; echo '{"status":404}'; exec sleep 60`,
  );
  await using sluice = await startSluice({ program });
  assert.deepEqual((await sluice.accessLines(2)).map((line) => line.status), [200, 404]);
});

Deno.test("a sluice process under test is settled only when nothing is in flight anywhere", async () => {
  const rounds = [[1, 1], [0, 1], [0, 0]];
  let asked = 0;
  await using admin = await RecorderTarget.start((turn) => {
    const [total, target] = rounds[Math.min(asked++, 2)]!;
    const stats = { total: { inFlight: total }, groups: [{ targets: [{ inFlight: target }] }] };
    return answer(200, ["Content-Type: application/json"], JSON.stringify(stats))(turn);
  });
  await using dir = await tempDir();
  const program = await standIn(dir, `${READY.replace("127.0.0.1:2", admin.address)}\nexec sleep 60`);
  await using sluice = await startSluice({ program });
  await sluice.settled();
  assert.equal(asked, 3);
});

Deno.test("a run to the end gives the exit code and both outputs", async () => {
  await using dir = await tempDir();
  const program = await standIn(dir, `echo "out $1 $MINE"; printf 'no line end' >&2; exit 3`);
  const result = await runSluice(["version"], { MINE: "x" }, { program });
  assert.deepEqual(result, { code: 3, stdout: "out version x\n", stderr: "no line end" });
});
