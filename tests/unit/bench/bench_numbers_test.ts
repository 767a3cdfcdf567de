import assert from "node:assert/strict";
import { parseOptions } from "../../../bench/options.ts";
import { rowsOf, table } from "../../../bench/report.ts";
import { median, pairedRatios, spread } from "../../../bench/statistics.ts";
import { parseWrk } from "../../../bench/wrk.ts";

Deno.test("the benchmark divides each round by the same round of the base, and only then takes the middle", () => {
  const base = [10, 20, 40];
  const twice = [20, 40, 80];
  assert.deepEqual(pairedRatios(twice, base), [2, 2, 2]);
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.equal(median([4, 1, 3, 2]), 2.5);
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

Deno.test("the benchmark's table names errors and who stayed away", () => {
  const sample = { requestsPerSecond: 1000, p50Micros: 1000, p99Micros: 2000, requests: 100 };
  const result = {
    name: "small",
    title: "GET",
    note: null,
    absent: ["caddy (caddy not installed)"],
    entries: [
      { name: "a", residentBytes: 1048576, samples: [{ ...sample, cpuMicrosPerRequest: 10, errors: 0 }] },
      { name: "b", residentBytes: 2097152, samples: [{ ...sample, cpuMicrosPerRequest: 15, errors: 2 }] },
    ],
  };
  assert.deepEqual(rowsOf(result).map((row) => row.ratio.median), [1, 1.5]);
  assert.match(table(result), /\| b \(2 errors\) \| +15\.0 µs \|/);
  assert.match(table(result), /Not there: caddy \(caddy not installed\)\./);
});

Deno.test("the benchmark refuses a scenario that it does not know and a number that is none", () => {
  assert.throws(() => parseOptions(["--scenario", "smal"], ["small"]), /Cannot find the scenario "smal"/);
  assert.throws(() => parseOptions(["--rounds", "0"], []), /Cannot use "0" as --rounds/);
  const { scenarios, rounds, seconds } = parseOptions(["small", "--quick", "--rounds", "9"], ["small"]);
  assert.deepEqual([scenarios, rounds, seconds], [["small"], 9, 2]);
});
