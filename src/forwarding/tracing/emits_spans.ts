import { isSpanContextValid, trace } from "@opentelemetry/api";

let answer: boolean | null = null;

/**
 * Tells whether this program emits OpenTelemetry (`OTEL_DENO=true`, or compiled so). That is settled before a thread's
 * first line and holds for its life, so each thread finds out once, by a span. If spans are not collected, the API
 * returns spans without a trace. Whether this one is recorded says less: a sampler may pass it over.
 */
export function emitsSpans(): boolean {
  // Never ended, and so never sent anywhere.
  return answer ??= isSpanContextValid(trace.getTracer("sluice").startSpan("is anybody there").spanContext());
}
