import assert from "node:assert/strict";
import { LineCollector } from "../../support/line_collector.ts";
import { within } from "../../support/poll.ts";
import { runSluice } from "../../support/sluice_process.ts";
import { spawnSluice } from "../../support/sluice_program.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/poll.ts";

/** Starts `sluice demo` and waits for its first line of traffic. */
async function startDemo(cwd: string) {
  const child = spawnSluice(["demo"], {}, cwd);
  const stdout = new LineCollector(child.stdout);
  const stderr = new LineCollector(child.stderr);
  let ended = false;
  child.status.then(() => ended = true);
  await until(
    () => ended || stdout.lines.some((line) => line.includes("Traffic starts")),
    () => `the demo to begin: ${stdout.text}${stderr.text}`,
  );
  const url = (name: string) => new RegExp(`^  ${name} +(http://\\S+?)/? *( {4}.*)?$`, "m").exec(stdout.text)![1]!;
  return {
    url,
    stop: async (signal: Deno.Signal) => {
      if (!ended) child.kill(signal);
      const { code } = await within(child.status, "the demo to end");
      await Promise.all([stdout.ended, stderr.ended]);
      return { code, stdout: stdout.text, stderr: stderr.text };
    },
  };
}

Deno.test("demo: one command, free ports, a target fails and recovers, and no request notices", async () => {
  const { code, stdout, stderr } = await runSluice(["demo", "--once"]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  assert.match(stdout, /mock-2 dies/);
  assert.match(stdout, /it is \[UNHEALTHY\]: Target\.ConnectionRefused/);
  assert.match(stdout, /Requests meanwhile: [1-9]\d* good, 0 bad/);
  assert.match(stdout, /it is \[HEALTHY\] and receives its share/);
  assert.match(stdout, /\nStopping\. \d+ requests so far: \d+ good, 0 bad; mock-1 \d+, mock-2 \d+, mock-3 \d+\n$/);
});

Deno.test("demo serves the dashboard and a listener while it runs, and ends with 0 at Ctrl+C", async () => {
  await using dir = await tempDir();
  const demo = await startDemo(dir.path);
  try {
    const page = await fetch(`${demo.url("Dashboard")}/`);
    assert.match(page.headers.get("content-type")!, /text\/html/);
    assert.match(await page.text(), /<title>/);
    const answer = await fetch(`${demo.url("Listener")}/hello`);
    assert.match((await answer.json()).server, /^mock-[123]$/);
    const status = await runSluice(["status", "--admin", demo.url("Dashboard")]);
    assert.match(status.stdout, /web \(ROUND_ROBIN\) +3\/3 eligible/);
  } finally {
    const { code, stdout, stderr } = await demo.stop("SIGINT");
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.match(stdout, /\nStopping\. /);
  }
});

Deno.test("demo ends by itself after --duration, and refuses one that is no time", async () => {
  const ended = await runSluice(["demo", "--duration", "500ms"]);
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /Stopping/);
  const refused = await runSluice(["demo", "--duration", "soon"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /Cannot use "soon" as --duration/);
});
