/** The commands by which an operator asks the running sluice, and the configuration. */
import assert from "node:assert/strict";
import { EVENT_VARIABLES } from "../../../src/cli/event_variables.ts";
import type { Explanation } from "../../../src/views/explanation.ts";
import { ask } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { LineCollector } from "../../support/line_collector.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { until, within } from "../../support/poll.ts";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { sluiceCommand, sluiceEnvironment, spawnSluice } from "../../support/sluice_program.ts";
import { missingOf } from "../../support/have_program.ts";

Deno.test("one running sluice answers explain --live, status and healthcheck", async (t) => {
  await using mocks = await MockGroup.start(2);
  const adminPort = String(freePort());
  const dead = `127.0.0.1:${freePort()}`;
  const env = groupEnvironment(`${mocks.list},${dead}`, {
    LISTENER_HOST: "127.0.0.1",
    ADMIN_PORT: adminPort,
    ADMIN_TOKEN: "open-sesame-0123",
    // What the commands say of connecting is said of this transport.
    UPSTREAM_TRANSPORT: "wire",
    HEALTH_CHECK_ENABLED: "true",
    HEALTH_CHECK_FAILURE_THRESHOLD: "1",
    LISTENER_RULE_2_PATH_PREFIX: "/api",
    LISTENER_RULE_2_PATH_REWRITE: "/api",
    LISTENER_RULE_2_TARGET_GROUP: "web",
  });
  await using sluice = await startSluice({ env });
  await sluice.waitForEvent(
    ({ event, to }) => event === "target_state" && to === "unhealthy",
    "the dead target to be out",
  );

  await t.step("healthcheck ends with 0 and says nothing", async () => {
    assert.deepEqual(await runSluice(["healthcheck"], env), { code: 0, stdout: "", stderr: "" });
  });

  await t.step("healthcheck finds a listener of every address on loopback", async () => {
    assert.equal((await runSluice(["healthcheck"], { ...env, ADMIN_HOST: "0.0.0.0" })).code, 0);
  });

  await t.step(
    "explain --live says which target is next, why the others are not, and the proxy does as it said",
    async () => {
      for (let i = 0; i < 4; i++) {
        const { code, stdout } = await runSluice(["explain", "GET", "/api/./x?y=1", "--live", "--json"], env);
        assert.equal(code, 0);
        const explained: Explanation = JSON.parse(stdout);
        assert.equal(explained.rewrite.at(-1)!.path, "/x?y=1");
        const answer = await ask(sluice.url, "/api/./x?y=1");
        assert.equal(`127.0.0.1:${answer.servedBy!.slice("mock-".length)}`, explained.chosen);
        const out = explained.candidates.find(({ target }) => target === dead)!;
        assert.equal(out.eligible, false);
        assert.match(
          out.why,
          /^Not eligible, unhealthy: Target\.ConnectionRefused; next probe at \d\d:\d\d:\d\d UTC$/,
        );
      }
    },
  );

  await t.step("explain's text has the rules, the path, the targets, the choice and the headers", async () => {
    const { stdout } = await runSluice(["explain", "-H", "X-A: 1", "-H", "X-B: 2", "GET", "/api/x", "--live"], env);
    assert.match(stdout, /> {2}rule 2 {2}\/api +-> web, strips \/api +Its conditions hold, and no rule before it/);
    assert.match(stdout, /rule 1 {2}\/ +-> web +Its conditions hold too, but rule 2 comes first/);
    assert.match(stdout, /rewrite strips \/api +\/x/);
    assert.match(stdout, /\[UNHEALTHY\]/);
    assert.match(stdout, /Choice: 127\.0\.0\.1:\d+\n {2}ROUND_ROBIN chooses it among 2 eligible targets/);
    assert.ok(stdout.includes("\n  Limits: 2s to connect, 5s for the response headers\n"), stdout);
    assert.match(stdout, /\n {2}x-a: 1\n/);
    assert.match(stdout, /\n {2}x-b: 2\n/);
  });

  await t.step("status shows each target with its state, reason, requests and times", async () => {
    const { code, stdout } = await runSluice(["status"], env);
    assert.equal(code, 0);
    const row = (target: string) => stdout.split("\n").find((line) => line.includes(target))!;
    assert.match(stdout, / ATTEMPTS /);
    assert.ok(!stdout.includes("\x1b"), "a pipe gets no colours");
    assert.match(row(dead), /UNHEALTHY +\d+s +0 +0 +0 +0 +- +- {2}Target\.ConnectionRefused; next probe in \d+s/);
    assert.match(row(`127.0.0.1:${mocks.ports[0]}`), /HEALTHY +\d+s +0 +2 +0 +0 +[\d.]+ ms +[\d.]+ ms$/);
    assert.match(stdout, /web \(ROUND_ROBIN\) +2\/3 eligible/);
    const { total } = JSON.parse((await runSluice(["status", "--json"], env)).stdout);
    assert.equal(total.requests, 4);
  });

  await t.step({
    name: "status has colours on a terminal, none with NO_COLOR, and fits its width with every WHY",
    ignore: missingOf("script", "stty").length > 0,
    async fn() {
      for (const [noColor, args] of [[undefined, "status"], ["1", "status"], [undefined, "status --watch"]] as const) {
        const { program, args: words } = sluiceCommand(args.split(" "), Deno.env.get("SLUICE_PROGRAM"));
        const quoted = [program, ...words].map((word) => `'${word}'`).join(" ");
        const child = new Deno.Command("script", {
          args: ["-qec", `stty cols 60 rows 30; exec ${quoted}`, "/dev/null"],
          clearEnv: true,
          env: { ...sluiceEnvironment({ ...env, NO_COLOR: noColor }), TERM: "xterm", SHELL: "/bin/sh" },
          stdin: "piped",
          stdout: "piped",
          stderr: "piped",
        }).spawn();
        const stdout = new LineCollector(child.stdout);
        const stderr = new LineCollector(child.stderr);
        await until(
          () => stdout.text.includes("Target.ConnectionRefused; next probe in"),
          () => stdout.text + stderr.text,
        );
        // Ctrl+C, as the terminal sends it.
        const writer = child.stdin.getWriter();
        if (args.includes("--watch")) await writer.write(new Uint8Array([3]));
        assert.equal((await within(child.status, `${args} to end`)).code, 0, stdout.text);
        await writer.close().catch(() => {});
        await Promise.all([stdout.ended, stderr.ended]);
        const red = stdout.text.includes("\x1b[31mUNHEALTHY\x1b[0m");
        assert.equal(red, noColor === undefined, JSON.stringify(stdout.text));
        // deno-lint-ignore no-control-regex
        const plain = stdout.text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "").replaceAll("\r", "");
        for (const line of plain.split("\n")) assert.ok(line.length <= 60, line);
      }
    },
  });

  await t.step("status --watch goes on until Ctrl+C, then ends with 0", async () => {
    const child = spawnSluice(["status", "--watch", "--json"], env, sluice.cwd);
    const stdout = new LineCollector(child.stdout);
    const stderr = new LineCollector(child.stderr);
    try {
      await until(() => stdout.lines.length >= 2, () => `two lines: ${stdout.text}${stderr.text}`);
    } finally {
      child.kill("SIGINT");
    }
    assert.equal((await within(child.status, "status --watch to end")).code, 0);
    await Promise.all([stdout.ended, stderr.ended]);
    for (const line of stdout.lines) assert.equal(JSON.parse(line).ready, true);
  });

  await t.step("a wrong token is told apart from a port without a listener", async () => {
    const wrong = await runSluice(["status"], { ...env, ADMIN_TOKEN: "shut-sesame-0123" });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /refuses this token: set ADMIN_TOKEN/);
  });

  await t.step("the listener's own port is not taken for an admin listener", async () => {
    const asked = await runSluice(["healthcheck"], { ...env, ADMIN_PORT: String(sluice.port) });
    assert.equal(asked.code, 1);
    assert.match(asked.stderr, /is not sluice/);
  });

  await t.step(
    "once it has stopped, healthcheck ends with 1 and status says that the connection was refused",
    async () => {
      assert.equal(await sluice.stop(), 0);
      const health = await runSluice(["healthcheck"], env);
      assert.equal(health.code, 1);
      assert.equal(
        health.stderr,
        `Cannot reach the admin listener at http://127.0.0.1:${adminPort}: the connection was refused\n`,
      );
      assert.equal((await runSluice(["status"], env)).code, 1);
      assert.equal((await runSluice(["explain", "GET", "/", "--live"], env)).code, 1);
    },
  );
});

Deno.test("healthcheck without an admin listener asks whether the listener accepts", async () => {
  const port = String(freePort());
  const env = { LISTENER_HOST: "127.0.0.1", LISTENER_PORT: port, ADMIN_PORT: "off" };
  const before = await runSluice(["healthcheck"], env);
  assert.equal(before.code, 1);
  assert.match(before.stderr, /^Cannot connect to the listener at 127\.0\.0\.1:\d+: the connection was refused\n$/);
  await using _sluice = await startSluice({ env });
  assert.equal((await runSluice(["healthcheck"], env)).code, 0);
});

Deno.test("healthcheck says why it does not know the admin port if ADMIN_PORT is 0", async () => {
  const { code, stderr } = await runSluice(["healthcheck"], { ADMIN_PORT: "0" });
  assert.equal(code, 1);
  assert.equal(stderr, "ADMIN_PORT is 0, so only the log of the running sluice has the port: set ADMIN_PORT\n");
});

Deno.test("explain answers from the configuration alone, names resolved, and sends nothing", async () => {
  await using mocks = await MockGroup.start(1);
  const env = groupEnvironment(`localhost:${mocks.ports[0]}/v1`, { HEALTH_CHECK_ENABLED: "true" });
  const { code, stdout, stderr } = await runSluice(["explain", "GET", "/a%2e/../b", "-H", "Host: shop.test"], env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`Choice: 127\\.0\\.0\\.1:${mocks.ports[0]}`));
  assert.match(stdout, /under the target's base \/v1 +\/v1\/b/);
  assert.match(stdout, new RegExp(`\n  host: localhost:${mocks.ports[0]}\n`));
  assert.match(stdout, /no target was probed/);
  assert.deepEqual([mocks.served, mocks.probes], [[0], [0]]);
});

Deno.test("explain says what a change of a variable would do", async () => {
  const env = groupEnvironment("127.0.0.1:1,127.0.0.1:2");
  const chosen = async (more: Record<string, string>) => {
    const { stdout } = await runSluice(["explain", "GET", "/", "--json", "-H", "Cookie: u=7"], { ...env, ...more });
    return JSON.parse(stdout) as Explanation;
  };
  assert.equal((await chosen({})).algorithm, "ROUND_ROBIN");
  const hashed = await chosen({ LOAD_BALANCING_ALGORITHM: "hash", HASH_KEY: "cookie:u" });
  assert.deepEqual([hashed.algorithm, hashed.key], ["HASH", "7"]);
});

Deno.test("explain names the answers that would be sluice's own, and why", async () => {
  const env = { ...groupEnvironment("127.0.0.1:1", { LISTENER_RULE_1_PATH_PREFIX: "/app" }), STATS_PATH: "/stats" };
  const answerTo = async (...args: string[]) => {
    const { code, stdout, stderr } = await runSluice(["explain", ...args, "--json"], env);
    assert.equal(code, 0, stderr);
    const { answer } = JSON.parse(stdout) as Explanation;
    return answer === null ? null : [answer.status, answer.reason];
  };
  assert.deepEqual(await answerTo("GET", "/other"), [404, "no_rule"]);
  assert.deepEqual(await answerTo("TRACE", "/app"), [405, "method_refused"]);
  assert.deepEqual(await answerTo("GET", "/app\\x"), [400, "bad_request"]);
  assert.deepEqual(await answerTo("GET", "/stats"), [200, null]);
  assert.equal(await answerTo("GET", "/app"), null);
});

Deno.test("explain refuses an invalid question, or a configuration that would not start, with 2", async () => {
  const env = groupEnvironment("127.0.0.1:1");
  const question = await runSluice(["explain", "GET", "nowhere"], env);
  assert.deepEqual([question.code, question.stdout], [2, ""]);
  assert.match(question.stderr, /Cannot use "nowhere" as url/);
  const configuration = await runSluice(["explain", "GET", "/"], { ...env, LISTENER_PORT: "x" });
  assert.equal(configuration.code, 2);
  assert.match(configuration.stderr, /Cannot use "x" as LISTENER_PORT/);
});

Deno.test("check --probe asks real names and real targets, and ends with 1 if one fails", async () => {
  await using mocks = await MockGroup.start(1);
  const good = await runSluice(["check", "--probe"], groupEnvironment(`localhost:${mocks.ports[0]}`));
  assert.equal(good.code, 0, good.stdout);
  assert.match(good.stdout, /web {2}127\.0\.0\.1:\d+ \(localhost\) {2}healthy: got 200 in [\d.]+ ms/);
  assert.deepEqual(mocks.probes, [1]);
  const bad = await runSluice(["check", "--probe"], groupEnvironment(`127.0.0.1:${freePort()}`));
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /failed: Target\.ConnectionRefused/);
});

Deno.test("a single worker without an event variable is advised, at the start and by check", async () => {
  await using mocks = await MockGroup.start(1);
  const env = (workers: string) =>
    groupEnvironment(mocks.list, {
      LISTENER_WORKERS: workers,
      UPSTREAM_TRANSPORT: "wire",
      DENO_TOKIO_EVENT_INTERVAL: undefined,
    });
  for (const [workers, times] of [["1", 1], ["2", 0]] as const) {
    await using sluice = await startSluice({ env: env(workers) });
    await sluice.stop();
    const advice = sluice.events.filter(({ event }) => event === "event_batch_unset");
    assert.deepEqual(advice.map(({ level }) => level), Array(times).fill("warn"));
    const check = await runSluice(["check", "--strict"], env(workers));
    assert.equal(check.code, 0, check.stdout);
    assert.equal(check.stdout.includes(`\nNotes:\n  The main thread serves alone`), times === 1, check.stdout);
  }
  const told = { ...env("1"), ...Object.fromEntries(EVENT_VARIABLES.map(({ name, value }) => [name, value])) };
  assert.ok(!(await runSluice(["check"], told)).stdout.includes("DENO_TOKIO"));
});
