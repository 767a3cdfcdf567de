import assert from "node:assert/strict";
import { type LoadFlags, type LoadOrder, parseLoadFlags } from "../../../src/cli/load_flags.ts";

const url = "http://127.0.0.1:8080/x?y=1";

function order(flags: LoadFlags): LoadOrder {
  const parsed = parseLoadFlags({ url, ...flags });
  if ("problems" in parsed) throw new Error(parsed.problems.join("\n"));
  return parsed;
}

Deno.test("D11 the load tester's flags mean what they meant", () => {
  const { plan, request } = order({
    total: "800",
    concurrency: ["25", "50", "100", "150", "200", "250"],
    rounds: "2",
    timeout: "4",
  });
  assert.deepEqual(plan, {
    total: 800,
    concurrency: [25, 50, 100, 150, 200, 250],
    rounds: 2,
    timeoutMs: 4000,
    rate: null,
    warmup: 800,
  });
  assert.deepEqual([request.url.href, request.method, request.fresh], [url, "GET", false]);
});

Deno.test("a level list may have commas, a timeout a unit, and a body makes a POST", () => {
  const { plan, request } = order({
    concurrency: ["1,2", "3"],
    timeout: "500ms",
    rate: "12.5",
    warmup: "0",
    body: "hi",
    header: ["X-A: 1: 2", "X-Empty:"],
    fresh: true,
  });
  assert.deepEqual([plan.concurrency, plan.timeoutMs, plan.rate, plan.warmup], [[1, 2, 3], 500, 12.5, 0]);
  assert.deepEqual([request.method, request.body, request.fresh], ["POST", "hi", true]);
  assert.deepEqual(request.headers, [["X-A", "1: 2"], ["X-Empty", ""]]);
});

Deno.test("every wrong flag of a load test is named at once", () => {
  const parsed = parseLoadFlags({
    url: "ftp://h",
    total: "0",
    concurrency: ["25", "many"],
    rounds: "-1",
    timeout: "soon",
    rate: "0",
    warmup: "x",
    method: "G T",
    header: ["no colon", "X: a\r\nY: b"],
    json: "-",
    plot: "-",
  });
  assert.ok("problems" in parsed);
  assert.deepEqual(parsed.problems.map((problem) => /as (--[\w-]+)/.exec(problem)?.[1]), [
    "--url",
    "--total",
    "--concurrency",
    "--rounds",
    "--timeout",
    "--rate",
    "--warmup",
    "--method",
    "--header",
    "--header",
    "--json",
  ]);
  assert.deepEqual(parseLoadFlags({}), {
    problems: ["--url: Must be set to an http or https address"],
  });
});
