import {
  type Context,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import type { ClientEvents, RequestHandler, Unreadable } from "../../front/front.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import type { Reply } from "../../front/reply.ts";

/**
 * Opens the server span of each request of the engine `wire`, as `Deno.serve` does for its own: below the client's
 * span, with the same names and attributes. It ends with the exchange. Stands around the chain only while spans are
 * collected; `describeSpan` writes onto the span what was decided.
 */
export class TracedHandler implements RequestHandler {
  readonly #handler: RequestHandler;
  readonly #tracer = trace.getTracer("sluice");

  readonly #readsItself: boolean;

  /** @param traceHeaders Names of the headers that go on with a trace. */
  constructor(handler: RequestHandler, traceHeaders: ReadonlySet<string>) {
    this.#handler = handler;
    // Deno 2.4 registers no propagator.
    this.#readsItself = traceHeaders.has("traceparent") && propagation.fields().length === 0;
  }

  async handle(request: ReceivedRequest, reply: Reply, client: ClientEvents): Promise<void> {
    const parent = this.#readsItself
      ? contextOf(request.lines.get("traceparent"))
      : propagation.extract(ROOT_CONTEXT, request.lines, LINES);
    const span = this.#tracer.startSpan(
      request.method,
      { kind: SpanKind.SERVER, attributes: attributesOf(request) },
      parent,
    );
    try {
      await context.with(trace.setSpan(parent, span), () => this.#handler.handle(request, reply, client));
    } finally {
      span.end();
    }
  }

  /** What could not be read has no span: nothing is known of it. */
  refuse(unreadable: Unreadable, reply: Reply): Promise<void> {
    return this.#handler.refuse(unreadable, reply);
  }
}

/** A traceparent of version 00 (W3C Trace Context section 3.2). */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The client's span as a parent; none if the header is absent or malformed. */
function contextOf(traceparent: string | null): Context {
  const found = TRACEPARENT.exec(traceparent ?? "");
  if (found === null) return ROOT_CONTEXT;
  const [, traceId, spanId, flags] = found;
  const parent = { traceId: traceId!, spanId: spanId!, traceFlags: parseInt(flags!, 16), isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

/** How a propagator reads header lines. */
const LINES = {
  get: (lines: ReceivedRequest["lines"], name: string) => lines.get(name) ?? undefined,
  keys: (lines: ReceivedRequest["lines"]) => Array.from({ length: lines.count }, (_, line) => lines.name(line)),
};

function attributesOf({ method, target, host, protocol }: ReceivedRequest): Record<string, string> {
  const absolute = /^https?:\/\/[^/?]*/i.exec(target)?.[0] ?? "";
  const pathAndQuery = target.slice(absolute.length);
  const query = pathAndQuery.indexOf("?");
  return {
    "http.request.method": method,
    "url.full": absolute === "" ? `${protocol}://${host ?? ""}${target}` : target,
    "url.scheme": protocol,
    "url.path": query < 0 ? pathAndQuery : pathAndQuery.slice(0, query),
    "url.query": query < 0 ? "" : pathAndQuery.slice(query + 1),
  };
}
