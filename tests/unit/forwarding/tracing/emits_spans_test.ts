import { trace, TraceFlags } from "@opentelemetry/api";
import assert from "node:assert/strict";

Deno.test("a thread checks once whether spans are collected, however many parts want to know", async () => {
  let spans = 0;
  const context = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: TraceFlags.SAMPLED };
  const startSpan = () => {
    spans++;
    return trace.wrapSpanContext(context);
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => assert.fail() }) });
  try {
    // Only now, since loading them asks as well.
    const { emitsSpans } = await import("../../../../src/forwarding/tracing/emits_spans.ts");
    const { headersOfTrace } = await import("../../../../src/data_plane/explain/trace_headers.ts");
    await import("../../../../src/forwarding/fetch/lent_signal.ts");
    for (let time = 0; time < 3; time++) {
      assert.equal(emitsSpans(), true);
      assert.ok(headersOfTrace().has("traceparent"));
    }
    assert.equal(spans, 1);
  } finally {
    trace.disable();
  }
});
