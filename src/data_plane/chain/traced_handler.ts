import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
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

  constructor(handler: RequestHandler) {
    this.#handler = handler;
  }

  async handle(request: ReceivedRequest, reply: Reply, client: ClientEvents): Promise<void> {
    const parent = propagation.extract(ROOT_CONTEXT, request.lines, LINES);
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
