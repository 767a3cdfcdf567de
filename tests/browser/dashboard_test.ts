import assert from "node:assert/strict";
import { browserTest, withPage } from "../support/browser.ts";
import { until } from "../support/poll.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { startSluice } from "../support/sluice_process.ts";

/** Three real targets behind a real sluice, checked five times a second. */
async function startThree() {
  const targets = [await RecorderTarget.start(), await RecorderTarget.start(), await RecorderTarget.start()];
  const sluice = await startSluice({
    env: {
      TARGET_GROUP_1_NAME: "web",
      TARGET_GROUP_1_TARGETS: targets.map(({ address }) => address).join(","),
      TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
      TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "200",
      TARGET_GROUP_1_HEALTH_CHECK_TIMEOUT: "2000",
      LISTENER_RULE_1_PATH_PREFIX: "/app",
      LISTENER_RULE_1_TARGET_GROUP: "web",
    },
  });
  return { targets, sluice };
}

/** Sends requests one after the other until told to stop; says how many came back with which status. */
function traffic(url: string) {
  const statuses = new Map<number, number>();
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      const response = await fetch(url);
      await response.body?.cancel();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
  })();
  return {
    statuses,
    stop: async () => {
      stopped = true;
      await done;
    },
  };
}

function live(target: RecorderTarget): number {
  return target.requests.filter(({ path }) => path.startsWith("/app")).length;
}

browserTest(
  "a killed target turns unhealthy on the page with its reason, returns, and no request is lost",
  async () => {
    const { targets, sluice } = await startThree();
    const { address, port } = targets[1]!;
    const client = traffic(`${sluice.url}/app/page`);
    try {
      await withPage(`${sluice.adminUrl}/`, async (page) => {
        await page.evaluate("window.notReloaded = true");
        const row = page.locator(".target", { hasText: address });
        await row.getByText("healthy", { exact: true }).waitFor();
        await until(async () => /attempts\/s\s*[1-9]/.test(await row.innerText()), "traffic on the page");

        await targets[1]![Symbol.asyncDispose]();
        await row.getByText("unhealthy", { exact: true }).waitFor();
        await row.getByText(/Target\.ConnectionRefused/).waitFor();
        assert.match(await row.innerText(), /for \d+ s · (next probe in \d+ s|probe due)/);
        await page.getByText("2 of 3 eligible").waitFor();

        targets[1] = await RecorderTarget.start(undefined, { port });
        await row.getByText("healthy", { exact: true }).waitFor();
        await page.getByText("3 of 3 eligible").waitFor();
        await until(() => live(targets[1]!) > 0, "traffic at the target that returned");
        assert.equal(await page.evaluate("window.notReloaded"), true);

        await client.stop();
        assert.deepEqual([...client.statuses.keys()], [200]);
      });
    } finally {
      await client.stop();
      assert.equal(await sluice.stop(), 0);
      for (const target of targets) await target[Symbol.asyncDispose]();
      await sluice[Symbol.asyncDispose]();
    }
  },
);

browserTest("a drain by a click moves the traffic, and enabling brings it back", async () => {
  const { targets, sluice } = await startThree();
  const client = traffic(`${sluice.url}/app/page`);
  try {
    await withPage(`${sluice.adminUrl}/`, async (page) => {
      const { address } = targets[0]!;
      await until(() => targets.every((target) => live(target) > 0), "traffic at all three");
      await page.getByRole("button", { name: `Drain ${address} of web` }).click();
      await page.locator(".target", { hasText: address }).getByText("draining", { exact: true }).waitFor();
      const drained = live(targets[0]!);
      const others = live(targets[1]!) + live(targets[2]!);
      await until(() => live(targets[1]!) + live(targets[2]!) > others + 20, "traffic at the others");
      assert.equal(live(targets[0]!), drained);

      await page.getByRole("button", { name: `Enable ${address} of web` }).click();
      await until(() => live(targets[0]!) > drained, "traffic at the target that is back");
      await page.getByRole("button", { name: `Drain ${address} of web` }).waitFor();
      await client.stop();
      assert.deepEqual([...client.statuses.keys()], [200]);
    });
  } finally {
    await client.stop();
    assert.equal(await sluice.stop(), 0);
    for (const target of targets) await target[Symbol.asyncDispose]();
    await sluice[Symbol.asyncDispose]();
  }
});

browserTest("what went wrong is on the page, with the reason that the access log gives", async () => {
  const { targets, sluice } = await startThree();
  try {
    await withPage(`${sluice.adminUrl}/`, async (page) => {
      const response = await fetch(`${sluice.url}/nowhere?<b>`);
      await response.body?.cancel();
      assert.equal(response.status, 404);
      const failure = page.locator("#failures li");
      await failure.getByText("no_rule", { exact: true }).waitFor();
      assert.match(await failure.innerText(), /404[\s\S]*GET \/nowhere/);
      const [line] = await sluice.accessLines(1);
      assert.equal(line!.reason, "no_rule");
    });
  } finally {
    assert.equal(await sluice.stop(), 0);
    for (const target of targets) await target[Symbol.asyncDispose]();
    await sluice[Symbol.asyncDispose]();
  }
});

browserTest("every rule is on the page with what it takes and does, those that answer by themselves too", async () => {
  await using target = await RecorderTarget.start();
  await using sluice = await startSluice({
    env: {
      TARGET_GROUP_1_NAME: "api",
      TARGET_GROUP_1_TARGETS: target.address,
      TARGET_GROUP_2_NAME: "canary",
      TARGET_GROUP_2_TARGETS: target.address,
      LISTENER_RULE_1_HOST: "api.example.com",
      LISTENER_RULE_1_PATH_PREFIX: "/v1",
      LISTENER_RULE_1_TARGET_GROUP: "api:9,canary:1",
      LISTENER_RULE_2_FIXED_RESPONSE: "503",
    },
  });
  await withPage(`${sluice.adminUrl}/`, async (page) => {
    const rules = page.locator("#rules li");
    await rules.nth(1).waitFor();
    assert.match(await rules.nth(0).innerText(), /^1\s+api\.example\.com \/v1\s+→ api 90 %, canary 10 %/);
    assert.match(await rules.nth(1).innerText(), /^2\s+every request\s+→ response 503/);
    const chip = page.locator(".group", { hasText: "canary" }).locator(".rules li").first();
    assert.match(await chip.innerText(), /api\.example\.com \/v1 → api 90 %, canary 10 %/);
    const client = traffic(sluice.url);
    await until(async () => /[1-9]\S*\/s/.test(await rules.nth(1).innerText()), "the rule's requests on the page");
    await client.stop();
    assert.deepEqual([...client.statuses.keys()], [503]);
  });
});
