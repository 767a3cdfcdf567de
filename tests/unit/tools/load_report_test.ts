import assert from "node:assert/strict";
import { plotSvg } from "../../../src/tools/load_plot.ts";
import { formatTable } from "../../../src/tools/load_table.ts";
import type { LevelReport, LoadReport } from "../../../src/tools/load_test.ts";
import { LoadTally } from "../../../src/tools/load_tally.ts";
import { chooseScale, roundStep } from "../../../src/tools/plot_scale.ts";
import { progressLine } from "../../../src/tools/progress_line.ts";

function level(concurrency: number, fill: (tally: LoadTally) => void): LevelReport {
  const tally = new LoadTally();
  fill(tally);
  tally.took(2);
  return { concurrency, rounds: [], ...tally.summary() };
}

const good = level(25, (tally) => {
  for (let i = 1; i <= 2000; i++) tally.answered(200, i % 4 === 0 ? "mock-10" : "mock-9", 12.5);
});
const bad = level(250, (tally) => {
  for (let i = 0; i < 996; i++) tally.answered(200, null, 150);
  tally.answered(503, null, 1);
  tally.failed("timeout");
  tally.failed("timeout");
  tally.failed("connect");
});
const report: LoadReport = { levels: [good, bad], firstLevelWithErrors: 250, interrupted: false };

Deno.test("D13 D14 D15 the table compares the levels, marks the first errors and says who answered", () => {
  assert.equal(
    formatTable(report),
    `concurrency  time s     ok  errors   ok/s  avg ms   p50   p90   p95   p99   max
         25    2.00  2 000       0  1 000    12.5  12.5  12.5  12.5  12.5  12.5
        250    2.00    996       4    498     150   150   150   150   150   150  <- first level with errors

errors at 250: 2 timed out, 1 not connected, 1 bad status (1 x 503)
share at 25: mock-9 75.0 % (1 500), mock-10 25.0 % (500)
First errors at concurrency 250: the capacity lies below
`,
  );
});

Deno.test("the table of an interrupted test says so, and one of nothing says that", () => {
  assert.match(formatTable({ ...report, interrupted: true }), /Ended early/);
  assert.equal(formatTable({ levels: [], firstLevelWithErrors: null, interrupted: true }), "Nothing was measured\n");
});

Deno.test("a target's name can't drive the terminal of the table", () => {
  const evil = level(1, (tally) => tally.answered(200, "\x1b[2Jx\u202e", 1));
  const table = formatTable({ levels: [evil], firstLevelWithErrors: null, interrupted: false });
  assert.match(table, /share at 1: \?\[2Jx\? 100\.0 %/);
});

Deno.test("a target that invents names does not grow the count without end", () => {
  const many = level(1, (tally) => {
    for (let i = 0; i < 1500; i++) tally.answered(200, `name-${i}`, 1);
  });
  assert.equal(many.targets.length, 1001);
  assert.equal(many.targets.find((target) => target.name === "(others)")?.answers, 500);
});

Deno.test("the plot has both panels with units, each percentile, the first errors, light and dark", () => {
  const svg = plotSvg(report, { title: "Load of http://h/?a=<1>&b", subtitle: "s" });
  for (
    const part of [
      "Load of http://h/?a=&lt;1&gt;&amp;b",
      ">Latency of good answers (ms)<",
      ">Good answers per second<",
      ">Concurrency (requests at once)<",
      ">first errors: 4 of 1 000<",
      ">p50<",
      ">p90<",
      ">p95<",
      ">p99<",
      ">250<",
      "prefers-color-scheme: dark",
    ]
  ) assert.ok(svg.includes(part), part);
  assert.equal(svg.match(/<polyline/g)?.length, 5);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity|<script|href=/);
});

Deno.test("a plot of one level, or of nothing but errors, is still a plot", () => {
  const nothing = level(5, (tally) => tally.failed("connect"));
  for (const levels of [[good], [nothing], []]) {
    const svg = plotSvg({ levels, firstLevelWithErrors: levels[0]?.errors ? 5 : null, interrupted: false }, {
      title: "t",
      subtitle: "s",
    });
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    assert.match(svg, /<\/svg>\n$/);
  }
});

Deno.test("an axis goes from zero to a round number above the largest value", () => {
  const scale = chooseScale([3.7], [100, 0], { fromZero: true });
  assert.deepEqual(scale.ticks, [0, 1, 2, 3, 4]);
  assert.deepEqual([scale.at(0), scale.at(4)], [100, 0]);
  assert.deepEqual([0.0021, 0.7, 1, 3, 2100, 0].map(roundStep), [0.0025, 1, 1, 5, 2500, 1]);
});

Deno.test("levels far apart are drawn on a logarithmic axis", () => {
  assert.equal(chooseScale([25, 250], [0, 100], { fromZero: false }).isLog, false);
  const scale = chooseScale([1, 10, 100], [0, 100], { fromZero: false });
  assert.deepEqual([scale.isLog, scale.at(1), Math.round(scale.at(10)), scale.at(100)], [true, 0, 50, 100]);
});

Deno.test("the progress bar counts all rounds of all levels", () => {
  const line = progressLine({ concurrency: 50, round: 2, finished: 400, roundsDone: 3, roundsPlanned: 4 }, 800);
  assert.equal(line, "[##########################----] 87 %  concurrency 50, round 2: 400 of 800");
});
