import { type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Exchange } from "../../forwarding/exchange.ts";
import { conditionsText } from "../../rules/rule_words.ts";
import { hostPort } from "../../state/group_snapshot.ts";
import type { Middleware } from "./chain.ts";

/**
 * Writes what was decided onto the span that `Deno.serve` opened for the request. Stands in the chain only where spans are
 * collected: elsewhere it costs nothing at all. A span ends with the response's headers or body, so what happens later (a
 * transfer that breaks) is the access log's to tell.
 */
export function describeSpan(): Middleware {
  return (next) =>
    async function describeSpan(passage) {
      const span = trace.getActiveSpan();
      const response = await next(passage);
      if (span !== undefined) describe(span, passage.exchange);
      return response;
    };
}

/** Names follow OpenTelemetry's HTTP conventions where there are any, else they are `sluice.`'s own. */
function describe(span: Span, exchange: Exchange): void {
  const { rule, group, target, reason, attempts, method } = exchange;
  if (rule !== null) {
    // Rules are few, paths are not: a name must not make a series of its own for each request.
    const prefix = conditionsText(rule);
    span.updateName(`${method} ${prefix}`);
    span.setAttribute("http.route", prefix);
    span.setAttribute("sluice.rule", rule.number);
  }
  if (group !== null) span.setAttribute("sluice.target_group", group.name);
  if (target !== null) {
    span.setAttribute("sluice.target", hostPort(target.address, target.port));
  }
  span.setAttribute("client.address", exchange.client);
  span.setAttribute("sluice.attempts", attempts.length);
  span.setAttribute("sluice.request_id", exchange.requestId);
  if (reason === null) return;
  span.setAttribute("sluice.reason", reason);
  if (exchange.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
}
