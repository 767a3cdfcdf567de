import type { RuleAnswer } from "../../rules/actions/action.ts";
import type { Exchange } from "./exchange.ts";
import { type OwnResponseParts, sendOwn } from "./own_response.ts";
import { identify } from "./request_id.ts";

const encoder = new TextEncoder();

/** Responds with what a rule says, and notes it in the exchange. */
export async function sendRuleAnswer(exchange: Exchange, answer: RuleAnswer, parts: OwnResponseParts): Promise<void> {
  const { settings } = parts;
  const { status, reason, headers } = answer;
  identify(exchange, settings.headerConvention);
  exchange.outcome.reason = reason;
  exchange.outcome.status = status;
  const own = [...headers, ...exchange.outcome.extraResponseHeaders ?? []];
  if (settings.reasonHeader) own.push(["X-Sluice-Reason", reason]);
  const body = encoder.encode(answer.body);
  if (exchange.received.method !== "HEAD") exchange.outcome.responseBytes = body.length;
  await sendOwn(exchange, { status, own, body }, parts);
}
