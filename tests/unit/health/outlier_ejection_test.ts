import assert from "node:assert/strict";
import { eject, type EjectionRecord, NEVER_EJECTED, release } from "../../../src/health/outlier_ejection.ts";

const CONFIG = { enabled: true, failures: 3, timeMs: 10_000 };

function tryEject(record: EjectionRecord, options: {
  consecutive?: number;
  targets?: number;
  ejected?: number;
  nowMs?: number;
  config?: typeof CONFIG;
}): EjectionRecord | null {
  const { consecutive = 3, targets = 4, ejected = 0, nowMs = 0, config = CONFIG } = options;
  return eject(record, consecutive, { config, group: { targets, ejected }, nowMs });
}

function lengthMs(record: EjectionRecord | null): number {
  assert.ok(record?.present);
  return record.present.untilMs - record.present.sinceMs;
}

Deno.test("it takes that many failures in a row, and ejection that is switched on", () => {
  assert.equal(tryEject(NEVER_EJECTED, { consecutive: 2 }), null);
  assert.equal(lengthMs(tryEject(NEVER_EJECTED, { consecutive: 3 })), 10_000);
  assert.equal(tryEject(NEVER_EJECTED, { config: { ...CONFIG, enabled: false } }), null);
});

Deno.test("C11: with one failure as the limit the first failed connection ejects", () => {
  assert.ok(tryEject(NEVER_EJECTED, { consecutive: 1, config: { ...CONFIG, failures: 1 } }));
});

Deno.test("never more than half of a group is out, but one may always go", () => {
  const allowed = (targets: number, ejected: number) => tryEject(NEVER_EJECTED, { targets, ejected }) !== null;
  assert.deepEqual([1, 2, 3, 4].map((targets) => allowed(targets, 0)), [true, true, true, true]);
  assert.deepEqual([2, 3, 4, 5].map((targets) => allowed(targets, 1)), [false, false, true, true]);
  assert.deepEqual([4, 5, 6].map((targets) => allowed(targets, 2)), [false, false, true]);
});

Deno.test("the time doubles with each ejection in succession, up to five minutes", () => {
  let record = NEVER_EJECTED;
  const lengths: number[] = [];
  for (let i = 0, nowMs = 0; i < 7; i++) {
    const ejected = tryEject(record, { nowMs });
    lengths.push(lengthMs(ejected));
    nowMs = ejected!.present!.untilMs;
    record = release(ejected!, nowMs);
    nowMs += 1000;
  }
  assert.deepEqual(lengths, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  assert.equal(record.total, 7);
});

Deno.test("after five minutes without an ejection the next one is as short as the first", () => {
  const once = release(tryEject(NEVER_EJECTED, { nowMs: 1000 })!, 11_000);
  assert.equal(lengthMs(tryEject(once, { nowMs: 310_999 })), 20_000);
  assert.equal(lengthMs(tryEject(once, { nowMs: 311_000 })), 10_000);
});

Deno.test("a target that is out already is not ejected again by requests that were under way", () => {
  assert.equal(tryEject(tryEject(NEVER_EJECTED, {})!, { nowMs: 5 }), null);
  assert.equal(release(NEVER_EJECTED, 5), NEVER_EJECTED);
});
