import assert from "node:assert/strict";
import { prefixRule, type RuleConfig } from "../../../../src/config/rule.ts";
import { RuleSlots } from "../../../../src/control_plane/membership/rule_slots.ts";
import { MAX_RULES } from "../../../../src/state/slot_layout.ts";
import { TargetTable } from "../../../../src/state/target_table.ts";
import { LogRecorder } from "../../../support/log_recorder.ts";

/** @param first The first of their numbers. */
function rules(count: number, first: number, prefix = "/"): RuleConfig[] {
  return Array.from({ length: count }, (_, i) => prefixRule(first + i, { prefix, group: "web" }));
}

Deno.test("a rule keeps its counters as long as its number stays, and another number starts with none", () => {
  const table = TargetTable.create(1);
  const slots = new RuleSlots(table, { secret: "secret", log: new LogRecorder() });
  const [kept, left] = slots.assign(rules(2, 1), 1, 0);
  for (const { slot } of [kept!, left!]) {
    table.column(0).finished(200, slot, { reason: null, requestBytes: 0, responseBytes: 0 });
  }
  const [other, still] = slots.assign([...rules(1, 3), ...rules(1, 1, "/other")], 2, 0);
  assert.equal(still!.slot, kept!.slot);
  assert.notEqual(other!.slot, left!.slot, "requests that came by the old rule may still be open");
  assert.equal(table.ruleCounter(still!.slot, "status2xx"), 1);
  assert.equal(table.ruleCounter(other!.slot, "status2xx"), 0);
});

Deno.test("as many rules as there may be can be replaced by as many others at once, again and again", () => {
  const slots = new RuleSlots(TargetTable.create(1), { secret: "secret", log: new LogRecorder() });
  for (let generation = 1; generation <= 5; generation++) {
    const assigned = slots.assign(rules(MAX_RULES, generation * MAX_RULES), generation, 0);
    assert.equal(new Set(assigned.map(({ slot }) => slot)).size, MAX_RULES);
    if (generation % 2 === 0) slots.appliedEverywhere(generation, 0);
  }
});

Deno.test("what a WebSocket counts when it ends, long after its rule has left, is not the next rule's", () => {
  const table = TargetTable.create(1);
  const slots = new RuleSlots(table, { secret: "secret", log: new LogRecorder() });
  const [left] = slots.assign(rules(1, 1), 1, 0);
  slots.assign([], 2, 1000);
  slots.appliedEverywhere(2, 1000);
  const [later] = slots.assign(rules(1, 2), 3, 3_600_000);
  table.column(0).finished(101, left!.slot, { reason: null, requestBytes: 0, responseBytes: 0 });
  assert.equal(table.ruleCounter(later!.slot, "status1xx"), 0);
});

Deno.test("the log says once of a sticky rule without a secret that one was made, as it does of a group", () => {
  const log = new LogRecorder();
  const slots = new RuleSlots(TargetTable.create(1), { secret: "made", log });
  const [plain] = rules(1, 1);
  const sticky = (secret: string | null): RuleConfig => {
    const { action } = plain!;
    if (action.kind !== "forward") throw new TypeError("The rule forwards");
    return { ...plain!, action: { ...action, stickiness: { ttlMs: 0, secret } } };
  };
  slots.assign([plain!], 1, 0);
  slots.assign([sticky("given")], 2, 0);
  assert.deepEqual(log.messages("sticky_secret_made"), []);
  slots.assign([sticky(null)], 3, 0);
  slots.assign([sticky(null)], 4, 0);
  assert.deepEqual(log.messages("sticky_secret_made"), [
    "Rule 1 has no STICKY_SECRET: sluice made one, so its cookies are valid until sluice stops",
  ]);
  assert.deepEqual(log.events[0]!.fields, { rule: 1 });
});
