import assert from "node:assert/strict";
import { statsJson } from "../../../src/admin/stats/stats.ts";
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

Deno.test("one request is one request, and one retry one retry", () => {
  const source = new FakeAdminSource({ web: 1 });
  source.answer(0, 200);
  const stats = statsJson(source.view(), source.table, source.nowMs);
  const lineOf = (retries: number) => statusText({ ...stats, total: { ...stats.total, retries } }).split("\n")[1];
  assert.match(lineOf(1)!, /^1 request, .* 1 retry, TTFB/);
  assert.match(lineOf(0)!, /^1 request, .* 0 retries, TTFB/);
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

/** A group with every state that there is. */
function troubledSource(): FakeAdminSource {
  const source = new FakeAdminSource({ web: 5, "empty": 0 });
  const why = "Target.ResponseCodeMismatch got 503; 1 of 2 probes succeeded (got 200), back at 12:00:30 UTC";
  source.change("web", 0, { state: "unhealthy", reason: why });
  source.change("web", 1, { reason: "1 of 2 probes failed (got 404), out at 12:00:30 UTC" });
  source.change("web", 2, { state: "ejected", reason: "3 failed connections in a row", ejectedUntilMs: source.nowMs });
  source.change("web", 3, { state: "draining", reason: "drained by the operator" });
  for (let i = 0; i < 12_345; i++) source.answer(4, 200);
  return source;
}

function statsOf(source: FakeAdminSource) {
  return statsJson(source.view(), source.table, source.nowMs);
}

Deno.test("the columns of targets and groups say ATTEMPTS, since that is what is counted there", () => {
  const text = statusText(statsOf(troubledSource()));
  assert.match(text, /STATE +FOR +IN FLIGHT +ATTEMPTS +ERRORS +RETRIES/);
});

Deno.test("on a narrow screen every line fits, columns of numbers go first, and every WHY is still whole", () => {
  const stats = statsOf(troubledSource());
  for (const columns of [20, 40, 60, 80, 100, 120]) {
    const lines = statusText(stats, { columns, color: false }).trimEnd().split("\n");
    for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
    const words = lines.join(" ").replace(/\s+/g, " ");
    for (const { reason } of stats.groups[0]!.targets) {
      if (reason !== null && columns > 30) assert.ok(words.includes(reason), `${columns}: ${reason} in ${words}`);
    }
    if (columns >= 40) { for (const { address } of stats.groups[0]!.targets) assert.ok(words.includes(address)); }
    if (columns === 60) assert.match(lines.find((line) => line.includes("STATE"))!, /STATE +FOR/);
  }
  const wide = statusText(stats, { columns: 400, color: false });
  assert.equal(wide, statusText(stats));
});

Deno.test("colours show how well a target or group is, change no other character, and only if asked for", () => {
  const stats = statsOf(troubledSource());
  for (const columns of [null, 60, 400]) {
    const plain = statusText(stats, { columns, color: false });
    const colored = statusText(stats, { columns, color: true });
    assert.ok(!plain.includes("\x1b"));
    // deno-lint-ignore no-control-regex
    assert.equal(colored.replace(/\x1b\[\d*m/g, ""), plain);
    for (
      const word of [
        ..."\x1b[31mUNHEALTHY\x1b[0m \x1b[33mHEALTHY\x1b[0m \x1b[33mEJECTED\x1b[0m \x1b[32mHEALTHY\x1b[0m".split(" "),
        ..."\x1b[33m2/5 eligible\x1b[0m,\x1b[31m0/0 eligible\x1b[0m,\x1b[32mready\x1b[0m".split(","),
      ]
    ) {
      assert.ok(colored.includes(word), `${JSON.stringify(word)} in ${JSON.stringify(colored)}`);
    }
  }
});

Deno.test("if probes get a wrong status, the table says below what they request and expect", () => {
  const source = new FakeAdminSource({ web: 2 });
  const remark = () => linesOf(source).find((line) => line.startsWith("Group web: a probe requests"));
  assert.equal(remark(), undefined);
  source.change("web", 1, { reason: "1 of 2 probes failed (Target.Timeout), out at 12:00:30 UTC" });
  assert.equal(remark(), undefined);
  source.change("web", 1, { reason: "Target.ResponseCodeMismatch got 404", state: "unhealthy" });
  assert.match(remark()!, /requests \/\S* and wants status [\d,-]+ \(HEALTH_CHECK_PATH, HEALTH_CHECK_MATCHER\)$/);
});
