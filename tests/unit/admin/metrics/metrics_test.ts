import assert from "node:assert/strict";
import { metricsStream, metricsText } from "../../../../src/admin/metrics/metrics.ts";
import { REASON_NAMES } from "../../../../src/state/reason.ts";
import { latencyBucket } from "../../../../src/state/slot_layout.ts";
import { FakeAdminSource } from "../../../support/fake_admin_source.ts";

async function samplesOf(source: FakeAdminSource): Promise<Map<string, number>> {
  const lines = (await metricsText(source.view(), source.table)).split("\n");
  return new Map(
    lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

const TARGET = 'target_group="web",target="http://10.0.1.0:8080"';

Deno.test("a scrape counts what was answered, by status class, rule, target and reason", async () => {
  const source = new FakeAdminSource({ web: 1 });
  for (let i = 0; i < 5; i++) source.answer(0, 200);
  source.answer(0, 503);
  source.refuse(0);
  source.column.arrived();
  source.column.enter(0);
  const samples = await samplesOf(source);
  const expect = (name: string, value: number) => assert.equal(samples.get(name), value, name);
  expect("sluice_requests_received_total", 8);
  expect('sluice_requests_total{status_class="2xx"}', 5);
  expect('sluice_requests_total{status_class="5xx"}', 2);
  expect("sluice_requests_in_flight", 1);
  expect('sluice_rule_requests_total{rule="1",conditions="/web",target_group="web",status_class="2xx"}', 5);
  expect(`sluice_target_attempts_total{${TARGET}}`, 7);
  expect(`sluice_target_responses_total{${TARGET},status_class="5xx"}`, 1);
  expect(`sluice_target_no_answer_total{${TARGET}}`, 1);
  expect(`sluice_target_connect_failures_total{${TARGET}}`, 1);
  expect(`sluice_target_in_flight{${TARGET}}`, 1);
  expect(`sluice_target_response_bytes_total{${TARGET}}`, 600);
  expect('sluice_own_answers_total{reason="connect_refused",status="502"}', 1);
  const reasons = [...samples.keys()].filter((name) => name.startsWith("sluice_own_answers_total"));
  assert.equal(reasons.length, REASON_NAMES.length);
});

Deno.test("a scrape tells the connections that wire makes, and nothing of those that fetch makes", async () => {
  const source = new FakeAdminSource({ web: 1 });
  source.column.connected(0, 1500);
  source.column.connected(0, 500);
  source.column.connectionsOpen(1);
  source.column.connectionsOpen(1);
  source.column.connectionsIdle(1);
  const samples = await samplesOf(source);
  assert.equal(samples.get(`sluice_target_connects_total{${TARGET}}`), 2);
  assert.equal(samples.get(`sluice_target_connect_seconds_total{${TARGET}}`), 0.002);
  assert.equal(samples.get('sluice_upstream_connections{state="active"}'), 1);
  assert.equal(samples.get('sluice_upstream_connections{state="idle"}'), 1);
  source.upstreamTransport = "fetch";
  const names = [...(await samplesOf(source)).keys()];
  assert.deepEqual(names.filter((name) => /_connects_|_connect_seconds|upstream_connections/.test(name)), []);
});

Deno.test("a scrape tells the state of each target, and how many of a group may receive requests", async () => {
  const source = new FakeAdminSource({ web: 2 });
  source.change("web", 0, { state: "ejected", ejections: 3, probes: { ok: 7, failed: 2 } });
  const samples = await samplesOf(source);
  assert.equal(samples.get(`sluice_target_state{${TARGET},state="ejected"}`), 1);
  assert.equal(samples.get(`sluice_target_state{${TARGET},state="healthy"}`), 0);
  assert.equal(samples.get(`sluice_target_eligible{${TARGET}}`), 0);
  assert.equal(samples.get(`sluice_target_ejections_total{${TARGET}}`), 3);
  assert.equal(samples.get(`sluice_target_probes_total{${TARGET},result="failed"}`), 2);
  assert.equal(samples.get('sluice_target_group_targets{target_group="web"}'), 2);
  assert.equal(samples.get('sluice_target_group_eligible_targets{target_group="web"}'), 1);
});

Deno.test("latency histograms are cumulative, in seconds, and end with every sample", async () => {
  const source = new FakeAdminSource({ web: 1 });
  for (const ttfbMicros of [100, 900, 3000, 3000, 50_000, 2_000_000, 80_000_000]) {
    source.answer(0, 200, { ttfbMicros });
  }
  const samples = await samplesOf(source);
  const bucket = (le: string) => samples.get(`sluice_target_ttfb_seconds_bucket{${TARGET},le="${le}"}`);
  assert.equal(bucket("0.000512"), 1);
  assert.equal(bucket("0.001024"), 2);
  assert.equal(bucket("0.004096"), 4);
  assert.equal(bucket("0.065536"), 5);
  assert.equal(bucket("2.097152"), 6);
  assert.equal(bucket("33.554432"), 6);
  assert.equal(bucket("+Inf"), 7);
  assert.equal(samples.get(`sluice_target_ttfb_seconds_count{${TARGET}}`), 7);
  assert.equal(samples.get(`sluice_target_ttfb_seconds_sum{${TARGET}}`), 82.057);
});

Deno.test("every bound of a histogram is a limit of the table's buckets, so that no bucket is split", async () => {
  const source = new FakeAdminSource({ web: 1 });
  const bounds = [...(await samplesOf(source)).keys()].flatMap((name) =>
    /ttfb_seconds_bucket.*le="([0-9.]+)"/.exec(name)?.[1] ?? []
  );
  assert.ok(bounds.length > 10);
  for (const bound of bounds) {
    const micros = Number(bound) * 1e6;
    assert.equal(latencyBucket(micros * 1.0001), latencyBucket(micros * 0.9999) + 1, bound);
  }
});

Deno.test("names with quotes, backslashes and line breaks can't break a scrape or forge a sample", async () => {
  const evil = 'a"} 1\nsluice_ready 0\\';
  const text = await metricsText(new FakeAdminSource({ [evil]: 1 }).view(), new FakeAdminSource().table);
  assert.doesNotMatch(text, /^sluice_ready 0$/m);
  assert.match(text, /target_group="a\\"} 1\\nsluice_ready 0\\\\"/);
});

Deno.test("a target that drains while it is back already appears once, or the scrape would be refused", async () => {
  const source = new FakeAdminSource({ web: 2 });
  source.change("web", 1, { target: { ...source.groups[0]!.targets[0]!.target, slot: 1 } });
  const text = await metricsText(source.view(), source.table);
  const names = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.slice(0, line.lastIndexOf(" ")));
  assert.equal(new Set(names).size, names.length);
});

Deno.test("a scrape of many targets is written in pieces, and says what one piece would have said", async () => {
  const source = new FakeAdminSource({ web: 400 });
  const pieces: string[] = [];
  const stream = metricsStream(source.view(), source.table);
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) pieces.push(piece);
  assert.ok(pieces.length > 20);
  for (const piece of pieces) assert.ok(piece.split("\n").length < 2010);
  const lines = pieces.join("").split("\n").filter((line) => line !== "" && !line.startsWith("process_"));
  const whole = (await metricsText(source.view(), source.table)).split("\n");
  assert.deepEqual(lines, whole.filter((line) => line !== "" && !line.startsWith("process_")));
  const heads = lines.filter((line) => line.startsWith("# TYPE"));
  assert.equal(new Set(heads).size, heads.length);
});

Deno.test("a scrape that is given up stops being written", async () => {
  const source = new FakeAdminSource({ web: 400 });
  const reader = metricsStream(source.view(), source.table).getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /^# HELP sluice_requests_received_total/);
  await reader.cancel();
});

Deno.test("process figures bear the names that every Prometheus client uses, and are sane", async () => {
  const samples = await samplesOf(new FakeAdminSource());
  assert.ok(samples.get("process_cpu_seconds_total")! > 0);
  assert.ok(samples.get("process_resident_memory_bytes")! > 1e6);
  assert.equal(samples.get("process_start_time_seconds"), Date.parse("2026-03-01T12:00:00Z") / 1000);
  assert.ok([...samples.keys()].some((name) => name.startsWith('sluice_build_info{version="1.2.3"')));
});
