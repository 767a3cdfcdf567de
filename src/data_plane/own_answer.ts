import type { ErrorBody } from "../config/model.ts";
import type { Exchange } from "../forwarding/exchange.ts";
import { type Reason, REASONS } from "../state/reason.ts";

/** How sluice's own answers look. */
export interface OwnAnswerSettings {
  readonly errorBody: ErrorBody;
  /** REASON_HEADER. */
  readonly reasonHeader: boolean;
}

/** Methods that 405 says are allowed (RFC 9110 section 15.5.6 wants them named). */
const ALLOWED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** Makes an answer of sluice's own and notes it in the exchange. Bodies are empty unless ERROR_BODY asks for one. */
export function ownAnswer(exchange: Exchange, reason: Reason, settings: OwnAnswerSettings): Response {
  const { text } = REASONS[reason];
  exchange.reason = reason;
  exchange.status = REASONS[reason].status;
  // The log's 499 is no status of HTTP: a client that is there after all gets 400.
  const status = reason === "client_closed" ? 400 : exchange.status;
  const headers: [string, string][] = exchange.extraResponseHeaders ?? [];
  if (settings.reasonHeader) headers.push(["x-sluice-reason", reason]);
  if (reason === "method_refused") headers.push(["allow", ALLOWED]);
  if (settings.errorBody === "empty") {
    headers.push(["content-length", "0"]);
    return new Response(null, { status, headers });
  }
  const json = settings.errorBody === "json";
  headers.push(["content-type", json ? "application/json" : "text/plain; charset=utf-8"]);
  const body = json ? JSON.stringify({ error: text, reason, status }) : `${text}\n`;
  if (exchange.method !== "HEAD") exchange.responseBytes = body.length;
  return new Response(exchange.method === "HEAD" ? null : body, { status, headers });
}
