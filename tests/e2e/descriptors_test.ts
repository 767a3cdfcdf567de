import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../support/engine.ts";
import { ask } from "../support/ask.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";

/** Descriptors that sluice gets once it has started, and connections that take them all. */
const DESCRIPTORS = 256;
const HOGS = 600;

/** Connections that say nothing; those that are refused are no hogs. */
async function hog(url: string): Promise<Deno.TcpConn[]> {
  const { hostname, port } = new URL(url);
  const connecting = Array.from({ length: HOGS }, () => Deno.connect({ hostname, port: Number(port) }));
  const settled = await Promise.allSettled(connecting);
  return settled.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
}

async function limitDescriptors(sluice: SluiceProcess): Promise<void> {
  const args = ["--pid", String(sluice.pid), `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  const { success } = await new Deno.Command("prlimit", { args }).output();
  assert.ok(success);
}

/** Status of a GET; 0 where there is no response. */
async function statusOf(url: string): Promise<number> {
  try {
    return (await ask(url)).status;
  } catch {
    return 0;
  }
}

/** Status of an admin page; 0 where there is no response. */
async function adminStatus(sluice: SluiceProcess, path: string): Promise<number> {
  try {
    const response = await fetch(sluice.adminUrl + path, { headers: { connection: "close" } });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

for (const workers of ["1", "2"]) {
  Deno.test(`a flood of connections ends no listener for ever (LISTENER_WORKERS=${workers})`, async (t) => {
    await using mocks = await MockGroup.start(2);
    const env = groupEnvironment(mocks.list, {
      LISTENER_WORKERS: workers,
      TARGET_GROUP_1_EJECTION_ENABLED: "true",
      TARGET_GROUP_1_EJECTION_FAILURES: "1",
      TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
      TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "200",
    });
    await using sluice = await startSluice({ env });
    assert.equal(await statusOf(sluice.url), 200);
    await limitDescriptors(sluice);

    await t.step("the main listener", async () => {
      const hogs = await hog(sluice.url);
      try {
        if (WIRE_ENGINE) {
          // It pauses, and never ends.
          await sluice.waitForEvent(({ event }) => event === "accept_paused", "a pause of accepting");
        } else {
          await sluice.waitForEvent(({ event }) => event === "listener_down", "the end of a listener");
          await until(async () => await adminStatus(sluice, "/readyz") !== 200, "that it is not ready");
        }
      } finally {
        for (const hog of hogs) hog.close();
      }
      await until(async () => await adminStatus(sluice, "/readyz") === 200, "that it is ready again");
      for (let i = 0; i < 200; i++) assert.equal(await statusOf(sluice.url), 200);
      assert.equal(await adminStatus(sluice, "/livez"), 200);
      const metrics = await (await fetch(`${sluice.adminUrl}/metrics`)).text();
      assert.match(
        metrics,
        WIRE_ENGINE ? /_ends_total\{listener="listener"\} 0/ : /_ends_total\{listener="listener"\} [1-9]/,
      );
    });

    await t.step("the admin listener", async () => {
      const hogs = await hog(sluice.adminUrl);
      try {
        await sluice.waitForEvent(({ event }) => event === "admin_listener_down", "the end of the admin listener");
      } finally {
        for (const hog of hogs) hog.close();
      }
      await until(async () => await adminStatus(sluice, "/readyz") === 200, "that it is ready again");
      for (let i = 0; i < 200; i++) assert.equal(await statusOf(sluice.url), 200);
    });

    await t.step("no target is blamed for it", () => {
      const blamed = sluice.events.filter(({ event, to }) => event === "target_state" && to !== "healthy");
      assert.deepEqual(blamed, []);
    });
  });
}
