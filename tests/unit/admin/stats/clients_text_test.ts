import assert from "node:assert/strict";
import { clientsText } from "../../../../src/admin/stats/clients_text.ts";
import type { ClientStats } from "../../../../src/admin/stats/stats_model.ts";
import { CLOSE_CAUSES } from "../../../../src/state/client_column.ts";

/** One idle connection, whose heads took so long. */
function clients(p99Ms: number | null): ClientStats {
  return {
    connections: { active: 0, idle: 1 },
    accepted: 1,
    closed: Object.fromEntries(CLOSE_CAUSES.map((cause) => [cause, 0])) as ClientStats["closed"],
    requestsPerConnection: null,
    heads: {
      bytes: 100,
      time: { samples: 1, averageMs: p99Ms, p50Ms: p99Ms, p90Ms: p99Ms, p99Ms, maxMs: p99Ms },
    },
  };
}

Deno.test("the time in which heads are read is never said to be none", () => {
  const times = [0, 0.04, 0.26, 12.34, 345.6].map((ms) => clientsText(clients(ms)).split("; ")[1]);
  assert.deepEqual(times, ["0.1", "0.1", "0.3", "12.3", "346"].map((ms) => `heads read within ${ms} ms (p99)`));
  assert.equal(clientsText(clients(null)), "1 connection of clients, 1 idle");
});
