import type { ErrorBody } from "../../config/model.ts";
import type { Unfit } from "../../front/received_request.ts";
import type { Reply, ResponseHead } from "../../front/reply.ts";
import { type Reason, REASONS } from "../../state/reason.ts";
import type { Exchange } from "./exchange.ts";
import { editsOf, type SnapshotEdits } from "./header_edits.ts";
import { identify } from "./request_id.ts";

/** How sluice's own responses look. */
export interface OwnResponseSettings {
  readonly errorBody: ErrorBody;
  /** REASON_HEADER. */
  readonly reasonHeader: boolean;
  /** HEADER_CONVENTION_ENABLE. */
  readonly headerConvention: boolean;
}

/** Where a response of sluice's own goes. */
export interface OwnResponseParts {
  readonly settings: OwnResponseSettings;
  readonly reply: Reply;
  /** Changes of headers; null if there are none. */
  readonly edits: SnapshotEdits | null;
  /** Called with the response's head when sluice begins to send it; null if it is not reported. */
  readonly announce: ((head: ResponseHead) => void) | null;
}

/** Methods that 405 says are allowed (RFC 9110 section 15.5.6 wants them named). */
const ALLOWED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const encoder = new TextEncoder();

/**
 * Responds with a response of sluice's own and notes it in the exchange. Its body is empty unless ERROR_BODY asks for
 * one.
 */
export async function ownResponse(exchange: Exchange, why: Reason | Unfit, parts: OwnResponseParts): Promise<void> {
  const { settings } = parts;
  const { reason, status: asked = null, own: said = [] } = typeof why === "string" ? { reason: why } as Unfit : why;
  identify(exchange, settings.headerConvention);
  exchange.outcome.reason = reason;
  exchange.outcome.status = asked ?? REASONS[reason].status;
  // The log's 499 is no status of HTTP: a client that is there after all gets 400.
  const status = reason === "client_closed" ? 400 : exchange.outcome.status;
  const own: [string, string][] = [...exchange.outcome.extraResponseHeaders ?? [], ...said as [string, string][]];
  if (settings.reasonHeader) own.push(["X-Sluice-Reason", reason]);
  if (reason === "method_refused") own.push(["Allow", ALLOWED]);
  const body = encoder.encode(textOf(reason, status, settings.errorBody));
  if (settings.errorBody !== "empty") {
    own.push(["Content-Type", settings.errorBody === "json" ? "application/json" : "text/plain; charset=utf-8"]);
  }
  if (exchange.received.method !== "HEAD") exchange.outcome.responseBytes = body.length;
  await sendOwn(exchange, { status, own, body }, parts);
}

function textOf(reason: Reason, status: number, errorBody: ErrorBody): string {
  if (errorBody === "empty") return "";
  const { text } = REASONS[reason];
  return errorBody === "json" ? JSON.stringify({ error: text, reason, status }) : `${text}\n`;
}

/** Sends a whole response of sluice's own. A client that is gone takes nothing, and is told nothing. */
export async function sendOwn(
  { received, routed }: Exchange,
  { status, own, body }: {
    readonly status: number;
    readonly own: readonly (readonly [string, string])[];
    readonly body: Uint8Array<ArrayBuffer>;
  },
  { reply, edits, announce }: Omit<OwnResponseParts, "settings">,
): Promise<void> {
  // RFC 9110 section 8.6: a 204 has no length, and a 304 has that of a response that sluice does not know.
  const length: [string, string][] = hasNoLength(status) ? [] : [["Content-Length", String(body.length)]];
  const changes = editsOf(edits, routed.rule)?.response ?? null;
  const edited = changes === null ? own : changes.apply({ lines: null, own }, received, null);
  const head = { status, phrase: null, lines: null, own: [...edited, ...length], bodyLength: body.length };
  try {
    reply.head(head);
    announce?.(head);
    await reply.end(body.length === 0 ? null : body);
  } catch {
    reply.cut();
  }
}

function hasNoLength(status: number): boolean {
  return status === 204 || status === 304;
}
