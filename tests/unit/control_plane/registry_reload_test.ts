import assert from "node:assert/strict";
import { FLAG } from "../../../src/state/slot_layout.ts";
import { RegistryStage, SICK } from "../../support/registry_stage.ts";
import { SAMPLE_DNS, sampleCheck, sampleEntry, sampleGroup } from "../../support/sample_group.ts";

Deno.test("a reload keeps slot and health of targets that stay", async () => {
  const check = sampleCheck({ enabled: true, intervalMs: 1000 });
  const before = sampleGroup([sampleEntry("10.0.0.1"), sampleEntry("10.0.0.2")], { healthCheck: check });
  await using stage = new RegistryStage([before, sampleGroup([sampleEntry("10.1.0.1")], { name: "old" })]);
  stage.health.set("10.0.0.2:80", SICK);
  await stage.registry.start();
  await stage.advance(2000, 1000);
  const [, second] = stage.publish()[0]!.targets;
  stage.registry.reload([
    sampleGroup([sampleEntry("10.0.0.2", { weight: 5 }), sampleEntry("10.0.0.3", { base: "/v1" })], {
      healthCheck: { ...check, path: "/up" },
    }),
    sampleGroup([sampleEntry("10.2.0.1")], { name: "new" }),
  ], { ...SAMPLE_DNS, refreshIntervalMs: 5000 });
  const groups = stage.publish();
  assert.deepEqual(groups.map(({ name }) => name), ["web", "new"]);
  assert.deepEqual(groups[0]!.targets.map(({ address, weight }) => [address, weight]), [["10.0.0.2", 5], [
    "10.0.0.3",
    1,
  ]]);
  assert.equal(groups[0]!.targets[0]!.slot, second!.slot);
  assert.equal(stage.table.flags[second!.slot], FLAG.unhealthy);
});

Deno.test("a reload that names another host keeps the old targets until the name is looked up", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("a.test")])]);
  stage.dns.set("a.test", ["10.0.0.1"]);
  stage.dns.set("b.test", ["10.0.0.2"]);
  await stage.registry.start();
  stage.publish();
  stage.registry.reload([sampleGroup([sampleEntry("b.test")])], SAMPLE_DNS);
  assert.deepEqual(stage.members(), ["10.0.0.1:80"]);
  await stage.advance(10);
  await stage.advance(10);
  assert.deepEqual(stage.members(), ["10.0.0.2:80"]);
});

Deno.test("a group that one reload removes and another restores keeps its draining targets' slots", async () => {
  const web = sampleGroup([sampleEntry("10.0.0.1")]);
  await using stage = new RegistryStage([web]);
  await stage.registry.start();
  const [before] = stage.publish();
  stage.table.column(0).enter(before!.targets[0]!.slot);
  stage.registry.reload([], SAMPLE_DNS);
  assert.deepEqual(stage.publish(), []);
  await stage.advance(5000, 1000);
  stage.registry.reload([web], SAMPLE_DNS);
  assert.deepEqual(stage.publish(), [before]);
});

Deno.test("two hundred reloads that swap a target leave no slot behind", async () => {
  const one = [sampleGroup([sampleEntry("10.0.0.1")])];
  const two = [sampleGroup([sampleEntry("10.0.0.2")])];
  await using stage = new RegistryStage(one);
  await stage.registry.start();
  let highest = 0;
  for (let i = 0; i < 200; i++) {
    stage.registry.reload(i % 2 === 0 ? two : one, SAMPLE_DNS);
    highest = Math.max(highest, stage.publish()[0]!.targets[0]!.slot);
    await stage.advance(60_000);
  }
  assert.ok(highest <= 2, `slot ${highest} was used`);
  assert.equal(stage.registry.views()[0]!.targets.length, 1);
});

Deno.test("a target that comes back while it is ejected is held to the group's rules as they are then", async (t) => {
  const hosts = ["10.0.0.1", "10.0.0.2"];
  const group = (present: readonly string[], enabled = true) =>
    sampleGroup(present.map((host) => sampleEntry(host)), { ejection: { enabled, failures: 1, timeMs: 10_000 } });
  const ejectedFirst = async (stage: RegistryStage) => {
    await stage.registry.start();
    const [first, second] = stage.publish()[0]!.targets;
    Atomics.store(stage.table.inFlight, first!.slot, 1);
    stage.registry.reportConnectionFailure(first!.slot, 1, "refused");
    stage.registry.reload([group(hosts.slice(1))], SAMPLE_DNS);
    stage.publish();
    return { first: first!, second: second! };
  };
  await t.step("ejection was switched off meanwhile", async () => {
    await using stage = new RegistryStage([group(hosts)]);
    const { first } = await ejectedFirst(stage);
    stage.registry.reload([group(hosts, false)], SAMPLE_DNS);
    assert.equal(stage.table.flags[first.slot], 0);
  });
  await t.step("others were ejected meanwhile", async () => {
    await using stage = new RegistryStage([group(hosts)]);
    const { first, second } = await ejectedFirst(stage);
    stage.registry.reportConnectionFailure(second.slot, 1, "refused");
    stage.registry.reload([group(hosts)], SAMPLE_DNS);
    const out = [first, second].filter(({ slot }) => stage.table.flags[slot] === FLAG.ejected);
    assert.equal(out.length, 1, "no more than half of two");
  });
});

Deno.test("a group of 1000 targets can be replaced by 1000 others again and again in a minute", async () => {
  const thousand = (n: number) =>
    sampleGroup(Array.from({ length: 1000 }, (_, i) => sampleEntry(`10.${n}.${i >> 8}.${i & 255}`)));
  await using stage = new RegistryStage([thousand(0)]);
  await stage.registry.start();
  stage.publish();
  for (let n = 1; n <= 10; n++) {
    stage.registry.reload([thousand(n)], SAMPLE_DNS);
    assert.equal(stage.publish()[0]!.targets.length, 1000, `reload ${n}`);
  }
});
