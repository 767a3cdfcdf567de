import assert from "node:assert/strict";
import { type CpuReading, cpuUsed, readCpu } from "../../../bench/cpu_time.ts";

type Threads = CpuReading["threads"];

function reading(tickMicros: number, threads: Threads): CpuReading {
  return { tickMicros, tickErrorMicros: 20_000, threads };
}

const MAIN = { id: 1, name: "deno" };
const WORKER = { id: 2, name: "worker-1" };

Deno.test("CPU time is the threads' own, finer than a tick, with a thread that began in between", () => {
  const before = reading(100_000, [{ ...MAIN, cpuMicros: 100_250 }]);
  const after = reading(140_000, [{ ...MAIN, cpuMicros: 120_500 }, { ...WORKER, cpuMicros: 14_003 }]);
  assert.deepEqual(cpuUsed(before, after), { micros: 34_253, byThread: { deno: 20_250, "worker-1": 14_003 } });
});

Deno.test("CPU time of a thread that ended in between is not lost, nor counted backwards", () => {
  const before = reading(600_000, [{ ...MAIN, cpuMicros: 100_000 }, { ...WORKER, cpuMicros: 500_000 }]);
  const after = reading(900_000, [{ ...MAIN, cpuMicros: 150_000 }]);
  assert.deepEqual(cpuUsed(before, after), { micros: 300_000, byThread: { deno: 50_000 } });
});

Deno.test("CPU time comes from ticks if the kernel counts no threads", () => {
  assert.equal(cpuUsed(reading(100_000, []), reading(110_000, [])).micros, 10_000);
});

Deno.test("CPU time of a real process is read with its main thread, and never runs backwards", () => {
  const before = readCpu(Deno.pid);
  const after = readCpu(Deno.pid);
  assert.ok(before.tickMicros > 0);
  assert.ok(before.threads.some(({ id }) => id === Deno.pid));
  assert.ok(cpuUsed(before, after).micros >= 0);
});
