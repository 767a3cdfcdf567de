import assert from "node:assert/strict";
import { FLAG } from "../../../../src/state/slot_layout.ts";
import { RegistryStage, SICK } from "../../../support/registry_stage.ts";
import { SAMPLE_DNS, sampleCheck, sampleEntry, sampleGroup } from "../../../support/sample_group.ts";

const CHECKED = sampleCheck({ enabled: true, intervalMs: 1000 });

Deno.test("A19: a host name with several addresses becomes one target for each, its weight shared out", async () => {
  await using stage = new RegistryStage([
    sampleGroup([sampleEntry("app.test", { weight: 6 }), sampleEntry("10.0.0.9", { weight: 2 })]),
  ]);
  stage.dns.set("app.test", ["10.0.0.3", "10.0.0.1", "10.0.0.2"]);
  await stage.registry.start();
  const [group] = stage.publish();
  assert.deepEqual(group!.targets.map(({ address, host, weight }) => [address, host, weight]), [
    ["10.0.0.1", "app.test", 2],
    ["10.0.0.2", "app.test", 2],
    ["10.0.0.3", "app.test", 2],
    ["10.0.0.9", "10.0.0.9", 2],
  ]);
  assert.equal(new Set(group!.targets.map(({ slot }) => slot)).size, 4);
  assert.equal(group!.resolved, true);
});

Deno.test("A41: addresses join and leave at the next refresh, and others keep their slot", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")])]);
  stage.dns.set("app.test", ["10.0.0.1", "10.0.0.2"]);
  await stage.registry.start();
  const before = stage.publish()[0]!.targets;
  const changes = stage.changes;
  stage.dns.set("app.test", ["10.0.0.2", "10.0.0.3"]);
  await stage.advance(30_000);
  await stage.advance(10);
  assert.equal(stage.changes, changes + 1);
  const after = stage.publish()[0]!.targets;
  assert.deepEqual(after.map(({ address }) => address), ["10.0.0.2", "10.0.0.3"]);
  assert.equal(after[0]!.slot, before[1]!.slot);
  assert.notEqual(after[1]!.slot, before[0]!.slot);
  assert.deepEqual(stage.log.messages("dns_changed"), [
    "Name app.test resolves to 10.0.0.1, 10.0.0.2",
    "Name app.test resolves to 10.0.0.2, 10.0.0.3 (was 10.0.0.1, 10.0.0.2)",
  ]);
});

Deno.test("of thousands of addresses the log says how many there are, and the first ten", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")])]);
  const addresses = (from: number) =>
    Array.from({ length: 4000 }, (_, i) => `10.1.${100 + ((from + i) >> 8)}.${(from + i) & 255}`);
  stage.dns.set("app.test", addresses(0));
  await stage.registry.start();
  stage.dns.set("app.test", addresses(2));
  await stage.advance(30_000);
  await stage.advance(10);
  stage.dns.set("app.test", new Error("servfail"));
  await stage.advance(30_000);
  await stage.advance(10);
  const lines = stage.log.events.filter(({ event }) => event === "dns_changed" || event === "dns_failed");
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(JSON.stringify(line).length < 1500, JSON.stringify(line).slice(0, 300));
  const [first, second, failed] = lines.map(({ message }) => message);
  assert.match(
    first!,
    /^Name app\.test resolves to 4000 addresses: 10\.1\.100\.0, (10\.[\d.]+, ){8}10\.[\d.]+ and 3990 more$/,
  );
  assert.match(second!, / and 3990 more \(was 4000 addresses: .* and 3990 more; 2 added, 2 removed\)$/);
  assert.match(failed!, /still using 4000 addresses: .* and 3990 more$/);
});

Deno.test("a refresh that brings the same addresses in another order makes no snapshot and no log line", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")])]);
  stage.dns.set("app.test", ["10.0.0.1", "10.0.0.2"]);
  await stage.registry.start();
  stage.publish();
  const { changes } = stage;
  stage.dns.set("app.test", ["10.0.0.2", "10.0.0.1"]);
  await stage.advance(30_000);
  await stage.advance(10);
  assert.equal(stage.changes, changes);
  assert.equal(stage.log.messages("dns_changed").length, 1);
});

Deno.test("a target that left drains until its last request is over; then its slot rests", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")])]);
  stage.dns.set("app.test", ["10.0.0.1"]);
  await stage.registry.start();
  const slot = stage.publish()[0]!.targets[0]!.slot;
  const worker = stage.table.column(0);
  worker.enter(slot);
  stage.dns.set("app.test", ["10.0.0.2"]);
  await stage.advance(30_000);
  stage.publish();
  assert.equal(stage.view("10.0.0.1:80").state, "draining");
  await stage.advance(5000, 1000);
  assert.equal(stage.view("10.0.0.1:80").reason, "left the group");
  worker.leave(slot);
  await stage.advance(1000);
  assert.throws(() => stage.view("10.0.0.1:80"));
  // Still resting: the next target gets another slot.
  stage.dns.set("app.test", ["10.0.0.2", "10.0.0.3"]);
  await stage.advance(30_000);
  assert.ok(stage.publish()[0]!.targets.every((target) => target.slot !== slot));
  stage.dns.set("app.test", ["10.0.0.2", "10.0.0.3", "10.0.0.4"]);
  await stage.advance(60_000, 30_000);
  assert.equal(stage.publish()[0]!.targets[2]!.slot, slot);
});

Deno.test("a slot is not given away while a worker may still serve by a snapshot that names it", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")])]);
  stage.dns.set("app.test", ["10.0.0.1"]);
  await stage.registry.start();
  stage.registry.groups(7);
  stage.dns.set("app.test", ["10.0.0.2"]);
  await stage.advance(30_000);
  stage.registry.groups(8);
  stage.registry.appliedEverywhere(7);
  await stage.advance(2000);
  assert.equal(stage.view("10.0.0.1:80").state, "draining");
  stage.registry.appliedEverywhere(8);
  assert.throws(() => stage.view("10.0.0.1:80"));
});

Deno.test("a target that comes back while it drains keeps its slot, health and counters", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")], { healthCheck: CHECKED })]);
  stage.dns.set("app.test", ["10.0.0.1", "10.0.0.2"]);
  stage.health.set("10.0.0.1:80", SICK);
  await stage.registry.start();
  await stage.advance(1000);
  const { slot } = stage.publish()[0]!.targets[0]!;
  stage.table.column(0).count(slot, "attempts");
  assert.equal(stage.view("10.0.0.1:80").state, "unhealthy");
  stage.dns.set("app.test", ["10.0.0.2"]);
  await stage.advance(29_000, 1000);
  await stage.advance(10);
  assert.equal(stage.view("10.0.0.1:80").state, "draining");
  stage.dns.set("app.test", ["10.0.0.1", "10.0.0.2"]);
  await stage.advance(30_000, 1000);
  await stage.advance(10);
  assert.equal(stage.publish()[0]!.targets[0]!.slot, slot);
  assert.equal(stage.view("10.0.0.1:80").state, "unhealthy");
  assert.equal(stage.table.targetCounter(slot, "attempts"), 1);
});

Deno.test("a failed lookup keeps the last good answer and is logged once, until it succeeds again", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")])]);
  stage.dns.set("app.test", ["10.0.0.1"]);
  await stage.registry.start();
  stage.dns.set("app.test", new Error("server is gone"));
  await stage.advance(90_000, 30_000);
  assert.deepEqual(stage.members(), ["10.0.0.1:80"]);
  assert.deepEqual(stage.log.messages("dns_failed"), [
    "Name app.test did not resolve (server is gone); still using 10.0.0.1",
  ]);
  const [name] = stage.registry.views()[0]!.names;
  assert.deepEqual([name!.answers, name!.failures, name!.lastError], [1, 3, "server is gone"]);
  stage.dns.set("app.test", ["10.0.0.1"]);
  await stage.advance(30_000);
  assert.deepEqual(stage.log.messages("dns_recovered"), ["Name app.test resolves again after 3 failed lookups"]);
  assert.equal(stage.registry.views()[0]!.names[0]!.lastError, null);
});

Deno.test("a group is unresolved until a name has resolved; the name is retried with backoff", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("late.test")])], { refreshIntervalMs: 0 });
  await stage.registry.start();
  assert.equal(stage.publish()[0]!.resolved, false);
  await stage.advance(1000);
  await stage.advance(2000);
  await stage.advance(3999);
  assert.equal(stage.registry.views()[0]!.names[0]!.failures, 3);
  stage.dns.set("late.test", ["10.0.0.1"]);
  await stage.advance(1);
  assert.deepEqual(stage.members(), ["10.0.0.1:80"]);
  assert.equal(stage.publish()[0]!.resolved, true);
  // Interval 0: never again.
  stage.dns.set("late.test", ["10.0.0.2"]);
  await stage.advance(300_000, 30_000);
  assert.deepEqual(stage.members(), ["10.0.0.1:80"]);
});

Deno.test("a name server that never answers holds the start up for the lookup's timeout, not longer", async () => {
  await using stage = new RegistryStage([sampleGroup([sampleEntry("slow.test"), sampleEntry("10.0.0.1")])]);
  stage.dns.set("slow.test", null);
  const started = stage.registry.start();
  // Literal addresses need not wait for it.
  assert.deepEqual(stage.members(), ["10.0.0.1:80"]);
  await stage.advance(5000);
  await started;
  assert.match(stage.log.messages("dns_failed")[0]!, /no answer within 5000 ms/);
});

Deno.test("a target that refuses connections is ejected by time, and twice as long the next time", async () => {
  const group = sampleGroup([sampleEntry("10.0.0.1"), sampleEntry("10.0.0.2")], {
    ejection: { enabled: true, failures: 2, timeMs: 1000 },
  });
  await using stage = new RegistryStage([group]);
  await stage.registry.start();
  const [first, second] = stage.publish()[0]!.targets;
  stage.registry.reportConnectionFailure(first!.slot, 1, "Connection refused");
  assert.equal(stage.table.flags[first!.slot], 0);
  stage.registry.reportConnectionFailure(first!.slot, 2, "Connection refused");
  assert.equal(stage.table.flags[first!.slot], FLAG.ejected);
  assert.equal(stage.view("10.0.0.1:80").ejectedUntilMs, stage.clock.wallMs() + 1000);
  // Never more than half of the group.
  stage.registry.reportConnectionFailure(second!.slot, 9, "Connection refused");
  assert.equal(stage.table.flags[second!.slot], 0);
  await stage.advance(1000);
  assert.equal(stage.table.flags[first!.slot], 0);
  stage.registry.reportConnectionFailure(first!.slot, 3, "Connection refused");
  await stage.advance(1999);
  assert.equal(stage.table.flags[first!.slot], FLAG.ejected);
  await stage.advance(1);
  assert.equal(stage.view("10.0.0.1:80").state, "healthy");
  assert.deepEqual(stage.log.messages("target_state"), [
    "Target 10.0.0.1:80 of group web is [EJECTED]: 2 failed connections in a row (Connection refused), for 1000 ms",
    "Target 10.0.0.1:80 of group web is [HEALTHY]: ejection ended",
    "Target 10.0.0.1:80 of group web is [EJECTED]: 3 failed connections in a row (Connection refused), for 2000 ms",
    "Target 10.0.0.1:80 of group web is [HEALTHY]: ejection ended",
  ]);
});

Deno.test("targets beyond the table's size wait, are named in one log line, and join later", async () => {
  const entries = Array.from({ length: 4098 }, (_, i) => sampleEntry(`10.1.${i >> 8}.${i & 255}`));
  await using stage = new RegistryStage([sampleGroup(entries)]);
  await stage.registry.start();
  assert.equal(stage.publish()[0]!.targets.length, 4096);
  await stage.advance(10_000, 1000);
  assert.equal(stage.log.messages("target_table_full").length, 1);
  stage.registry.reload([sampleGroup(entries.slice(3))], SAMPLE_DNS);
  stage.publish();
  await stage.advance(62_000, 1000);
  assert.equal(stage.publish()[0]!.targets.length, 4095);
});

Deno.test("a sticky group without a secret gets one for this process, and the log says so", async () => {
  await using stage = new RegistryStage([
    sampleGroup([sampleEntry("10.0.0.1")], {
      stickiness: { applicationCookie: null, cookieName: "pin", ttlMs: 0, secret: null },
    }),
  ]);
  await stage.registry.start();
  const [group] = stage.publish();
  assert.match(group!.stickiness!.secret!, /^[0-9a-f]{64}$/);
  assert.equal(stage.log.messages("sticky_secret_made").length, 1);
  assert.ok(!JSON.stringify(stage.log.events).includes(group!.stickiness!.secret!));
});

Deno.test("a group that is removed just after a lookup of its names does not get its targets back", async () => {
  await using stage = new RegistryStage([
    sampleGroup([sampleEntry("app.test"), sampleEntry("10.0.0.5")], { healthCheck: CHECKED }),
    sampleGroup([sampleEntry("10.0.0.9")], { name: "other", number: 2 }),
  ]);
  stage.dns.set("app.test", ["10.0.0.1"]);
  await stage.registry.start();
  stage.publish();
  stage.dns.set("app.test", ["10.0.0.1", "10.0.0.2"]);
  // The lookup has ended; its new members would come with the next snapshot.
  await stage.advance(30_000);
  stage.registry.reload([sampleGroup([sampleEntry("10.0.0.9")], { name: "other", number: 2 })], SAMPLE_DNS);
  stage.publish();
  await stage.advance(5000, 1000);
  stage.probed.length = 0;
  await stage.advance(5000, 1000);
  assert.deepEqual(stage.probed, []);
  assert.deepEqual(stage.log.messages("target_state").filter((line) => line.includes("back in the group")), []);
});

Deno.test("if members leave, no more than half of those that stay are ejected", async () => {
  const hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
  const ejection = { enabled: true, failures: 1, timeMs: 10_000 };
  await using stage = new RegistryStage([sampleGroup(hosts.map((host) => sampleEntry(host)), { ejection })]);
  await stage.registry.start();
  const [group] = stage.publish();
  for (const { slot } of group!.targets.slice(0, 2)) stage.registry.reportConnectionFailure(slot, 1, "refused");
  assert.deepEqual(hosts.map((host) => stage.view(`${host}:80`).state), ["ejected", "ejected", "healthy", "healthy"]);
  stage.registry.reload([sampleGroup(hosts.slice(0, 2).map((host) => sampleEntry(host)), { ejection })], SAMPLE_DNS);
  assert.deepEqual(hosts.slice(0, 2).map((host) => stage.view(`${host}:80`).state), ["healthy", "ejected"]);
});
