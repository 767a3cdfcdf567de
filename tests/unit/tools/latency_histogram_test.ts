import assert from "node:assert/strict";
import { LatencyHistogram } from "../../../src/tools/latency_histogram.ts";

function isNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * 0.001 + 0.001, `${actual} is not ${expected}`);
}

Deno.test("D13 percentiles of 1 to 1000 ms are right to 0.1 per cent, average and maximum exact", () => {
  const histogram = new LatencyHistogram();
  for (let i = 1; i <= 1000; i++) histogram.record((i * 617) % 1000 + 1);
  const { avg, p50, p90, p95, p99, max } = histogram.summary();
  isNear(p50, 500);
  isNear(p90, 900);
  isNear(p95, 950);
  isNear(p99, 990);
  assert.deepEqual([avg, max], [500.5, 1000]);
});

Deno.test("latencies from microseconds to beyond an hour are kept, and no percentile exceeds the maximum", () => {
  const histogram = new LatencyHistogram();
  histogram.record(0.0001);
  histogram.record(0.0304);
  assert.deepEqual(histogram.summary(), { avg: 0.015, p50: 0.001, p90: 0.03, p95: 0.03, p99: 0.03, max: 0.03 });
  histogram.record(9e6);
  assert.equal(histogram.summary().max, 9e6);
  assert.equal(histogram.count, 3);
});

Deno.test("two histograms put together know what each knew", () => {
  const [a, b] = [new LatencyHistogram(), new LatencyHistogram()];
  for (let i = 0; i < 90; i++) a.record(10);
  for (let i = 0; i < 10; i++) b.record(80);
  a.add(b);
  const { avg, p50, p95, max } = a.summary();
  assert.equal(avg, 17);
  isNear(p50, 10);
  isNear(p95, 80);
  assert.equal(max, 80);
});

Deno.test("a histogram without latencies is all zero", () => {
  assert.deepEqual(new LatencyHistogram().summary(), { avg: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 });
});
