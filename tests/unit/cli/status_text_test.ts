import assert from "node:assert/strict";
import { statsJson } from "../../../src/admin/stats.ts";
import { statusText } from "../../../src/cli/status_text.ts";
import { FakeAdminSource } from "../../support/fake_admin_source.ts";

/** The lines of what `sluice status` shows of a system. */
function linesOf(source: FakeAdminSource): string[] {
  return statusText(statsJson(source.view(), source.table, source.nowMs)).split("\n");
}

Deno.test("a target whose probes begin to fail says so while it still serves", () => {
  const source = new FakeAdminSource({ web: 2 });
  source.change("web", 1, { reason: "1 of 2 probes failed (got 404), out at 12:00:30 UTC" });
  const line = linesOf(source).find((line) => line.includes("10.0.1.1:8080"))!;
  assert.match(line, /HEALTHY .* 1 of 2 probes failed \(got 404\), out at 12:00:30 UTC$/);
});

Deno.test("targets without checks are unchecked, and their state in the stats stays healthy", () => {
  const source = new FakeAdminSource({ web: 2 });
  const [group] = source.groups;
  source.groups = [{ ...group!, healthCheck: { ...group!.healthCheck, enabled: false } }];
  source.change("web", 1, { state: "ejected", reason: "3 failed connections in a row" });
  const [one, two] = linesOf(source).filter((line) => line.includes("10.0.1."));
  assert.match(one!, / UNCHECKED /);
  assert.match(two!, / EJECTED /);
  const stats = statsJson(source.view(), source.table, source.nowMs).groups[0]!;
  assert.deepEqual([stats.checked, stats.targets[0]!.state], [false, "healthy"]);
});
