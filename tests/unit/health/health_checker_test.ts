import assert from "node:assert/strict";
import { HealthChecker } from "../../../src/health/health_checker.ts";
import type { ProbeResult } from "../../../src/health/probe_result.ts";
import type { TargetSnapshot } from "../../../src/state/group_snapshot.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { pause } from "../../support/poll.ts";
import { OK } from "../../support/registry_stage.ts";
import { sampleCheck } from "../../support/sample_group.ts";

/** A checker whose probes end when the test says so. */
class CheckerStage implements AsyncDisposable {
  readonly clock = new ManualClock();
  /** When each probe began, by slot. */
  readonly began: [slot: number, atMs: number][] = [];
  readonly results: [slot: number, startedMs: number][] = [];
  dice = 0;
  readonly #ends = new Map<number, (result: ProbeResult) => void>();
  readonly checker: HealthChecker;
  #calledOff = 0;

  constructor(config = sampleCheck({ enabled: true, intervalMs: 1000 })) {
    this.checker = new HealthChecker({
      config,
      clock: this.clock,
      random: () => this.dice,
      probe: (target, { signal }) => {
        this.began.push([target.slot, this.clock.monotonicMs()]);
        const { promise, resolve } = Promise.withResolvers<ProbeResult>();
        this.#ends.set(target.slot, resolve);
        signal.addEventListener("abort", () => {
          this.#calledOff += 1;
          resolve({ kind: "inconclusive", error: "called off" });
        });
        return promise;
      },
      onResult: (slot, _result, startedMs) => this.results.push([slot, startedMs]),
    });
  }

  get calledOff(): number {
    return this.#calledOff;
  }

  async end(slot: number): Promise<void> {
    this.#ends.get(slot)!(OK);
    await pause(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.checker.stop();
    assert.equal(this.clock.timers, 0);
  }
}

function target(slot: number): TargetSnapshot {
  return { slot, scheme: "http", host: "a.test", address: `10.0.0.${slot}`, port: 80, base: "", weight: 1, tls: null };
}

Deno.test("E9: targets are probed at once, side by side, each at its own pace", async () => {
  await using stage = new CheckerStage();
  stage.checker.watch(target(1));
  stage.checker.watch(target(2));
  assert.deepEqual(stage.began, [[1, 0], [2, 0]]);
  // The first hangs; the second goes on.
  await stage.end(2);
  stage.clock.advance(1000);
  assert.deepEqual(stage.began, [[1, 0], [2, 0], [2, 1000]]);
});

Deno.test("a probe that still runs skips its turns and does not pile up", async () => {
  await using stage = new CheckerStage();
  stage.checker.watch(target(1));
  stage.clock.advance(3500);
  assert.equal(stage.began.length, 1);
  await stage.end(1);
  assert.deepEqual(stage.results, [[1, 0]]);
  stage.clock.advance(500);
  assert.deepEqual(stage.began, [[1, 0], [1, 4000]]);
});

Deno.test("A25: turns come 90 to 100 % of the interval apart", async () => {
  await using stage = new CheckerStage();
  stage.checker.watch(target(1));
  await stage.end(1);
  stage.dice = 0.999;
  stage.clock.advance(1000);
  await stage.end(1);
  assert.equal(stage.checker.nextProbeMs(1), 1000 + 1000 * (1 - 0.0999));
});

Deno.test("A72: a target that is no longer watched, and a stop, cancel the running probe", async () => {
  await using stage = new CheckerStage();
  stage.checker.watch(target(1));
  stage.checker.watch(target(2));
  stage.checker.unwatch(1);
  await stage.checker.stop();
  assert.equal(stage.calledOff, 2);
  stage.clock.advance(10_000);
  assert.deepEqual([stage.began.length, stage.results], [2, []]);
});

Deno.test("A35: nothing is probed while checks are off; switched on, each target is probed at once", async () => {
  await using stage = new CheckerStage(sampleCheck());
  stage.checker.watch(target(1));
  stage.clock.advance(100_000);
  assert.deepEqual([stage.began, stage.checker.nextProbeMs(1)], [[], null]);
  stage.checker.configure(sampleCheck({ enabled: true }));
  assert.deepEqual(stage.began, [[1, 100_000]]);
});

Deno.test("an exception in a probe ends no health check, and blames no target", async () => {
  const clock = new ManualClock();
  const results: ProbeResult[] = [];
  let probes = 0;
  const checker = new HealthChecker({
    config: sampleCheck({ enabled: true, intervalMs: 1000 }),
    clock,
    random: () => 0,
    probe: () => {
      probes++;
      return Promise.reject(new Error("unforeseen"));
    },
    onResult: (_slot, result) => results.push(result),
  });
  checker.watch(target(0));
  await pause(0);
  clock.advance(1000);
  await pause(0);
  assert.equal(probes, 2);
  assert.deepEqual(results[0], { kind: "inconclusive", error: "Error: unforeseen" });
  await checker.stop();
});
