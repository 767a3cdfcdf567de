/** A group of very many targets that are all dead: one request tries some of them and no more. */
import assert from "node:assert/strict";
import { ask } from "../support/ask.ts";
import { freePort } from "../support/free_port.ts";
import { groupEnvironment } from "../support/mock_group.ts";
import { startSluice } from "../support/sluice_process.ts";
import { openRefused } from "../support/websocket_peers.ts";

Deno.test("of many dead targets a request tries ten, whatever its method, and so does a WebSocket", async () => {
  const port = freePort();
  const dead = Array.from({ length: 40 }, (_, i) => `127.0.0.${i + 1}:${port}`);
  await using sluice = await startSluice({ env: groupEnvironment(dead.join(","), { RETRY_ATTEMPTS: "3" }) });
  assert.equal((await ask(sluice.url)).status, 503);
  assert.equal((await ask(sluice.url, "/", { method: "POST", body: "abc" })).status, 503);
  assert.equal((await openRefused(sluice.url.replace("http:", "ws:"))).status, 503);
  const stats = await sluice.settled();
  const lines = await sluice.accessLines(3);
  assert.deepEqual(lines.map(({ attempts, reason }) => [attempts, reason]), Array(3).fill([10, "all_targets_refused"]));
  const { targets } = stats.groups[0]!;
  assert.equal(targets.reduce((sum, { connectFailures }) => sum + connectFailures, 0), 30);
});
