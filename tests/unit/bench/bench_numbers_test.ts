import assert from "node:assert/strict";
import { parseOptions } from "../../../bench/options.ts";
import { chart } from "../../../bench/chart.ts";
import { parseHandshakes } from "../../../bench/handshakes.ts";
import { parseH2load } from "../../../bench/h2load.ts";
import { withSections } from "../../../bench/markdown.ts";
import type { ScenarioResult } from "../../../bench/measure.ts";
import { rowsOf, table } from "../../../bench/report.ts";
import { rotation } from "../../../bench/scenario.ts";
import { median, pairedRatios, summary } from "../../../bench/statistics.ts";
import { parseWrk } from "../../../bench/wrk.ts";

Deno.test("the benchmark divides each round by the same round of the base, and only then takes the middle", () => {
  const base = [10, 20, 40];
  const twice = [20, 40, 80];
  assert.deepEqual(pairedRatios(twice, base), [2, 2, 2]);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

Deno.test("the benchmark shows quartiles beside a median, and where the median lies with 95 % confidence", () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => (i * 7) % count + 1);
  assert.deepEqual(summary([5, 3, 1, 2, 4]), {
    median: 3,
    lowerQuartile: 2,
    upperQuartile: 4,
    min: 1,
    max: 5,
    interval: null,
  });
  // the ranks that the tables of the sign test give for 6, 10, 20 and 24 values
  assert.deepEqual(summary(upTo(6)).interval, { low: 1, high: 6 });
  assert.deepEqual(summary(upTo(10)).interval, { low: 2, high: 9 });
  assert.deepEqual(summary(upTo(20)).interval, { low: 6, high: 15 });
  assert.deepEqual(summary(upTo(24)).interval, { low: 7, high: 18 });
  assert.equal(summary([8]).lowerQuartile, 8);
});

Deno.test("each round of the benchmark begins with another entry", () => {
  assert.deepEqual([0, 1, 2, 3].map((round) => rotation(3, round)), [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]);
});

Deno.test("the benchmark reads wrk's requests, latencies and every kind of error", () => {
  const text = `Running 2s test @ http://127.0.0.1:1/
  Latency Distribution
     50%    3.15ms
     75%    4.00ms
     90%    5.00ms
     99%    1.02s
  31000 requests in 2.00s, 7.21MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 5
Requests/sec:  15498.21
`;
  assert.deepEqual(parseWrk(text), {
    requests: 31000,
    errors: 15,
    errorText: "Socket errors: connect 1, read 2, write 3, timeout 4; Non-2xx or 3xx responses: 5",
    requestsPerSecond: 15498.21,
    p50Micros: 3150,
    p99Micros: 1_020_000,
  });
  assert.throws(() => parseWrk("unable to connect"), /no result/);
});

Deno.test("the benchmark takes wrk's latencies from their own lines, in every unit", () => {
  const text = `Running 2s test @ http://127.0.0.1:1/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.47ms    2.10ms  30.11ms   83.50%
    Req/Sec    11.90k     1.02k   13.99k    68.99%
  Latency Distribution
     50%  950.00us
     75%    4.00ms
     90%    1.02s
     99%    1.50m
  23800 requests in 2.00s, 5.21MB read
Requests/sec:  11898.21
`;
  const { p50Micros, p99Micros } = parseWrk(text);
  assert.deepEqual([p50Micros, p99Micros], [950, 90_000_000]);
});

Deno.test("the benchmark reads h2load's requests and errors, and refuses what was not HTTP/2", () => {
  const text = `Application protocol: h2
finished in 2.08s, 972.50 req/s, 26.31KB/s
requests: 1950 total, 1985 started, 1950 done, 1945 succeeded, 5 failed, 2 errored, 3 timeout
status codes: 1940 2xx, 0 3xx, 3 4xx, 2 5xx
`;
  const { requests, errors, errorText, requestsPerSecond, p50Micros } = parseH2load(text);
  assert.deepEqual([requests, errors, requestsPerSecond, p50Micros], [1945, 10, 972.5, NaN]);
  assert.match(errorText, /5 failed, 2 errored/);
  assert.equal(parseH2load(text.replace("5 failed", "0 failed").replace("3 4xx, 2 5xx", "0 4xx, 0 5xx")).errorText, "");
  assert.throws(() => parseH2load(text.replace("h2\n", "http/1.1\n")), /speaks http\/1.1/);
  assert.throws(() => parseH2load("unable to connect"), /no result/);
});

Deno.test("the benchmark counts the full handshakes of openssl s_time, and tells resumed ones from them", () => {
  const text = `Collecting connection statistics for 1 seconds
***r*rr*

8 connections in 0.30s; 26.66 connections/user sec, bytes read 0
8 connections in 2 real seconds, 0 bytes read per connection
`;
  assert.deepEqual(parseHandshakes(text), { full: 5, resumed: 3 });
  assert.deepEqual(parseHandshakes(text.replace("***r*rr*", "*".repeat(8))), { full: 8, resumed: 0 });
  assert.deepEqual(parseHandshakes("Collecting connection statistics for 1 seconds\n"), { full: 0, resumed: 0 });
});

Deno.test("the benchmark's table counts handshakes by their name and shows no latency that was not measured", () => {
  const result = scenarioResult();
  const entries = result.entries.map((entry) => ({
    ...entry,
    samples: entry.samples.map((sample) => ({ ...sample, p50Micros: NaN, p99Micros: NaN })),
  }));
  const text = table({ ...result, unit: "handshake", entries });
  assert.match(text, /\| CPU per handshake \|.*\| per second \|/);
  assert.match(text, /\| +1000 \| +- \| +- \| +1 MB \|/);
  assert.match(text, /after 104,000 handshakes or more to warm up/);
  assert.doesNotMatch(text, /NaN|request/);
});

function scenarioResult(): ScenarioResult {
  const sample = { requestsPerSecond: 1000, p50Micros: 1000, p99Micros: 2000, requests: 100, errors: 0, errorText: "" };
  const cpuByThread = { "worker-1": 480, deno: 30, "worker-2": 490 };
  const samples = (micros: number[]) =>
    micros.map((cpuMicrosPerRequest) => ({ ...sample, cpuByThread, cpuMicrosPerRequest }));
  const warmth = { warmUpSeconds: 8, warmUpRequests: 104_000, warmUpGoal: 100_000, warmUpErrors: 0 };
  const usual = { ...warmth, base: "a", residentBytes: 1048576 };
  return {
    name: "small",
    title: "GET",
    unit: "request",
    note: null,
    showsThreads: false,
    alsoTo: [],
    pace: { rounds: 6, seconds: 1, warmUpRequests: 100_000 },
    absent: ["caddy (caddy not installed)"],
    entries: [
      { ...usual, name: "a", samples: samples([10, 20, 30, 40, 50, 60]) },
      { ...usual, name: "sluice", samples: samples([15, 32, 48, 60, 75, 84]), warmUpErrors: 2 },
      { ...usual, name: "nginx", samples: samples([2, 4, 6, 8, 10, 12]), warmUpRequests: 30_000, warmUpGoal: 0 },
    ],
  };
}

Deno.test("the benchmark's table shows ratios with their spread, names errors, the warm-up and who stayed away", () => {
  const result = scenarioResult();
  assert.deepEqual(rowsOf(result).map((row) => row.ratio.median), [1, 1.5, 0.2]);
  const text = table(result);
  assert.match(
    text,
    /\| sluice \(2 errors\) \| +54\.0 µs \| +36\.0 to 71\.3 \| +1\.50 \| +1\.50 to 1\.58 \| +1\.40 to 1\.60 \|/,
  );
  assert.match(
    text,
    /Medians of 6 rounds of 1 s, after 104,000 requests or more to warm up; nginx after a second of load\.\n/,
  );
  assert.match(text, /ratio to a /);
  const [a, sluice, nginx] = result.entries;
  const two = { ...result, entries: [a!, sluice!, { ...nginx!, base: "sluice" }] };
  assert.equal(rowsOf(two)[2]!.ratio.median.toFixed(3), "0.133");
  assert.match(table(two), /ratio to its base /);
  assert.match(text, /Not there: caddy \(caddy not installed\)\./);
  assert.doesNotMatch(text, /worker|Ratios to/);
  assert.match(
    table({ ...result, alsoTo: ["nginx", "caddy"] }),
    /\n\nRatios to nginx: a 5\.00 \(95 % 5\.00 to 5\.00\); sluice 7\.50 \(95 % 7\.00 to 8\.00\)\.\n(?!.*caddy:)/s,
  );
  const lengths = text.split("\n").filter((line) => line.startsWith("|")).map((line) => line.length);
  assert.equal(new Set(lengths).size, 1);
});

Deno.test("the benchmark names a row that was not warm when its rounds began, and on request who did the work", () => {
  const result = scenarioResult();
  const [a, sluice, nginx] = result.entries;
  const cold = { ...sluice!, warmUpRequests: 6_813 };
  const text = table({ ...result, showsThreads: true, entries: [a!, cold, nginx!] });
  assert.match(text, /after 6,813 requests or more to warm up/);
  assert.match(text, /Not warm after 60 s: sluice \(6,813 of 100,000 requests\)\./);
  assert.match(text, /shares of the CPU time in the rounds: a: worker-2 49 %, worker-1 48 %; sluice: worker-2 49 %/);
  assert.match(table({ ...result, entries: [{ ...nginx!, base: "nginx" }] }), /, after a second of load to warm up\./);
});

Deno.test("the benchmark's chart has a bar for each median and a line from quartile to quartile", () => {
  const svg = chart([scenarioResult()]);
  assert.equal(svg.match(/<rect /g)?.length, 3);
  assert.match(svg, /54\.0 µs, 1\.50/);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

Deno.test("results go into a document in the place of the old ones, and nothing else of it changes", () => {
  const document =
    "# T\n\n## The last runs\n\nWords.\n\n### a: old\n\nold table\n\n### b: kept\n\nb\n\n## After\n\n### a: other\n";
  assert.equal(
    withSections(document, ["### a: new\n\nnew table\n", "### c: more\n\nc\n"]),
    "# T\n\n## The last runs\n\nWords.\n\n### a: new\n\nnew table\n\n### b: kept\n\nb\n\n### c: more\n\nc\n\n## " +
      "After\n\n### a: other\n",
  );
  assert.equal(withSections("## The last runs\n", ["### a: x"]), "## The last runs\n\n### a: x\n");
  assert.throws(() => withSections("# T\n", []), /Cannot find the heading "## The last runs"/);
});

Deno.test("the benchmark refuses a scenario that it does not know and a number that is none", () => {
  assert.throws(() => parseOptions(["--scenario", "smal"], ["small"]), /Cannot find the scenario "smal"/);
  assert.throws(() => parseOptions(["--rounds", "0"], []), /Cannot use "0" as --rounds/);
  assert.throws(() => parseOptions(["--warm-up", "1.5"], []), /Cannot use "1.5" as --warm-up/);
  const { scenarios, pace } = parseOptions(["small", "--quick", "--rounds", "9", "--warm-up", "2000"], ["small"]);
  assert.deepEqual([scenarios, pace], [["small"], { rounds: 9, seconds: 1, warmUpRequests: 2000 }]);
  const engine = parseOptions(["engine"], ["engine-small", "engine-64k", "engines", "small"]);
  assert.deepEqual(engine.scenarios, ["engine-small", "engine-64k"]);
});
