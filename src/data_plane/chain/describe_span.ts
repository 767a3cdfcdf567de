import { type Span, SpanStatusCode } from "@opentelemetry/api";
import type { Exchange } from "./exchange.ts";
import { conditionsText } from "../../views/rule_words.ts";
import { hostPort } from "../../state/group_snapshot.ts";
import { RULE_ANSWERS } from "../../state/reason.ts";

/**
 * Writes what was decided onto the span that `Deno.serve` opened for the request. A span ends with the response's
 * headers or body, so what happens later (a transfer that breaks) is the access log's to tell. Names follow
 * OpenTelemetry's HTTP conventions if there are any, else they are `sluice.`'s own.
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
  span.setAttribute("sluice.attempts", attempts.length);
  span.setAttribute("sluice.request_id", received.requestId);
  if (reason === null) return;
  span.setAttribute("sluice.reason", reason);
  if (outcome.status >= 500 && !RULE_ANSWERS.has(reason)) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  }
}
