import assert from "node:assert/strict";
import { freePort } from "../support/free_port.ts";
import { until } from "../support/poll.ts";
import { answer, hang, okay } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { startSluice } from "../support/sluice_process.ts";
import { numberedGroup } from "../support/mock_group.ts";

/** What is asked for, in turn; some of each hundred. The client leaves after `leaveMs`. */
const MIX: readonly { readonly path: string; readonly of100: number; readonly leaveMs?: number }[] = [
  { path: "/good", of100: 60 },
  { path: "/broken", of100: 15 },
  { path: "/half", of100: 15 },
  { path: "/gone", of100: 5 },
  { path: "/nowhere", of100: 3 },
  { path: "/slow", of100: 1 },
  { path: "/slow", of100: 1, leaveMs: 30 },
];
const REQUESTS = 10_000;
const AT_ONCE = 32;

/** Reads samples of one metric by the value of one of its labels. */
function byLabel(metrics: string, name: string, label: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const line of metrics.split("\n")) {
    if (!line.startsWith(`${name}{`)) continue;
    const value = new RegExp(`[{,]${label}="([^"]*)"`).exec(line)![1]!;
    sums[value] = (sums[value] ?? 0) + Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sums;
}

function tally(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function withoutZeros(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0).sort());
}

Deno.test("clients, log, stats, metrics and targets have the same totals of 10,000 mixed requests", async () => {
  await using good = await RecorderTarget.start(okay());
  await using broken = await RecorderTarget.start(answer(500));
  await using slow = await RecorderTarget.start(hang());
  const refusing = `127.0.0.1:${await freePort()}`;
  await using sluice = await startSluice({
    env: {
      CONNECTION_TIMEOUT: "500",
      // The one that knows its connections.
      UPSTREAM_TRANSPORT: "wire",
      ...numberedGroup(1, "good", good.address),
      ...numberedGroup(2, "broken", broken.address),
      ...numberedGroup(3, "half", `${good.address},${refusing}`),
      ...numberedGroup(4, "gone", refusing),
      ...numberedGroup(5, "slow", slow.address),
    },
  });

  const asked = Array.from({ length: REQUESTS }, (_, index) => {
    let at = index * 37 % 100;
    return MIX.find(({ of100 }) => (at -= of100) < 0)!;
  });
  const statuses: string[] = [];
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: AT_ONCE });
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < asked.length) {
      const { path, leaveMs } = asked[next++]!;
      const leave = new AbortController();
      const timer = leaveMs === undefined ? undefined : setTimeout(() => leave.abort(), leaveMs);
      try {
        const response = await fetch(sluice.url + path, { client, signal: leave.signal });
        await response.body?.cancel();
        statuses.push(String(response.status));
      } catch (error) {
        assert.equal((error as Error).name, "AbortError", String(error));
        statuses.push("499");
      } finally {
        clearTimeout(timer);
      }
    }
  }));
  client.close();

  await sluice.settled();
  const stats = await until(async () => {
    const stats = await sluice.stats();
    const { active, idle } = stats.total.connections!;
    return active === 0 && idle === good.open + broken.open + slow.open && stats;
  }, "as many idle connections as the targets hold open, and no others");
  const metrics = await (await fetch(`${sluice.adminUrl}/metrics`)).text();
  const lines = await sluice.accessLines(REQUESTS);

  const clientSaw = tally(statuses);
  assert.equal(statuses.length, REQUESTS);
  assert.ok(Object.keys(clientSaw).length >= 6, `a mix: ${JSON.stringify(clientSaw)}`);
  assert.deepEqual(tally(lines.map(({ status }) => String(status))), clientSaw);

  const classes = tally(statuses.map((status) => `${status[0]}xx`));
  assert.equal(stats.total.requests, REQUESTS);
  assert.equal(stats.total.finished, REQUESTS);
  assert.deepEqual(withoutZeros({ ...stats.total.statusClasses }), withoutZeros(classes));
  assert.deepEqual(withoutZeros(byLabel(metrics, "sluice_requests_total", "status_class")), withoutZeros(classes));

  const reasons = tally(lines.flatMap(({ reason }) => typeof reason === "string" ? [reason] : []));
  assert.deepEqual(withoutZeros({ ...stats.reasons }), withoutZeros(reasons));
  assert.deepEqual(withoutZeros(byLabel(metrics, "sluice_own_answers_total", "reason")), withoutZeros(reasons));

  const rules = tally(lines.flatMap(({ rule }) => typeof rule === "number" ? [String(rule)] : []));
  assert.deepEqual(Object.fromEntries(stats.rules.map(({ number, requests }) => [String(number), requests])), rules);
  assert.deepEqual(byLabel(metrics, "sluice_rule_requests_total", "rule"), rules);

  const attempts = lines.reduce((sum, line) => sum + Number(line.attempts), 0);
  const counted = stats.groups.flatMap(({ targets }) => targets);
  assert.equal(counted.reduce((sum, { requests }) => sum + requests, 0), attempts);
  const exported = byLabel(metrics, "sluice_target_attempts_total", "target");
  assert.equal(Object.values(exported).reduce((sum, count) => sum + count, 0), attempts);

  for (const [target, name] of [[good, "good"], [broken, "broken"], [slow, "slow"]] as const) {
    const own = counted.filter(({ address }) => address === target.address);
    const reached = own.reduce((sum, { requests, connectFailures }) => sum + requests - connectFailures, 0);
    assert.equal(reached, target.requests.length, name);
  }

  // In this mix only a line's last attempt can have made a connection: those before it were refused.
  const made = lines.filter(({ reason, connectMs }) => connectMs !== null && reason !== "connect_refused");
  const connects = byLabel(metrics, "sluice_target_connects_total", "target");
  const seconds = byLabel(metrics, "sluice_target_connect_seconds_total", "target");
  for (const target of [good, broken, slow]) {
    const own = made.filter((line) => line.target === target.address);
    const inStats = counted.filter(({ address }) => address === target.address);
    assert.equal(own.length, target.connections, target.address);
    assert.equal(inStats.reduce((sum, { connect }) => sum + connect!.made, 0), target.connections);
    assert.equal(connects[`http://${target.address}`], target.connections);
    const micros = own.reduce((sum, { connectMs }) => sum + Math.round(Number(connectMs) * 1000), 0);
    assert.equal(Math.round(seconds[`http://${target.address}`]! * 1e6), micros);
  }
  assert.equal(connects[`http://${refusing}`], 0);
  assert.equal(stats.total.connect!.made, made.length);
  assert.deepEqual(byLabel(metrics, "sluice_upstream_connections", "state"), { ...stats.total.connections });
  assert.equal(await sluice.stop(), 0);
});
