import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { startSluice } from "../../support/sluice_process.ts";
import { checkTelemetry, TELEMETRY_FORMS } from "../../support/telemetry_suite.ts";

for (const { name, engine, transport } of TELEMETRY_FORMS) {
  Deno.test(`${name}: with OTEL_DENO=true requests are spans that say what was decided`, async (t) => {
    await checkTelemetry(t, { transport, engine });
  });

  Deno.test(`${name}: without OTEL_DENO a traceparent passes through as it came, and none is made up`, async () => {
    await using mocks = await MockGroup.start(1);
    await using sluice = await startSluice({
      env: groupEnvironment(mocks.list, { UPSTREAM_TRANSPORT: transport, LISTENER_ENGINE: engine }),
    });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    const lines = [`traceparent: ${traceparent}`, "tracestate: a=b", "baggage: cart=7 ; p=1,x=%20"];
    const { body } = await ask(sluice.url, "/", { headers: lines });
    const { headers } = JSON.parse(body);
    assert.deepEqual(
      [headers.traceparent, headers.tracestate, headers.baggage],
      [traceparent, "a=b", "cart=7 ; p=1,x=%20"],
    );
    assert.equal("traceparent" in JSON.parse((await ask(sluice.url, "/")).body).headers, false);
  });
}
