import assert from "node:assert/strict";
import { runCheck } from "../../../src/cli/check.ts";
import { probeTargets } from "../../../src/cli/probe_targets.ts";
import type { ProbeResult } from "../../../src/health/probe_result.ts";
import { parseEnvironment } from "../config/parse_with.ts";
import { systemClock } from "../../../src/time/clock.ts";

const ENVIRONMENT = {
  TARGET_GROUP_1_NAME: "web",
  TARGET_GROUP_1_TARGETS: "shop.test:80,10.0.0.9:81",
  LISTENER_RULE_1_PATH_PREFIX: "/",
  LISTENER_RULE_1_TARGET_GROUP: "web",
};

/** Runs `check --probe` where names resolve as given and each address answers as given. */
async function checkProbe(
  world: { names: Record<string, string[]>; answers: Record<string, ProbeResult> },
  options: { env?: Record<string, string>; strict?: boolean; json?: boolean } = {},
) {
  const result = parseEnvironment({ ...ENVIRONMENT, ...options.env });
  const asked: string[] = [];
  const probes = await probeTargets(result.config!, {
    clock: systemClock,
    resolve: (host) => Promise.resolve(world.names[host] ?? []),
    probe: ({ address }) => {
      asked.push(address);
      return Promise.resolve(world.answers[address] ?? { kind: "success", status: 200, micros: 1500 });
    },
  });
  return { ...runCheck(result, { ...options, probes }), asked };
}

const MISMATCH: ProbeResult = { kind: "failure", failure: "Target.ResponseCodeMismatch", status: 404, micros: 900 };
const REFUSED: ProbeResult = { kind: "failure", failure: "Target.ConnectionRefused", status: null, micros: 100 };
const names = { "shop.test": ["10.0.0.1", "10.0.0.2"] };

Deno.test("check --probe asks every address once and prints a line for each", async () => {
  const { text, exitCode, asked } = await checkProbe({ names, answers: {} });
  assert.deepEqual(asked.sort(), ["10.0.0.1", "10.0.0.2", "10.0.0.9"]);
  assert.match(text, /web {2}10\.0\.0\.1:80 \(shop\.test\) {2}healthy: got 200 in 1\.5 ms/);
  assert.match(text, /web {2}10\.0\.0\.9:81 +healthy: got 200/);
  assert.match(text, /Health checks are off in web/);
  assert.equal(exitCode, 0);
});

Deno.test("check --probe ends with 1 if a name does not resolve, and says which", async () => {
  const { text, exitCode } = await checkProbe({ names: {}, answers: {} });
  assert.equal(exitCode, 1);
  assert.match(text, /web {2}shop\.test +did not resolve: no addresses/);
});

Deno.test("check --probe ends with 1 if a target does not respond", async () => {
  const { text, exitCode } = await checkProbe({ names, answers: { "10.0.0.2": REFUSED } });
  assert.equal(exitCode, 1);
  assert.match(text, /10\.0\.0\.2:80 \(shop\.test\) {2}failed: Target\.ConnectionRefused/);
  assert.match(text, /\nThe configuration is valid, but some targets are not healthy\n$/);
});

Deno.test("a reachable but unhealthy target is a warning without checks, and a failure with them", async () => {
  const world = { names, answers: { "10.0.0.9": MISMATCH } };
  const off = await checkProbe(world);
  assert.equal(off.exitCode, 0);
  assert.match(off.text, /Reachable but unhealthy: 10\.0\.0\.9:81; HEALTH_CHECK_PATH/);
  assert.equal((await checkProbe(world, { strict: true })).exitCode, 1);
  const on = await checkProbe(world, { env: { HEALTH_CHECK_ENABLED: "true" } });
  assert.equal(on.exitCode, 1);
  assert.doesNotMatch(on.text, /Checks are off in/);
});

Deno.test("check --probe --json gives the same as data", async () => {
  const { text } = await checkProbe({ names, answers: { "10.0.0.9": MISMATCH } }, { json: true });
  const { ok, probes } = JSON.parse(text);
  assert.equal(ok, true);
  assert.deepEqual(probes.targets.map(({ verdict }: { verdict: string }) => verdict), [
    "healthy",
    "healthy",
    "unhealthy",
  ]);
});
