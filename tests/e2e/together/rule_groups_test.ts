/** How a rule shares requests out over its groups, with each engine. */
import assert from "node:assert/strict";
import { freePort } from "../../support/free_port.ts";
import { until } from "../../support/poll.ts";
import { headerValues } from "../../support/raw_message.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { ask, ruleEnvironment, startTwo } from "../../support/rule_traffic.ts";
import { startSluice } from "../../support/sluice_process.ts";

for (const engine of ["serve", "wire"]) {
  Deno.test(`${engine}: groups get their exact shares over all workers, and a pinned client stays`, async () => {
    await using two = await startTwo();
    await using sluice = await startSluice({
      env: {
        ...ruleEnvironment({ blue: two.blue.address, green: two.green.address }, {
          "1_PATH_PREFIX": "/exact",
          "1_TARGET_GROUP": "blue:90,green:10",
          "2_PATH_PREFIX": "/pinned",
          "2_TARGET_GROUP": "blue:3,green:1",
          "2_STICKINESS_ENABLED": "true",
          "2_STICKINESS_TTL": "1h",
        }),
        LISTENER_ENGINE: engine,
        LISTENER_WORKERS: "2",
      },
    });
    for (let i = 0; i < 40; i++) assert.equal((await ask(sluice.url, { path: "/exact" })).status, 200);
    assert.deepEqual([two.blue.requests.length, two.green.requests.length], [36, 4]);

    const first = await ask(sluice.url, { path: "/pinned" });
    const [cookie = ""] = headerValues(first, "set-cookie");
    assert.match(cookie, /^sluice-rule-2=[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
    const chosen = two.blue.requests.length > 36 ? two.blue : two.green;
    const before = chosen.requests.length;
    for (let i = 0; i < 8; i++) {
      const again = await ask(sluice.url, { path: "/pinned", lines: [`Cookie: x=1; ${cookie.split(";")[0]}`] });
      assert.deepEqual(headerValues(again, "set-cookie"), []);
    }
    assert.equal(chosen.requests.length - before, 8);
    const forged = await ask(sluice.url, { path: "/pinned", lines: ["Cookie: sluice-rule-2=blue"] });
    assert.equal(headerValues(forged, "set-cookie").length, 1, "a cookie that nobody signed pins nobody");
  });

  Deno.test(`${engine}: a group without eligible targets gets its share of 503, or another one takes it`, async () => {
    await using target = await RecorderTarget.start();
    const dead = `127.0.0.1:${freePort()}`;
    const checks = {
      TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
      TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "1s",
      TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD: "1",
    };
    await using sluice = await startSluice({
      env: {
        ...ruleEnvironment({ dead, alive: target.address }, {
          "1_PATH_PREFIX": "/share",
          "1_TARGET_GROUP": "dead:1,alive:1",
          "2_PATH_PREFIX": "/over",
          "2_TARGET_GROUP": "dead:1,alive:1",
          "2_TARGET_GROUP_FAILOVER": "true",
          "2_STICKINESS_ENABLED": "true",
        }),
        ...checks,
        LISTENER_ENGINE: engine,
      },
    });
    await until(async () => (await sluice.stats()).groups[0]!.states.unhealthy === 1, "the dead target to be out");
    const statuses = async (path: string) => {
      const all: number[] = [];
      for (let i = 0; i < 6; i++) all.push((await ask(sluice.url, { path })).status);
      return all.sort();
    };
    assert.deepEqual(await statuses("/share"), [200, 200, 200, 503, 503, 503]);
    assert.deepEqual(await statuses("/over"), [200, 200, 200, 200, 200, 200]);
    const url = new URL("/decisions?limit=6", sluice.adminUrl);
    const { decisions }: { decisions: { group: string; groupBy: string }[] } = await (await fetch(url)).json();
    assert.deepEqual(decisions.map(({ group }) => group), Array(6).fill("alive"));
    assert.deepEqual([...new Set(decisions.map(({ groupBy }) => groupBy))].sort(), ["failover", "turn"]);
  });
}
