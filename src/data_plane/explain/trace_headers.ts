import { propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { emitsSpans } from "../../forwarding/tracing/emits_spans.ts";

/** The traceparent of an explanation: each attempt has a span, and so a traceparent, of its own. */
const EXPLAINED_TRACEPARENT = "(names the span of each attempt)";

/**
 * Names the headers that a transport writes by itself, since it goes on with the trace (by OTEL_PROPAGATORS
 * `traceparent` and `baggage`); none where no spans are collected. `tracestate` it leaves alone, although the
 * propagator lists it.
 */
export function headersOfTrace(): ReadonlySet<string> {
  if (!emitsSpans() || Deno.env.get("OTEL_PROPAGATORS") === "none") return new Set();
  const fields = propagation.fields().filter((name) => name !== "tracestate");
  // Deno 2.4 names none, and `fetch` writes this one all the same.
  return new Set(fields.length > 0 ? fields : ["traceparent"]);
}

/** Shows what would be written of the given names for a client's request with this `baggage`. */
export function explainedTrace(names: ReadonlySet<string>, baggage: string | null): [string, string][] {
  const pairs: [string, string][] = names.has("traceparent") ? [["traceparent", EXPLAINED_TRACEPARENT]] : [];
  if (baggage === null || !names.has("baggage")) return pairs;
  // Read and written by the propagator, as it is for a request: what it can't read does not go on.
  const written: Record<string, string> = {};
  propagation.inject(propagation.extract(ROOT_CONTEXT, { baggage }), written);
  return written.baggage === undefined ? pairs : [...pairs, ["baggage", written.baggage]];
}
