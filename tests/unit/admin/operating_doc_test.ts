import assert from "node:assert/strict";
import { metricsText } from "../../../src/admin/metrics/metrics.ts";
import { type Reason, REASON_NAMES, REASONS, RULE_ANSWERS } from "../../../src/state/reason.ts";
import { FakeAdminSource } from "../../support/fake_admin_source.ts";

const PAGE = Deno.readTextFileSync(new URL("../../../docs/operating.md", import.meta.url));

/** The text of one section, from its heading to the next of its level. */
function section(title: string): string {
  const start = PAGE.indexOf(`\n## ${title}\n`);
  assert.notEqual(start, -1, `docs/operating.md has no section "${title}"`);
  const end = PAGE.indexOf("\n## ", start + 1);
  return PAGE.slice(start, end === -1 ? undefined : end);
}

Deno.test("docs/operating.md names every metric there is, and no other", async () => {
  const source = new FakeAdminSource();
  const emitted = [...(await metricsText(source.view(), source.table)).matchAll(/^# TYPE (\S+)/gm)].map((match) =>
    match[1]!
  );
  const rows = section("Metrics").split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) => [...row.split(" | ")[0]!.matchAll(/`([a-z_]+)`/g)].map((match) => match[1]!));
  // Only a program that may read /proc has it.
  const always = (names: string[]) => names.filter((name) => name !== "process_open_fds").sort();
  assert.ok(emitted.length > 20);
  assert.deepEqual(always(named), always(emitted));
});

Deno.test("docs/operating.md says of every reason its status, whose fault it is, and what to look at first", () => {
  const rows = section("Reasons").split("\n").filter((line) => line.startsWith("| `"));
  const statusOf = (name: Reason) => RULE_ANSWERS.has(name) ? "the rule's" : REASONS[name].status;
  assert.deepEqual(
    rows.map((row) => row.split(" | ").slice(0, 3).join(" ")).sort(),
    REASON_NAMES.map((name) => `| \`${name}\` ${statusOf(name)} ${REASONS[name].fault}`).sort(),
  );
  for (const row of rows) assert.ok(row.split(" | ")[4]!.length > 10, row);
});

Deno.test("A74 docs/operating.md covers not running, all unhealthy, false positives and not recovering", () => {
  const table = section("Troubleshooting");
  for (const words of ["does not run", "all targets are unhealthy", "false positives", "not recovering"]) {
    assert.ok(table.includes(words), words);
  }
});

Deno.test("A73 docs/operating.md has recipes for 502, 503, 504, 404 and a target that dies and returns", () => {
  const drills = section("Drills");
  for (const words of ["| 502 |", "| 503 |", "| 504 | `MOCK_DELAY_MS=10000", "| 404 |", "dies and returns"]) {
    assert.ok(drills.includes(words), words);
  }
});

Deno.test("docs/operating.md links to nothing that is not there", () => {
  const anchors = [...PAGE.matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!.toLowerCase().replace(/[^a-z0-9 -]/g, "").replaceAll(" ", "-")
  );
  for (const [, anchor] of PAGE.matchAll(/\]\(#([^)]*)\)/g)) assert.ok(anchors.includes(anchor!), anchor);
});
