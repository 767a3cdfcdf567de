import assert from "node:assert/strict";
import { totalOf } from "../../../bench/callgrind.ts";
import type { CountResult } from "../../../bench/count_instructions.ts";
import { instructionTable, perRequest } from "../../../bench/instruction_report.ts";

const STRETCH = { seconds: 20, requests: 2000 };
const PACE = { warmUp: STRETCH, settle: STRETCH, windows: 2, window: STRETCH, connections: 2 };

function counted(name: string, base: string, perRequest: readonly number[]): CountResult {
  const atRestPerSecond = 1_000_000;
  const windows = perRequest.map((each) => ({ requests: 1000, seconds: 20, instructions: each * 1000 + 20_000_000 }));
  return { name, title: name.toUpperCase(), base, warmUpRequests: 40_123, windows, atRestPerSecond, errors: 0 };
}

Deno.test("the instruction count takes a whole file's total and nothing of a file that is still being written", () => {
  const text = "# callgrind format\npid: 1\nevents: Ir\nsummary: 99\n\nfn=(1) main\n1 99\n\ntotals: 123456789\n";
  assert.equal(totalOf(text), 123_456_789);
  assert.equal(totalOf(text.slice(0, text.indexOf("totals"))), null);
});

Deno.test("the instruction count shows each window less the rest at idle, and its ratio to the base", () => {
  const results = [
    counted("bare-fetch", "bare-fetch", [200_000, 210_000]),
    counted("sluice", "bare-fetch", [410_000, 307_500]),
    { ...counted("quiet", "sluice", [358_750, 322_875]), errors: 3 },
  ];
  assert.deepEqual(perRequest(results[1]!), [410_000, 307_500]);
  const text = instructionTable(results, PACE);
  assert.match(text, /\| SLUICE +\| +410,000 \| +307,500 \| +2\.00 \/ 1\.50 \|/);
  assert.match(text, /\| QUIET \(3 errors\) \|.*\| +1\.75 \/ 1\.57 \| +SLUICE \| +1\.00 \/ 0\.90 \|/);
  const columns = text.split("\n").filter((line) => line.startsWith("|")).map((line) => line.split("|").length);
  assert.equal(new Set(columns).size, 1);
  assert.match(text, /kernel.*cache misses.*waiting/);
});

Deno.test("a contender whose base was not counted has no ratio", () => {
  const text = instructionTable([counted("quiet", "sluice", [300_000, 300_000])], PACE);
  assert.match(text, /\| QUIET \| +300,000 \| +300,000 \| +- \| +- \| +- \|/);
});
