import assert from "node:assert/strict";
import { FLAG } from "../../../../src/state/slot_layout.ts";
import type { ProbeResult } from "../../../../src/health/probe_result.ts";
import { pause } from "../../../support/poll.ts";
import { OK, RegistryStage, SICK } from "../../../support/registry_stage.ts";
import { SAMPLE_DNS, sampleCheck, sampleEntry, sampleGroup } from "../../../support/sample_group.ts";

const CHECKED = sampleCheck({ enabled: true, intervalMs: 1000 });

Deno.test("a target that fails its probes is shown before it is out, and one on its way back too", async () => {
  const healthCheck = sampleCheck({ enabled: true, intervalMs: 10_000, failureThreshold: 3, succeedThreshold: 2 });
  await using stage = new RegistryStage([sampleGroup([sampleEntry("10.0.0.1")], { healthCheck })]);
  await stage.registry.start();
  await stage.advance(10);
  const shown = () => {
    const { state, reason } = stage.view("10.0.0.1:80");
    return [state, reason?.replace(/\d\d:\d\d:\d\d/g, "TIME") ?? null];
  };
  assert.deepEqual(shown(), ["healthy", null]);
  stage.health.set("10.0.0.1:80", { ...SICK, status: 404 } as ProbeResult);
  await stage.advance(10_000);
  assert.deepEqual(shown(), ["healthy", "1 of 3 probes failed (got 404), out at TIME UTC"]);
  const { nextProbeMs, reason } = stage.view("10.0.0.1:80");
  // Two more failures: the next probe, and the one after it.
  assert.ok(reason!.includes(new Date(nextProbeMs! + 10_000).toISOString().slice(11, 19)), reason!);
  stage.health.set("10.0.0.1:80", { kind: "failure", failure: "Target.Timeout", status: null, micros: 1 });
  await stage.advance(10_000);
  assert.deepEqual(shown(), ["healthy", "2 of 3 probes failed (Target.Timeout), out at TIME UTC"]);
  stage.health.set("10.0.0.1:80", OK);
  await stage.advance(10_000);
  assert.deepEqual(shown(), ["healthy", null]);
  stage.health.set("10.0.0.1:80", SICK);
  await stage.advance(30_000, 10_000);
  assert.deepEqual(shown(), ["unhealthy", "Target.ResponseCodeMismatch got 503"]);
  stage.health.set("10.0.0.1:80", OK);
  await stage.advance(10_000);
  assert.deepEqual(shown(), [
    "unhealthy",
    "Target.ResponseCodeMismatch got 503; 1 of 2 probes succeeded (got 200), back at TIME UTC",
  ]);
  const said = [...stage.log.messages("probe_failed"), ...stage.log.messages("probe_recovered")];
  assert.deepEqual(said.map((message) => message.replace(/\d\d:\d\d:\d\d/, "TIME")), [
    "Target 10.0.0.1:80 of group web: 1 of 3 probes failed (got 404), out at TIME UTC; probes request /health " +
    "(HEALTH_CHECK_PATH, HEALTH_CHECK_MATCHER)",
    "Target 10.0.0.1:80 of group web: 2 of 3 probes failed (Target.Timeout), out at TIME UTC",
    "Target 10.0.0.1:80 of group web: 1 of 3 probes failed (got 503), out at TIME UTC; probes request /health " +
    "(HEALTH_CHECK_PATH, HEALTH_CHECK_MATCHER)",
    "Target 10.0.0.1:80 of group web: 2 of 3 probes failed (got 503), out at TIME UTC",
    "Target 10.0.0.1:80 of group web stays in: got 200 after 2 failed probes",
  ]);
});

Deno.test("WHY of an unhealthy target is what its last probe found", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("10.0.0.1")], { healthCheck: CHECKED })]);
  stage.health.set("10.0.0.1:80", SICK);
  await stage.registry.start();
  await stage.advance(1000);
  assert.equal(stage.view("10.0.0.1:80").reason, "Target.ResponseCodeMismatch got 503");
  const { sinceMs } = stage.view("10.0.0.1:80");
  stage.health.set("10.0.0.1:80", { kind: "failure", failure: "Target.Timeout", status: null, micros: 1000 });
  await stage.advance(1000);
  assert.match(stage.view("10.0.0.1:80").reason!, /^Target\.Timeout/);
  assert.equal(stage.view("10.0.0.1:80").sinceMs, sinceMs);
});

Deno.test("A32: probes take a target out and back after their thresholds, with a log line each", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("10.0.0.1")], { healthCheck: CHECKED })]);
  await stage.registry.start();
  await pause(0);
  const { slot } = stage.publish()[0]!.targets[0]!;
  assert.equal(stage.view("10.0.0.1:80").state, "healthy");
  stage.health.set("10.0.0.1:80", SICK);
  await stage.advance(1000);
  assert.equal(stage.table.flags[slot], 0);
  await stage.advance(1000);
  assert.equal(stage.table.flags[slot], FLAG.unhealthy);
  assert.equal(stage.view("10.0.0.1:80").reason, "Target.ResponseCodeMismatch got 503");
  stage.health.set("10.0.0.1:80", OK);
  await stage.advance(2000, 1000);
  assert.equal(stage.table.flags[slot], 0);
  assert.deepEqual(stage.log.messages("target_state"), [
    "Target 10.0.0.1:80 of group web is [HEALTHY]: got 200",
    "Target 10.0.0.1:80 of group web is [UNHEALTHY]: Target.ResponseCodeMismatch got 503",
    "Target 10.0.0.1:80 of group web is [HEALTHY]: got 200",
  ]);
});

Deno.test("A35: without checks no target is probed or flagged, even one that was out before", async () => {
  const on = sampleGroup([sampleEntry("10.0.0.1")], { healthCheck: CHECKED });
  await using stage = new RegistryStage([on]);
  stage.health.set("10.0.0.1:80", SICK);
  await stage.registry.start();
  await stage.advance(2000, 1000);
  const { slot } = stage.publish()[0]!.targets[0]!;
  assert.equal(stage.table.flags[slot], FLAG.unhealthy);
  stage.registry.reload([sampleGroup([sampleEntry("10.0.0.1")])], SAMPLE_DNS);
  assert.equal(stage.table.flags[slot], 0);
  const probes = stage.probed.length;
  await stage.advance(60_000, 1000);
  assert.equal(stage.probed.length, probes);
  assert.equal(stage.view("10.0.0.1:80").nextProbeMs, null);
});

Deno.test("C21: a successful probe frees an ejected target and ends its run of failures", async () => {
  const group = sampleGroup([sampleEntry("10.0.0.1")], {
    healthCheck: CHECKED,
    ejection: { enabled: true, failures: 1, timeMs: 60_000 },
  });
  await using stage = new RegistryStage([group]);
  await stage.registry.start();
  await pause(0);
  const { slot } = stage.publish()[0]!.targets[0]!;
  stage.registry.reportConnectionFailure(slot, stage.table.column(0).connectFailed(slot), "Connection refused");
  assert.equal(stage.table.flags[slot], FLAG.ejected);
  await stage.advance(1000);
  assert.equal(stage.table.flags[slot], 0);
  assert.equal(stage.table.consecutiveFailures[slot], 0);
});

Deno.test("the operator's drain holds through probes and reloads, until enable", async () => {
  const group = sampleGroup([sampleEntry("10.0.0.1"), sampleEntry("::1")], { healthCheck: CHECKED });
  await using stage = new RegistryStage([group]);
  await stage.registry.start();
  const { slot } = stage.publish()[0]!.targets[1]!;
  assert.equal(stage.registry.drain("web", "[::1]:80"), true);
  assert.equal(stage.registry.drain("web", "10.9.9.9:80"), false);
  assert.equal(stage.registry.drain("other", "[::1]:80"), false);
  stage.health.set("[::1]:80", SICK);
  await stage.advance(3000, 1000);
  stage.health.set("[::1]:80", OK);
  await stage.advance(3000, 1000);
  stage.registry.reload([{ ...group, failOpen: true }], SAMPLE_DNS);
  assert.equal(stage.table.flags[slot], FLAG.draining);
  assert.deepEqual([stage.view("[::1]:80").state, stage.view("[::1]:80").reason], [
    "draining",
    "drained by the operator",
  ]);
  assert.equal(stage.registry.enable("web", "[::1]:80"), true);
  assert.equal(stage.table.flags[slot], 0);
});

Deno.test("a probe that this machine could not make says nothing of the target, and is logged once", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("10.0.0.1")], { healthCheck: CHECKED })]);
  await stage.registry.start();
  stage.health.set("10.0.0.1:80", { kind: "inconclusive", error: "Too many open files (os error 24)" });
  await stage.advance(5000, 1000);
  assert.equal(stage.view("10.0.0.1:80").state, "healthy");
  assert.deepEqual(stage.view("10.0.0.1:80").probes, { ok: 1, failed: 0 });
  assert.deepEqual(stage.log.messages("probe_inconclusive"), [
    "Probes of group web can't be made here: Too many open files (os error 24)",
  ]);
});
