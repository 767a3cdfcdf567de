/** The demo of the compiled program, which the variable SLUICE_PROGRAM names. */
import assert from "node:assert/strict";
import { runSluice } from "../support/sluice_process.ts";

Deno.test("the compiled program runs the demo: a target fails and recovers, and no request is lost", async () => {
  assert.ok(Deno.env.get("SLUICE_PROGRAM"), "SLUICE_PROGRAM must name the compiled program");
  const { code, stdout, stderr } = await runSluice(["demo", "--once"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /it is \[UNHEALTHY\]: Target\./);
  assert.match(stdout, /it is \[HEALTHY\] and receives its share/);
  assert.match(stdout, /\nStopping\. \d+ requests so far: \d+ good, 0 bad;/);
});
