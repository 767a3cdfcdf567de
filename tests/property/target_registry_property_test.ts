import assert from "node:assert/strict";
import fc from "fast-check";
import { pause } from "../support/poll.ts";
import { RegistryStage } from "../support/registry_stage.ts";
import { SAMPLE_DNS, sampleEntry, sampleGroup } from "../support/sample_group.ts";
import "../support/seed.ts";

const POOL = Array.from({ length: 4 }, (_, i) => `10.0.0.${i}`);

/** What may happen to a registry, in any order. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("dns" as const), addresses: fc.subarray(POOL) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("reload" as const), addresses: fc.subarray(POOL) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("publish" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("publish and apply" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("apply" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("enter" as const), pick: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("leave" as const), pick: fc.nat(100) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1000, 70_000) }) },
);

Deno.test("a slot that is in flight or in a worker's snapshot is never given to another target", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: "max" }), async (steps) => {
      await using stage = new RegistryStage([sampleGroup([sampleEntry("app.test")])]);
      stage.dns.set("app.test", ["10.0.0.0"]);
      await stage.registry.start();
      const worker = stage.table.column(0);
      const open: { slot: number; address: string }[] = [];
      let latest = { generation: ++stage.generation, groups: stage.registry.groups(stage.generation) };
      let applied = latest;
      for (const step of steps) {
        if (step.kind === "dns") stage.dns.set("app.test", step.addresses);
        else if (step.kind === "wait") await stage.advance(step.ms);
        else if (step.kind === "reload") {
          const entries = [sampleEntry("app.test"), ...step.addresses.map((address) => sampleEntry(address))];
          stage.registry.reload([sampleGroup(entries)], SAMPLE_DNS);
        } else if (step.kind === "publish" || step.kind === "apply" || step.kind === "publish and apply") {
          if (step.kind !== "apply") {
            latest = { generation: ++stage.generation, groups: stage.registry.groups(stage.generation) };
          }
          if (step.kind !== "publish") {
            applied = latest;
            stage.registry.appliedEverywhere(applied.generation);
          }
        } else if (step.kind === "enter") {
          // The worker picks by the snapshot that it has.
          const targets = applied.groups[0]!.targets;
          const target = targets[step.pick % targets.length];
          if (target === undefined) continue;
          worker.enter(target.slot);
          open.push({ slot: target.slot, address: target.address });
        } else {
          const [ended] = open.splice(step.pick % Math.max(1, open.length), 1);
          if (ended !== undefined) worker.leave(ended.slot);
        }
        await pause(0);
        const views = stage.registry.views()[0]!.targets;
        assert.equal(
          new Set(views.map(({ target }) => target.slot)).size,
          views.length,
          "each target has its own slot",
        );
        const owner = new Map(views.map(({ target }) => [target.slot, target.address]));
        for (const { slot, address } of open) assert.equal(owner.get(slot), address, "an open request's slot");
        for (const { slot, address } of applied.groups[0]!.targets) {
          assert.equal(owner.get(slot), address, "a slot that a worker still knows");
        }
        for (const { slot } of views.map(({ target }) => target)) {
          assert.equal(stage.table.inFlight[slot], open.filter((request) => request.slot === slot).length);
        }
      }
    }),
    { numRuns: 25 },
  );
});
