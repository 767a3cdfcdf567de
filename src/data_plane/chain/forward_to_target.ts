import type { Forwarder } from "../../forwarding/forward.ts";
import type { UpgradeForwarder } from "../../forwarding/websocket/forward_upgrade.ts";
import { upgradeKind } from "../../forwarding/websocket/upgrade_request.ts";
import { type HeaderFacts, requestHeaders } from "../../forwarding/headers/forwarded_headers.ts";
import type { Transport } from "../../forwarding/transport.ts";
import type { Exchange } from "../../forwarding/exchange.ts";
import { parseLength } from "../../http1/framing.ts";
import { UNANNOUNCED } from "../../forwarding/bodies/request_body.ts";
import type { Reason } from "../../state/reason.ts";
import type { Handler } from "./chain.ts";
import { type ClientOrigin, clientOrigin, rewriteLocations } from "./location_rewrite.ts";
import { ownAnswer } from "./own_answer.ts";
import { plan } from "./plan.ts";

/** Ends the chain: finds the request's rule and group, prepares the request, and hands it to whoever chooses targets and forwards. */
export function forwardToTarget(transport: Transport, forwarder: Forwarder, upgrades: UpgradeForwarder): Handler {
  return function forwardToTarget({ exchange, compiled }) {
    const { listener } = compiled.snapshot;
    const group = plan(exchange, compiled);
    if (typeof group === "string") return ownAnswer(exchange, group, listener);
    const headers = transport.preamble();
    const preamble = headers.length;
    const facts = requestHeaders(exchange, compiled.headers, headers);
    exchange.identified = true;
    if (listener.headerConvention) exchange.addResponseHeader("x-request-id", exchange.requestId);
    const refused = checkBody(exchange, facts, listener.maxBodyBytes);
    if (refused !== null) return ownAnswer(exchange, refused, listener);
    const origin = group.snapshot.locationRewrite ? clientOrigin(exchange, compiled.headers) : null;
    let response: Promise<Response>;
    if (facts.upgrade && upgradeKind(exchange.method, exchange.request.headers) === "websocket") {
      response = upgrades.forward(exchange, group, { headers: headers.slice(preamble), limits: listener });
    } else {
      transport.complete(headers, facts);
      response = forwarder.forward(exchange, group, { headers, limits: listener, ownConnection: facts.ownConnection });
    }
    return origin === null ? response : response.then((response) => withClientLocations(response, exchange, origin));
  };
}

/** Lets a target's response lead back to sluice: redirects and refreshes to the target's own address. */
function withClientLocations(response: Response, exchange: Exchange, origin: ClientOrigin): Response {
  const { target, rule, path, reason } = exchange;
  if (target !== null && reason === null && response.status !== 101) {
    rewriteLocations(response.headers, { origin, target, rewrite: rule!.action.pathRewrite, path });
  }
  return response;
}

/** Notes the body's length, and refuses what must not reach a target. */
export function checkBody(exchange: Exchange, facts: HeaderFacts, maxBodyBytes: number): Reason | null {
  if (facts.loop) return "loop";
  if (facts.upgrade && upgradeKind(exchange.method, exchange.request.headers) === "refuse") return "upgrade_refused";
  const length = bodyLength(exchange, facts);
  if (Number.isNaN(length) || facts.unknownCoding) return "bad_request";
  exchange.bodyLength = length;
  // The listener keeps such a body to itself, and fetch drops it without a word: its length would lie.
  if (length !== 0 && (exchange.method === "GET" || exchange.method === "HEAD")) return "bad_request";
  if (maxBodyBytes > 0 && length > maxBodyBytes) return "body_too_large";
  // A length that a number does not hold exactly could not be counted.
  return length === Infinity ? "bad_request" : null;
}

function bodyLength({ method, request }: Exchange, { chunked, contentLength }: HeaderFacts): number {
  if (chunked) return -1;
  if (contentLength !== null) return parseLength(contentLength);
  return method === "GET" || method === "HEAD" || request.body === null ? 0 : UNANNOUNCED;
}
