import { type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Exchange } from "./exchange.ts";
import { conditionsText } from "../../views/rule_words.ts";
import { hostPort } from "../../state/group_snapshot.ts";
import { RULE_ANSWERS } from "../../state/reason.ts";

/**
 * Writes what was decided onto the span of a request. The one that `Deno.serve` opens ends with the response's headers
 * or body, so what happens later (a transfer that breaks) is the access log's to tell. Names follow OpenTelemetry's
 * HTTP conventions if it has one, else they begin with `sluice.`.
 */
export function describeSpan(span: Span, { received, routed, outcome }: Exchange): void {
  const { rule, group } = routed;
  const { target, reason, attempts } = outcome;
  if (rule !== null) {
    // Rules are few, paths are not: a name must not make a series of its own for each request.
    const route = conditionsText(rule);
    span.updateName(`${received.method} ${route}`);
    span.setAttribute("http.route", route);
    span.setAttribute("sluice.rule", rule.number);
  }
  if (group !== null) span.setAttribute("sluice.target_group", group.name);
  if (target !== null) {
    span.setAttribute("sluice.target", hostPort(target.address, target.port));
  }
  span.setAttribute("client.address", received.client);
  if (received.version === "HTTP/2") span.setAttribute("network.protocol.version", "2");
  span.setAttribute("sluice.attempts", attempts.length);
  span.setAttribute("sluice.request_id", received.requestId);
  if (reason === null) return;
  span.setAttribute("sluice.reason", reason);
  if (outcome.status >= 500 && !RULE_ANSWERS.has(reason)) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  }
}

/** Writes the end of an exchange of the engine `wire` onto its span, which ends now. */
export function describeEnd(exchange: Exchange): void {
  const span = trace.getActiveSpan();
  // What could not be read has none.
  if (span === undefined) return;
  describeSpan(span, exchange);
  const { status, reason, cutBy } = exchange.outcome;
  span.setAttribute("http.response.status_code", status);
  if (status >= 500) {
    span.setAttribute("error.type", String(status));
    if (reason === null) span.setStatus({ code: SpanStatusCode.ERROR });
  }
  if (cutBy !== null) span.setAttribute("sluice.cut_by", cutBy);
}
