import assert from "node:assert/strict";
import type { DnsConfig } from "../../../src/config/model.ts";
import type { ResolveRecord } from "../../../src/discovery/dns.ts";
import { RefreshLoop } from "../../../src/discovery/refresh_loop.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { pause } from "../../support/poll.ts";
import { SAMPLE_DNS } from "../../support/sample_group.ts";

/** A refresh loop over a resolver that the test holds by the hand. */
class LoopStage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new LogRecorder();
  /** Queries that wait for their answer, oldest first. */
  readonly open: { host: string; answer(addresses: string[]): void; fail(): void }[] = [];
  readonly settled: string[] = [];
  dice = 0;
  readonly loop: RefreshLoop;

  constructor(dns: Partial<DnsConfig> = {}) {
    const resolve: ResolveRecord = (host, _type, { signal }) => {
      const { promise, resolve, reject } = Promise.withResolvers<string[]>();
      const query = { host, answer: resolve, fail: () => reject(new Error("server is gone")) };
      this.open.push(query);
      signal.addEventListener("abort", () => {
        const at = this.open.indexOf(query);
        if (at >= 0) this.open.splice(at, 1);
        reject(new Error("aborted"));
      });
      return promise;
    };
    this.loop = new RefreshLoop({
      dns: { ...SAMPLE_DNS, family: "ipv4", ...dns },
      resolve,
      clock: this.clock,
      random: () => this.dice,
      log: this.log,
      onSettled: (host) => this.settled.push(host),
    });
  }

  async answer(...addresses: string[]): Promise<void> {
    this.open.shift()!.answer(addresses);
    await pause(0);
  }

  async fail(): Promise<void> {
    this.open.shift()!.fail();
    await pause(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loop.stop();
    assert.equal(this.clock.timers, 0);
    assert.equal(this.open.length, 0);
  }
}

Deno.test("a name that never resolved is retried after 1, 2, 4 ... 30 s, less up to half by chance", async () => {
  await using stage = new LoopStage();
  stage.loop.watch(["app.test"]);
  for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    await stage.fail();
    stage.clock.advance(pauseMs - 1);
    assert.equal(stage.open.length, 0, `before ${pauseMs}`);
    stage.clock.advance(1);
    assert.equal(stage.open.length, 1, `after ${pauseMs}`);
  }
  stage.dice = 1;
  await stage.fail();
  stage.clock.advance(15_000);
  assert.equal(stage.open.length, 1);
  assert.deepEqual(stage.settled, ["app.test"]);
});

Deno.test("interval 0 looks up at the start only, once there is an answer", async () => {
  await using stage = new LoopStage({ refreshIntervalMs: 0 });
  stage.loop.watch(["app.test"]);
  await stage.answer("10.0.0.1");
  stage.clock.advance(10_000_000);
  assert.equal(stage.open.length, 0);
});

Deno.test("the first round ends when each name has succeeded or failed, whoever else asks", async () => {
  await using stage = new LoopStage();
  stage.loop.watch(["a.test", "b.test", "10.0.0.1"]);
  let over = false;
  const round = stage.loop.firstRound().then(() => over = true);
  await stage.answer("10.0.0.1");
  assert.equal(over, false);
  assert.equal(stage.loop.isSettled("b.test"), false);
  await stage.fail();
  await round;
  assert.deepEqual([stage.loop.addresses("a.test"), stage.loop.addresses("b.test")], [["10.0.0.1"], null]);
});

Deno.test("a name that is not watched any more is let go, its open query too", async () => {
  await using stage = new LoopStage();
  stage.loop.watch(["a.test", "b.test"]);
  await stage.answer("10.0.0.1");
  stage.loop.watch(["a.test"]);
  assert.equal(stage.open.length, 0);
  assert.deepEqual(stage.loop.addresses("a.test"), ["10.0.0.1"]);
  assert.equal(stage.loop.state("b.test"), null);
});

Deno.test("another configuration asks every name again at once and keeps the last answers meanwhile", async () => {
  await using stage = new LoopStage();
  stage.loop.watch(["a.test"]);
  await stage.answer("10.0.0.1");
  stage.loop.configure({ ...SAMPLE_DNS, family: "ipv6" });
  assert.equal(stage.open.length, 1);
  assert.deepEqual(stage.loop.addresses("a.test"), ["10.0.0.1"]);
  await stage.answer("::1");
  assert.deepEqual(stage.loop.addresses("a.test"), ["::1"]);
});

Deno.test("three hundred names don't open three hundred sockets at once, and each gets its turn", async () => {
  await using stage = new LoopStage();
  const hosts = Array.from({ length: 300 }, (_, index) => `h${index}.test`);
  stage.loop.watch(hosts);
  assert.equal(stage.open.length, 64);
  stage.loop.configure({ ...SAMPLE_DNS, family: "ipv4" });
  await pause(0);
  while (stage.open.length > 0) {
    assert.ok(stage.open.length <= 64);
    await stage.answer("10.0.0.1");
  }
  assert.deepEqual(stage.settled.toSorted(), hosts.toSorted());
});

Deno.test("names that are dropped while they wait for their turn don't delay other names", async () => {
  await using stage = new LoopStage();
  const hosts = Array.from({ length: 300 }, (_, index) => `h${index}.test`);
  stage.loop.watch(hosts);
  // The 64 that are open and the last ones stay; many that wait in between go.
  const kept = [...hosts.slice(0, 64), ...hosts.slice(200)];
  stage.loop.watch(kept);
  while (stage.open.length > 0) await stage.answer("10.0.0.1");
  assert.deepEqual(stage.settled.toSorted(), kept.toSorted());
});
