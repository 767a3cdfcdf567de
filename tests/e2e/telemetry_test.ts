import assert from "node:assert/strict";
import { ask } from "../support/ask.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { startSluice } from "../support/sluice_process.ts";
import { checkTelemetry } from "../support/telemetry_suite.ts";

Deno.test("OTEL_DENO=true: requests are spans that say what was decided", checkTelemetryOfCheckout);

function checkTelemetryOfCheckout(t: Deno.TestContext): Promise<void> {
  return checkTelemetry(t);
}

Deno.test("without OTEL_DENO a traceparent passes through as it came, and none is made up", async () => {
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list) });
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  const { body } = await ask(sluice.url, "/", { headers: [`traceparent: ${traceparent}`, "tracestate: a=b"] });
  const { headers } = JSON.parse(body);
  assert.deepEqual([headers.traceparent, headers.tracestate], [traceparent, "a=b"]);
  assert.equal("traceparent" in JSON.parse((await ask(sluice.url, "/")).body).headers, false);
});
