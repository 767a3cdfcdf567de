import assert from "node:assert/strict";
import { summarizeLatency } from "../../../../src/admin/stats/latency_summary.ts";
import { statsJson } from "../../../../src/admin/stats/stats.ts";
import { REASON_NAMES } from "../../../../src/state/reason.ts";
import { LATENCY_BUCKETS, latencyBucket } from "../../../../src/state/slot_layout.ts";
import { FakeAdminSource, STARTED_MS } from "../../../support/fake_admin_source.ts";

function statsOf(source: FakeAdminSource) {
  return statsJson(source.view(), source.table, source.nowMs);
}

Deno.test("C18: stats count requests, errors and times per server, per group, per rule and in total", () => {
  const source = new FakeAdminSource({ web: 2, api: 1 });
  for (let i = 0; i < 6; i++) source.answer(0, 200);
  source.answer(0, 503);
  source.answer(1, 404);
  source.refuse(1);
  source.answer(2, 200, { rule: 2 });
  const stats = statsOf(source);

  assert.equal(stats.total.requests, 10);
  assert.equal(stats.total.finished, 10);
  assert.equal(stats.total.inFlight, 0);
  assert.deepEqual(stats.total.statusClasses, { "1xx": 0, "2xx": 7, "3xx": 0, "4xx": 1, "5xx": 2 });
  assert.equal(stats.total.responseTime.samples, 9);

  const [web, api] = stats.groups;
  assert.equal(web!.requests, 9);
  assert.equal(web!.errors, 2);
  assert.equal(web!.targets[0]!.requests, 7);
  assert.equal(web!.targets[0]!.responseTime.averageMs, 1.5);
  assert.equal(web!.targets[0]!.ttfb.maxMs, 1);
  assert.equal(web!.targets[0]!.responseBytes, 700);
  assert.equal(api!.requests, 1);
  assert.equal(api!.errorRate, 0);

  assert.deepEqual(stats.rules.map(({ number, requests, errors }) => [number, requests, errors]), [[1, 9, 2], [
    2,
    1,
    0,
  ]]);
});

Deno.test("C16: a status of 500 or above, or no answer at all, is an error; a 404 is not", () => {
  const source = new FakeAdminSource({ web: 1 });
  source.answer(0, 404);
  source.answer(0, 499);
  assert.equal(statsOf(source).groups[0]!.targets[0]!.errors, 0);
  source.answer(0, 500);
  source.refuse(0);
  const target = statsOf(source).groups[0]!.targets[0]!;
  assert.equal(target.errors, 2);
  assert.equal(target.errorRate, 0.5);
  assert.equal(target.noAnswer, 1);
  assert.equal(target.connectFailures, 1);
});

Deno.test("stats show the connections that were made, or that they are unknown if fetch makes them", () => {
  const source = new FakeAdminSource({ web: 2, empty: 0 });
  source.column.connected(0, 400);
  source.column.connected(0, 800);
  for (let i = 0; i < 3; i++) source.column.connectionsOpen(1);
  source.column.connectionsIdle(1);
  const { total, groups: [web, empty] } = statsOf(source);
  assert.deepEqual(total.connections, { active: 2, idle: 1 });
  assert.deepEqual(web!.targets.map(({ connect }) => connect), [{ made: 2, averageMs: 0.6 }, {
    made: 0,
    averageMs: null,
  }]);
  assert.deepEqual([web!.connect, total.connect], [{ made: 2, averageMs: 0.6 }, { made: 2, averageMs: 0.6 }]);
  assert.equal(empty!.connect, null);
  source.upstreamTransport = "fetch";
  const byFetch = statsOf(source);
  assert.deepEqual([byFetch.total.connections, byFetch.total.connect], [null, null]);
  assert.deepEqual(byFetch.groups[0]!.targets.map(({ connect }) => connect), [null, null]);
});

Deno.test("C17: the response time is the whole exchange, longer than the time until the headers", () => {
  const source = new FakeAdminSource({ web: 1 });
  source.answer(0, 200, { ttfbMicros: 2000 });
  const { ttfb, responseTime } = statsOf(source).groups[0]!.targets[0]!;
  assert.equal(ttfb.averageMs, 2);
  assert.equal(responseTime.averageMs, 2.5);
});

Deno.test("D8: a target that is out says why, since when, and when it is asked again", () => {
  const source = new FakeAdminSource({ web: 2 });
  source.change("web", 1, {
    state: "unhealthy",
    reason: "Target.ConnectionRefused",
    sinceMs: STARTED_MS + 10_000,
    nextProbeMs: STARTED_MS + 61_000,
    lastProbe: { ok: false, reason: "Target.ConnectionRefused", micros: 420, atMs: STARTED_MS + 56_000 },
  });
  const group = statsOf(source).groups[0]!;
  assert.deepEqual(group.states, { initial: 0, healthy: 1, unhealthy: 1, ejected: 0, draining: 0 });
  const target = group.targets[1]!;
  assert.equal(target.state, "unhealthy");
  assert.equal(target.reason, "Target.ConnectionRefused");
  assert.equal(target.since, "2026-03-01T12:00:10.000Z");
  assert.equal(target.nextProbe, "2026-03-01T12:01:01.000Z");
  assert.deepEqual(target.lastProbe, {
    at: "2026-03-01T12:00:56.000Z",
    ok: false,
    reason: "Target.ConnectionRefused",
    ms: 0.42,
  });
});

Deno.test("every reason of the closed list is in the stats, and open requests are in flight", () => {
  const source = new FakeAdminSource({ web: 1 });
  source.refuse(0);
  source.column.arrived();
  source.column.enter(0);
  const stats = statsOf(source);
  assert.deepEqual(Object.keys(stats.reasons), [...REASON_NAMES]);
  assert.equal(stats.reasons.connect_refused, 1);
  assert.equal(stats.total.inFlight, 1);
  assert.equal(stats.groups[0]!.targets[0]!.inFlight, 1);
});

Deno.test("stats of a group without targets or requests are zeros and nulls, not NaN", () => {
  const source = new FakeAdminSource({ empty: 0 });
  const text = JSON.stringify(statsOf(source));
  assert.deepEqual(JSON.parse(text).groups[0].ttfb, {
    samples: 0,
    averageMs: null,
    p50Ms: null,
    p90Ms: null,
    p99Ms: null,
    maxMs: null,
  });
  assert.equal(JSON.parse(text).total.errorRate, 0);
});

Deno.test("percentiles are right to within a bucket for a known distribution, and never above the maximum", () => {
  const buckets = new Float64Array(LATENCY_BUCKETS);
  let sum = 0;
  for (let micros = 100; micros <= 100_000; micros += 100) {
    buckets[latencyBucket(micros)]! += 1;
    sum += micros;
  }
  const summary = summarizeLatency(buckets, sum, 100_000);
  const near = (value: number | null, expected: number) =>
    assert.ok(Math.abs(value! / expected - 1) < 0.19, `${value} is not near ${expected}`);
  assert.equal(summary.samples, 1000);
  assert.equal(summary.averageMs, 50.05);
  near(summary.p50Ms, 50);
  near(summary.p90Ms, 90);
  near(summary.p99Ms, 99);
  assert.ok(summary.p99Ms! <= summary.maxMs!);
  const single = new Float64Array(LATENCY_BUCKETS);
  single[latencyBucket(5000)] = 1;
  assert.equal(summarizeLatency(single, 5000, 5000).p99Ms! <= 5, true);
});

Deno.test("a duration beyond the last bucket still has a percentile and its exact maximum", () => {
  const buckets = new Float64Array(LATENCY_BUCKETS);
  buckets[latencyBucket(300e6)] = 1;
  const summary = summarizeLatency(buckets, 300e6, 300e6);
  assert.equal(summary.maxMs, 300_000);
  assert.ok(summary.p99Ms! >= 67_000);
});
