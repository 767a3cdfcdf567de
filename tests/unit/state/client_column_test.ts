import assert from "node:assert/strict";
import { CLOSE_CAUSES } from "../../../src/state/client_column.ts";
import { TargetTable } from "../../../src/state/target_table.ts";

Deno.test("client connections are summed over workers, of the longest head time the highest is shown", () => {
  const table = TargetTable.create(2);
  const [first, second] = [table.column(0).clients, table.column(1).clients];
  for (const column of [first, first, second]) column.opened();
  first.idle(1);
  second.idle(1);
  second.idle(-1);
  first.headRead(100, 0);
  first.headRead(50, 3000);
  second.headRead(7, 2000);
  first.closed(12, "idle_timeout");
  const { count, closed, headTimes, requests } = table.clients();
  assert.deepEqual(
    (["open", "idle", "accepted", "closedRequests", "headBytes", "headSumMicros", "headMaxMicros"] as const).map(count),
    [2, 1, 3, 12, 157, 5000, 3000],
  );
  assert.deepEqual(Object.keys(closed), [...CLOSE_CAUSES]);
  assert.equal(closed.idle_timeout, 1);
  assert.deepEqual([headTimes[0], headTimes.reduce((sum, each) => sum + each, 0)], [1, 3]);
  assert.deepEqual([...requests], [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "between 11 and 20");
});

Deno.test("a worker that is gone leaves no open connection, and counts no more if it comes back for a turn", () => {
  const table = TargetTable.create(1);
  const { clients } = table.column(0);
  clients.opened();
  clients.opened();
  clients.idle(1);
  table.forgetWorker(0);
  const seen = () => {
    const { count, closed } = table.clients();
    return [count("open"), count("idle"), closed.worker_lost, closed.client];
  };
  assert.deepEqual(seen(), [0, 0, 2, 0]);
  clients.closed(1, "client");
  clients.idle(-1);
  assert.deepEqual(seen(), [0, 0, 2, 0]);
  table.column(0).clients.opened();
  assert.deepEqual(seen(), [1, 0, 2, 0]);
});

Deno.test("connections and handshakes of all workers hold descriptors, and those of a worker that is gone none", () => {
  const table = TargetTable.create(2);
  const [one, other] = [table.column(0).clients, table.column(1).clients];
  one.opened();
  one.handshaking(1);
  other.handshaking(1);
  assert.equal(table.clientsHeld(), 3);
  table.forgetWorker(0);
  assert.equal(table.clientsHeld(), 1);
});
