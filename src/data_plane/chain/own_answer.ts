import type { ErrorBody } from "../../config/model.ts";
import type { Exchange } from "../../forwarding/exchange.ts";
import { type Reason, REASONS } from "../../state/reason.ts";
import { identify } from "./request_id.ts";

/** How sluice's own answers look. */
export interface OwnAnswerSettings {
  readonly errorBody: ErrorBody;
  /** REASON_HEADER. */
  readonly reasonHeader: boolean;
  /** HEADER_CONVENTION_ENABLE. */
  readonly headerConvention: boolean;
}

/** Methods that 405 says are allowed (RFC 9110 section 15.5.6 wants them named). */
const ALLOWED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** Notes an answer of sluice's own in the exchange, and gives its status, headers and text. The text is empty unless ERROR_BODY asks for one. */
export function ownMessage(
  exchange: Exchange,
  reason: Reason,
  settings: OwnAnswerSettings,
): { status: number; headers: [string, string][]; text: string } {
  const { text } = REASONS[reason];
  identify(exchange, settings.headerConvention);
  exchange.reason = reason;
  exchange.status = REASONS[reason].status;
  // The log's 499 is no status of HTTP: a client that is there after all gets 400.
  const status = reason === "client_closed" ? 400 : exchange.status;
  const headers: [string, string][] = exchange.extraResponseHeaders ?? [];
  if (settings.reasonHeader) headers.push(["x-sluice-reason", reason]);
  if (reason === "method_refused") headers.push(["allow", ALLOWED]);
  if (settings.errorBody === "empty") {
    headers.push(["content-length", "0"]);
    return { status, headers, text: "" };
  }
  const json = settings.errorBody === "json";
  headers.push(["content-type", json ? "application/json" : "text/plain; charset=utf-8"]);
  return { status, headers, text: json ? JSON.stringify({ error: text, reason, status }) : `${text}\n` };
}

/** Makes an answer of sluice's own and notes it in the exchange. */
export function ownAnswer(exchange: Exchange, reason: Reason, settings: OwnAnswerSettings): Response {
  const { status, headers, text } = ownMessage(exchange, reason, settings);
  if (text === "" || exchange.method === "HEAD") return new Response(null, { status, headers });
  exchange.responseBytes = text.length;
  return new Response(text, { status, headers });
}
