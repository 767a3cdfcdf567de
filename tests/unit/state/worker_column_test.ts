import assert from "node:assert/strict";
import { TargetTable } from "../../../src/state/target_table.ts";

Deno.test("connections are summed over all workers, and a worker that is replaced takes its own along", () => {
  const table = TargetTable.create(2);
  const [first, second] = [table.column(0), table.column(1)];
  for (const column of [first, second]) {
    column.connectionsOpen(1);
    column.connectionsOpen(1);
    column.connectionsOpen(1);
    column.connectionsIdle(1);
  }
  assert.deepEqual(table.connections(), { active: 4, idle: 2 });
  first.connectionsIdle(-1);
  assert.deepEqual(table.connections(), { active: 5, idle: 1 });
  table.forgetWorker(0);
  assert.deepEqual(table.connections(), { active: 2, idle: 1 });
  first.connectionsOpen(-1);
  first.connectionsIdle(1);
  assert.deepEqual(table.connections(), { active: 2, idle: 1 }, "one that comes back for a turn changes nothing");
  table.column(0).connectionsOpen(1);
  assert.deepEqual(table.connections(), { active: 3, idle: 1 });
});

Deno.test("connections made are counted by target with their time, and are gone with its slot", () => {
  const table = TargetTable.create(2);
  table.column(0).connected(3, 250);
  table.column(1).connected(3, 750);
  table.column(1).connected(4, 5);
  assert.deepEqual([table.targetCounter(3, "connects"), table.targetCounter(3, "connectSumMicros")], [2, 1000]);
  table.resetTarget(3);
  assert.deepEqual([table.targetCounter(3, "connects"), table.targetCounter(4, "connects")], [0, 1]);
});
