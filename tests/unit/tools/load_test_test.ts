import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import type { Clock } from "../../../src/time/clock.ts";
import { ConnectFailed, type Exchange } from "../../../src/tools/exchange.ts";
import { type LoadPlan, runLoadTest } from "../../../src/tools/load_test.ts";

/** Time passes while the event loop turns: fast, and the same on each machine. */
class TurningClock implements Clock {
  #nowMs = 1000;
  #waiting = new Set<{ atMs: number; run: () => void }>();
  #turning = false;

  wallMs = () => this.#nowMs;
  monotonicMs = () => this.#nowMs;

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#waiting.add(timer);
    this.#turn();
    return () => this.#waiting.delete(timer);
  }

  every(periodMs: number, run: () => void): () => void {
    let cancel = () => {};
    const again = () => {
      cancel = this.after(periodMs, () => {
        again();
        run();
      });
    };
    again();
    return () => cancel();
  }

  #turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      this.#nowMs += 0.5;
      for (const timer of [...this.#waiting]) {
        if (timer.atMs > this.#nowMs || !this.#waiting.delete(timer)) continue;
        timer.run();
      }
      if (this.#waiting.size > 0) this.#turn();
    });
  }
}

type Outcome = { takesMs: number; status?: number; fails?: Error; servedBy?: string };

/** An exchange that does as its script says. */
class ScriptedExchange implements Exchange {
  status = 0;
  servedBy: string | null = null;
  closed = false;
  readonly #clock: Clock;
  readonly #next: () => Outcome;
  #breakOff: ((error: Error) => void) | null = null;

  constructor(clock: Clock, next: () => Outcome) {
    this.#clock = clock;
    this.#next = next;
  }
  open(): Promise<void> {
    return Promise.resolve();
  }
  async run(): Promise<void> {
    const { takesMs, status = 200, fails, servedBy = null } = this.#next();
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.after(takesMs, resolve);
      this.#breakOff = (error) => {
        cancel();
        reject(error);
      };
    });
    if (fails) throw fails;
    this.status = status;
    this.servedBy = servedBy;
  }
  abort(): void {
    this.#breakOff?.(new Error("Broken off"));
  }
  close(): void {
    this.closed = true;
  }
}

const PLAN: LoadPlan = { total: 100, concurrency: [4], rounds: 1, timeoutMs: 4000, rate: null, warmup: 0 };

function run(plan: Partial<LoadPlan>, next: (index: number) => Outcome, signal = new AbortController().signal) {
  const clock = new TurningClock();
  let index = 0;
  const exchanges: ScriptedExchange[] = [];
  const openExchange = () => {
    const exchange = new ScriptedExchange(clock, () => next(index++));
    exchanges.push(exchange);
    return exchange;
  };
  const report = runLoadTest({ ...PLAN, ...plan }, { openExchange, signal, clock });
  return { report, exchanges, sent: () => index };
}

Deno.test("D12 every level runs every round with all its requests, after an uncounted warm-up", async () => {
  const { report, exchanges, sent } = run(
    { total: 40, concurrency: [2, 8], rounds: 3, warmup: 10 },
    () => ({ takesMs: 2 }),
  );
  const { levels, firstLevelWithErrors, interrupted } = await report;
  assert.deepEqual(levels.map(({ concurrency, ok, errors }) => [concurrency, ok, errors]), [[2, 120, 0], [8, 120, 0]]);
  assert.deepEqual(levels[0]!.rounds.map(({ round, ok }) => [round, ok]), [[1, 40], [2, 40], [3, 40]]);
  assert.equal(sent(), 2 * (3 * 40 + 10));
  assert.deepEqual([firstLevelWithErrors, interrupted], [null, false]);
  assert.equal(exchanges.length, 10);
  assert.ok(exchanges.every((exchange) => exchange.closed));
});

Deno.test("D13 D15 errors are counted by kind and mark the first level that has them", async () => {
  const { report } = run({ total: 10, concurrency: [1, 5, 9] }, (index) => {
    if (index < 10) return { takesMs: 1, servedBy: "a" };
    switch (index) {
      case 12:
        return { takesMs: 1, status: 503 };
      case 13:
        return { takesMs: 1, fails: new ConnectFailed("no") };
      case 14:
        return { takesMs: 1, fails: new Error("reset") };
      case 15:
        return { takesMs: 1e9 };
      default:
        return { takesMs: 1, servedBy: index % 4 === 0 ? "a" : "b" };
    }
  });
  const { levels, firstLevelWithErrors } = await report;
  assert.equal(firstLevelWithErrors, 5);
  assert.deepEqual(levels[1]!.errorsByKind, { timeout: 1, connect: 1, broken: 1, status: 1 });
  assert.deepEqual([levels[1]!.ok, levels[1]!.errors], [6, 4]);
  assert.deepEqual(levels[1]!.statuses, { "200": 6, "503": 1 });
  assert.deepEqual(levels[0]!.targets, [{ name: "a", answers: 10, share: 1 }]);
  assert.deepEqual([levels[2]!.ok, levels[2]!.errors], [10, 0]);
});

Deno.test("a request that passes its deadline is broken off soon after and the lane goes on", async () => {
  const { report } = run(
    { total: 4, concurrency: [1], timeoutMs: 100 },
    (index) => ({ takesMs: index === 1 ? 1e9 : 1 }),
  );
  const [level] = (await report).levels;
  assert.deepEqual([level!.ok, level!.errorsByKind.timeout], [3, 1]);
  assert.ok(level!.seconds >= 0.1 && level!.seconds < 0.2, `${level!.seconds}`);
});

Deno.test("a stall of the target hides from the closed loop and shows in the open one", async () => {
  const stallOnce = (index: number) => ({ takesMs: index === 10 ? 1000 : 1 });
  const closed = (await run({ concurrency: [1] }, stallOnce).report).levels[0]!;
  const open = (await run({ concurrency: [1], rate: 100 }, stallOnce).report).levels[0]!;
  assert.deepEqual([closed.ok, open.ok], [100, 100]);
  assert.ok(closed.latencyMs.p95 < 10, `${closed.latencyMs.p95}`);
  // Requests were due each 10 ms of the stall, so that they waited 990, 980, ... 10 ms: the median of all 100 is near
  // 500.
  assert.ok(open.latencyMs.p50 > 300 && open.latencyMs.p50 < 700, `${open.latencyMs.p50}`);
  assert.ok(open.latencyMs.p95 > 900, `${open.latencyMs.p95}`);
});

Deno.test("the open loop sends at its rate, whatever the answers take", async () => {
  const level = (await run({ total: 50, concurrency: [30], rate: 200 }, () => ({ takesMs: 100 })).report).levels[0]!;
  assert.equal(level.ok, 50);
  // The last request is due after 245 ms and answered 100 ms later.
  assert.ok(level.seconds > 0.34 && level.seconds < 0.37, `${level.seconds}`);
  assert.ok(level.latencyMs.max < 110, `${level.latencyMs.max}`);
});

Deno.test("a test that is ended early reports what had finished and counts nothing against the target", async () => {
  const controller = new AbortController();
  const { report } = run({ concurrency: [3, 6], rounds: 2 }, (index) => {
    if (index === 30) setImmediate(() => controller.abort());
    return { takesMs: 5 };
  }, controller.signal);
  const { levels, interrupted } = await report;
  assert.equal(interrupted, true);
  assert.deepEqual(levels.map(({ concurrency, errors }) => [concurrency, errors]), [[3, 0]]);
  assert.ok(levels[0]!.ok >= 27 && levels[0]!.ok <= 30, `${levels[0]!.ok}`);
});

Deno.test("a test that is ended before anything finished has no levels", async () => {
  const controller = new AbortController();
  const { report } = run({}, () => {
    setImmediate(() => controller.abort());
    return { takesMs: 5 };
  }, controller.signal);
  assert.deepEqual(await report, { levels: [], firstLevelWithErrors: null, interrupted: true });
});
