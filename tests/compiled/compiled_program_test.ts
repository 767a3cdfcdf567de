/**
 * The compiled program, named by the variable SLUICE_PROGRAM, in the place where it will run: an empty directory, a
 * user who may write nowhere, and no variables but its own.
 */
import assert from "node:assert/strict";
import { header } from "../support/raw_message.ts";
import { LineCollector } from "../support/line_collector.ts";
import { rawExchange } from "../support/raw_client.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until, within } from "../support/poll.ts";

/** The user "nobody" of Debian. */
const NOBODY = 65534;

function program(): string {
  const path = Deno.env.get("SLUICE_PROGRAM");
  assert.ok(path, "SLUICE_PROGRAM must name the compiled program");
  return path;
}

Deno.test("the compiled program serves in an empty directory, as a user who may write nowhere", async () => {
  await using dir = await tempDir();
  await using target = await RecorderTarget.start();
  await Deno.mkdir(`${dir.path}/empty`);
  await Deno.copyFile(program(), `${dir.path}/sluice`);
  for (const path of ["", "/sluice", "/empty"]) await Deno.chmod(dir.path + path, 0o555);
  const isRoot = Deno.uid() === 0;
  const child = new Deno.Command(`${dir.path}/sluice`, {
    cwd: `${dir.path}/empty`,
    clearEnv: true,
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    env: {
      LISTENER_HOST: "127.0.0.1",
      LISTENER_PORT: "0",
      LISTENER_WORKERS: "2",
      ADMIN_PORT: "0",
      TARGET_GROUP_1_NAME: "only",
      TARGET_GROUP_1_TARGETS: target.address,
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "only",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let ended = false;
  child.status.then(() => ended = true);
  const stdout = new LineCollector(child.stdout);
  const stderr = new LineCollector(child.stderr);
  try {
    const url = await until(() => {
      assert.ok(!ended, `it ended: ${stderr.text}`);
      const line = stderr.lines.find((l) => l.startsWith("{") && JSON.parse(l).event === "listening");
      return line === undefined ? null : JSON.parse(line).url as string;
    }, () => `the compiled program to listen: ${stderr.text}`);
    const answer = await rawExchange(url, "GET /a?b=1 HTTP/1.1\r\nHost: t\r\n\r\n");
    assert.equal(answer.status, 200);
    assert.equal(header(answer, "content-type"), "text/plain");
    assert.equal(target.requests[0]?.path, "/a?b=1");
    child.kill("SIGTERM");
    assert.equal((await within(child.status, "the compiled program to stop")).code, 0);
  } finally {
    if (!ended) child.kill("SIGKILL");
    await Promise.all([child.status, stdout.ended, stderr.ended]);
    await Deno.chmod(dir.path, 0o755);
  }
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/empty`)], []);
});
