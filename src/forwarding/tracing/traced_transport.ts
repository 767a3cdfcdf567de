import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import { Failure, failureOf } from "../gateway_error.ts";
import type { Interim, TargetRequest, TargetResponse, Transport } from "../target_request.ts";

/**
 * Makes a client span of each attempt that goes over the wire, as `fetch` does of its own: below the span that
 * `Deno.serve` opened for the request, from the sending to the response's head (or to the failure), named in the
 * `traceparent` that the target gets. Names and attributes are those of `fetch`, and of OpenTelemetry's HTTP
 * conventions where it leaves some out.
 *
 * Stands around the transport only where spans are collected: elsewhere nothing of this is there at all.
 */
export class TracedTransport implements Transport {
  readonly #wire: Transport;
  readonly #written: ReadonlySet<string>;
  readonly #tracer = trace.getTracer("sluice");

  /** @param written The headers that go on with the trace: none of them is among a request's lines. */
  constructor(wire: Transport, written: ReadonlySet<string>) {
    this.#wire = wire;
    this.#written = written;
  }

  send(request: TargetRequest, interim: Interim): Promise<TargetResponse | Failure> {
    // An upgrade has no span, and passes the client's trace on byte for byte.
    return request.upgrade === null ? this.#sendTraced(request, interim) : this.#wire.send(request, interim);
  }

  connectsFirst(target: TargetSnapshot): boolean {
    return this.#wire.connectsFirst(target);
  }

  close(): void {
    this.#wire.close();
  }

  async #sendTraced(request: TargetRequest, interim: Interim): Promise<TargetResponse | Failure> {
    const span = this.#tracer.startSpan(request.method, { kind: SpanKind.CLIENT, attributes: attributesOf(request) });
    try {
      const outcome = await this.#wire.send({ ...request, own: this.#withTrace(request.own, span) }, interim);
      if (outcome instanceof Failure) {
        const { reason, detail } = failureOf(request.cancellation.over, outcome);
        fail(span, reason, detail);
      } else {
        span.setAttribute("http.response.status_code", outcome.status);
        if (outcome.status >= 400) fail(span, String(outcome.status));
      }
      return outcome;
    } finally {
      span.end();
    }
  }

  /**
   * Adds the lines by which a target goes on with the trace, whose parent there is the attempt's span; what they say
   * anew is said once. The list that came serves the next attempt too, and stays as it is.
   */
  #withTrace(own: TargetRequest["own"], span: Span): TargetRequest["own"] {
    const written: Record<string, string> = {};
    propagation.inject(trace.setSpan(context.active(), span), written);
    // Deno 2.4 registers no propagator.
    if (this.#written.has("traceparent")) written.traceparent ??= traceparentOf(span);
    return [...own.filter(([name]) => !Object.hasOwn(written, name)), ...Object.entries(written)];
  }
}

function attributesOf({ method, target, path }: TargetRequest): Record<string, string | number> {
  const query = path.indexOf("?");
  return {
    "http.request.method": method,
    "url.full": `${target.scheme}://${hostPort(target.address, target.port)}${path}`,
    "url.scheme": target.scheme,
    "url.path": query < 0 ? path : path.slice(0, query),
    "url.query": query < 0 ? "" : path.slice(query + 1),
    "server.address": target.address,
    "server.port": target.port,
  };
}

/** @param type Of a closed list: a reason, or the status of a response that is an error. */
function fail(span: Span, type: string, message = ""): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** W3C Trace Context section 3.2: version, trace, parent, flags. */
function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
