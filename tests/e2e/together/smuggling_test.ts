/**
 * Requests of which two readers may take different things (engine wire). `tests/peers.ts` sends them through other
 * proxies too.
 */
import assert from "node:assert/strict";
import { groupEnvironment } from "../../support/mock_group.ts";
import { SMUGGLING_FORMS } from "../../support/smuggling_forms.ts";
import { TakingTarget, tryForm } from "../../support/smuggling_trial.ts";
import { startSluice } from "../../support/sluice_process.ts";

Deno.test(
  `${SMUGGLING_FORMS.length} forms of smuggling are refused, and no reader behind sluice finds a second ` +
    `request`,
  async (t) => {
    await using target = await TakingTarget.start();
    await using sluice = await startSluice({
      env: groupEnvironment(`127.0.0.1:${target.port}`, { LISTENER_ENGINE: "wire", UPSTREAM_TRANSPORT: "wire" }),
    });
    for (const form of SMUGGLING_FORMS) {
      await t.step(form.name, async () => {
        const { fate, status } = await tryForm(form, { url: sluice.url, target });
        assert.equal(fate, "refused", `status ${status}: ${JSON.stringify(target.texts.at(-1))}`);
        assert.ok([400, 501, 505].includes(status), `status ${status}`);
      });
    }
    await sluice.settled();
  },
);
